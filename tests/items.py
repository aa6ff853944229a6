# ruff: noqa: E501  one item a line reads best as a table
"""What is to go wrong without harm, item by item, and the tests that assert what comes of it.

The tests are named, never repeated: `folder[...]` is a case of `bad_scenarios` (told by `read`, by
`recommend`, by the page, and wherever it has the form, inline in one YAML file and in a workbook),
`book[...]` one of `test_bad_workbooks`, `any table[...]` one of the slips of tables that `import`
takes; all else is a file below `tests` and a test in it. Every command that reads a scenario has one
reader: `cli/test_bad_scenarios.py` shows that each of them tells what `check` tells.
`trust/test_items_have_tests.py` fails where a name leads nowhere.
"""

from __future__ import annotations

READ = "scenario/test_read.py::"
BAD = "scenario/test_bad_input.py::"
BOOKS = "scenario/test_bad_workbooks.py::"
WRITES = "trust/test_writes.py::"
INERT = "trust/test_outputs_are_inert.py::"
SAME = "trust/test_same_bytes.py::test_every_command_gives_the_same_bytes_elsewhere"
EXIT = "cli/test_exit_codes.py::"
GUARD = "app/test_guard.py::"
UPLOAD = "app/test_upload.py::"
PAGE = "app/test_browser.py::"
BACKENDS = "solve/test_backends.py::"
RUN = "sweep/test_run.py::"
LEDGER = "sweep/test_sweep_ledger.py::"
FAULTS = "sweep/test_faults_slice.py::test_after_every_kind_of_fault_the_tables_are_those_of_an_undisturbed_run"
BY_FORM = "scenario/test_same_slip_in_every_form.py::"

#: List -> item -> tests, with "; " between them.
ITEMS: dict[str, dict[str, str]] = {
    "Policy": {
        "rejected with file, row, column, what and cure, exit 2": f"{BAD}test_is_rejected_with_place_and_cure; cli/test_bad_scenarios.py::test_a_bad_scenario_ends_with_exit_code_2_and_one_json_document; {BOOKS}test_is_rejected_with_sheet_cell_and_cure",
        "all findings at once": f"{BAD}test_all_findings_come_in_one_list_in_the_order_of_files_and_lines; {BOOKS}test_findings_come_sheet_by_sheet_and_row_by_row",
        "told alike by every command": "cli/test_bad_scenarios.py::test_every_command_tells_what_check_tells_and_writes_nothing",
        "told alike in every form": f"{BY_FORM}test_in_one_yaml_file; {BY_FORM}test_in_a_workbook",
        "told alike by the page": f"{UPLOAD}test_every_bad_scenario_is_told_as_the_commands_tell_it; {UPLOAD}test_all_findings_of_a_bad_file_come_with_their_lines",
        "tables to import and experts' answers": "cli/test_new_and_import.py::test_a_table_that_cannot_be_read_is_told_with_its_line_and_nothing_is_written; cli/test_new_and_import.py::test_bad_answers_are_named_by_cell_and_nothing_is_written; cli/test_new_and_import.py::test_a_bad_mapping_is_named_and_nothing_is_written",
        "accepted with a warning that is kept": f"{READ}test_odd_but_accepted_is_a_warning; cli/test_recommend_command.py::test_warnings_of_the_scenario_are_in_the_document_and_on_stderr; {INERT}test_what_was_odd_but_accepted_stands_in_every_report",
        "read otherwise than written, and said": f"{BOOKS}test_is_accepted_with_a_warning_and_the_same_content; cli/test_new_and_import.py::test_a_table_of_pairs_becomes_a_scenario_with_sources_and_a_list_of_what_did_not_map; cli/test_new_and_import.py::test_what_is_odd_about_a_table_is_said",
        "never a traceback": f"test_fuzz_slice.py::test_no_spoilt_input_brings_a_traceback_a_hang_or_a_strange_exit_code; {READ}test_half_a_file_never_ends_in_a_traceback; {EXIT}test_5_and_one_sentence_where_the_planner_has_a_bug",
        "never half a file": f"{WRITES}test_killed_at_any_step_of_writing_every_file_is_the_old_or_the_new_one; cli/test_new_and_import.py::test_what_does_not_read_as_a_scenario_leaves_no_folder",
        "exit 3, required and excluded": f"{EXIT}test_3_with_the_rules_in_conflict_and_the_way_out; solve/test_conflict.py::test_the_conflict_named_is_minimal_and_the_way_out_is_true",
        "exit 3, a budget too small for what is locked in": f"{EXIT}test_3_with_the_rules_in_conflict_and_the_way_out; solve/test_conflict.py::test_a_budget_short_of_what_must_be_funded_names_both_and_the_missing_amount",
    },
    "Text and YAML": {
        "empty file": "folder[an empty file]; folder[only a comment]; folder[an empty table]; any table[an empty file]",
        "byte order mark": f"{READ}test_a_byte_order_mark_is_accepted",
        "UTF-16": "folder[UTF-16]; folder[UTF-16 without a mark]; any table[UTF-16]",
        "Latin-1, the byte named": "folder[Latin-1]; folder[Latin-1 in a table]; any table[Latin-1]",
        "control characters": "folder[a control character]; folder[an escaped control character]; folder[a NUL]; folder[NUL in a table]; book[a control character in a cell]; any table[a control character]",
        "aliases": "folder[an alias]; folder[an anchor]",
        "merge keys": "folder[a merge key]",
        "recursive anchors": "folder[a recursive anchor]",
        "tags": "folder[a tag]; folder[a Python tag]",
        "duplicate keys": "folder[a duplicate key]; folder[a duplicate key but for quotes]; book[a setting twice]",
        "no and on as names": f"{READ}test_names_are_text_whatever_they_look_like; {READ}test_ids_are_text_whatever_they_look_like",
        "1e-9": f"{READ}test_a_small_number_in_yaml_is_a_number",
        "1_000": "folder[thousands]",
        "010": "folder[a leading zero]",
        "1:30": "folder[a time]",
        "dates": "folder[a date]; book[a date for an id]; book[a date for a number]",
        ".nan": "folder[.nan]",
        ".inf": "folder[.inf]",
        "30%": "folder[a percentage]; folder[percent in a table]; folder[a failure in percent]; book[percent as text]",
        "$1,000": "folder[a currency sign]",
        "1,5": "folder[a decimal comma]; book[a decimal comma as text]",
        "1,000": "folder[a grouping comma]",
        "thousands of digits": "folder[thousands of digits]",
        "nesting 5,000 deep": "folder[deep nesting]; folder[deep nesting without an end]; folder[deep nesting by indents]",
        "several documents": "folder[several documents]",
        "tabs": "folder[a tab]",
        "null": "folder[null]; folder[nothing after a key]",
        "unknown key, the nearest told": "folder[an unknown key]; folder[a strange key]; folder[an unknown rule]; book[an unknown setting]",
        "a file over the cap": f"{BAD}test_files_over_the_cap_are_refused; {BOOKS}test_a_workbook_over_the_caps_is_refused_before_it_is_opened; {BAD}test_caps_are_named",
    },
    "CSV": {
        "a header alone": "folder[a header alone]; book[a header alone]; any table[a header alone]",
        "semicolons": "folder[semicolons]; folder[tabs between columns]; any table[semicolons]",
        "a duplicate header": "folder[a duplicate header]; folder[a header doubled but for case]; book[a heading twice]; any table[a duplicate header]",
        "an extra field": "folder[an extra field]; any table[an extra field]",
        "a missing field": "folder[a missing field]; any table[a missing field]",
        "an unclosed quote": "folder[an unclosed quote]; any table[an unclosed quote]",
        "a huge field": "folder[a huge field]; book[a long text]; any table[a huge field]",
        "a technique called NA": f"{READ}test_ids_are_text_whatever_they_look_like",
        "a technique called null": f"{READ}test_ids_are_text_whatever_they_look_like",
        "a technique called 007": f"{READ}test_ids_are_text_whatever_they_look_like",
    },
    "Meaning": {
        "a negative cost": "folder[a negative cost]; book[a negative cost]",
        "a cost of zero, warned": f"{READ}test_odd_but_accepted_is_a_warning",
        "an over-precise cost": "folder[an over-precise cost]; book[the noise of a formula]",
        "a probability above 1": "folder[probability above 1]",
        "a probability below 0": "folder[probability below 0]",
        "weights all zero": "folder[weights that are all zero]",
        "NaN behind a negated test": "folder[NaN]; folder[NaN as a weight]; test_plan.py::test_a_budget_that_is_no_amount_is_refused; test_plan.py::test_a_target_that_is_no_risk_is_refused",
        "denormals": "folder[a denormal]; folder[a denormal by little]; folder[a denormal weight]",
        "a matrix of the wrong shape": "folder[a matrix of too many rows and too few columns]; folder[a missing row]; folder[a missing column]",
        "a transposed matrix": f"folder[a transposed matrix]; folder[worlds transposed]; {BOOKS}test_the_matrix_may_not_be_transposed",
        "an unknown technique, the nearest told": "folder[an unknown row]; folder[an unknown technique in a rule]; folder[an unknown committed technique]; book[an unknown technique]",
        "an unknown mode, the nearest told": "folder[an unknown column]; folder[an unknown world]",
        "a duplicate id": "folder[a double id]; folder[a double mode]; folder[a world twice]; folder[a double row]; book[a double id]",
        "a duplicate but for case": "folder[a double id but for case]; folder[two groups alike]; folder[two symbols alike]",
        "a duplicate but for space": "folder[a double id but for space]",
        "a duplicate but for Unicode": "folder[a double id but for Unicode]",
        "text that turns direction in names": "folder[a name that turns text]; folder[an id that turns text]",
        "control characters in names": "folder[a control character in a name]; folder[a name of two lines]",
        "names of 10,000 characters": "folder[a name of 10,000 characters]; folder[a technique's name of 10,000 characters]",
        "no name": f"folder[no name]; folder[a blank name]; folder[a blank id]; {READ}test_a_technique_without_a_name_is_called_by_its_id",
        "a cycle of prerequisites": f"folder[a cycle of prerequisites]; book[a cycle of prerequisites]; {READ}test_prerequisites_that_meet_again_are_no_cycle",
        "a prerequisite of itself": "folder[a prerequisite of itself]; book[a prerequisite of itself]",
        "required and excluded": f"{READ}test_rules_that_cannot_hold_together_are_no_bad_input; {EXIT}test_3_with_the_rules_in_conflict_and_the_way_out",
        "a budget of zero": f"{EXIT}test_0_for_a_budget_of_zero_and_one_above_the_total; {READ}test_budgets_of_zero_and_above_the_total_are_accepted",
        "a negative budget": "folder[a negative budget]; test_plan.py::test_a_budget_that_is_no_amount_is_refused",
        "no budget": f"{EXIT}test_2_without_a_budget_and_0_with_one_asked_for; {READ}test_odd_but_accepted_is_a_warning",
        "a budget too small for what is locked in": f"{EXIT}test_3_with_the_rules_in_conflict_and_the_way_out",
        "a budget above the total": f"{EXIT}test_0_for_a_budget_of_zero_and_one_above_the_total",
        "an asymmetric correlation": "folder[an asymmetric correlation]",
        "a correlation that cannot be, by how much": "folder[a correlation matrix that cannot be]; book[a correlation matrix that cannot be]",
        "a diagonal that is off": "folder[a diagonal that is off]",
        "mixed currencies": "folder[a cost with a currency]; folder[another currency]; folder[costs in several currencies]",
        "mixed units": "folder[thousands and millions]; folder[costs in several units]",
    },
    "Workbook": {
        "a formula never calculated": f"book[a formula never calculated]; {BOOKS}test_a_calculated_formula_is_read_as_its_result",
        "formula text": f"book[formula text]; {BOOKS}test_text_that_looks_like_a_formula_is_a_name",
        "merged cells": f"book[merged cells]; {BOOKS}test_a_range_over_the_whole_sheet_is_refused_before_its_cells_are_made",
        "hidden sheets": "book[hidden things]",
        "hidden rows": "book[a hidden row]; book[a hidden column]",
        "numbers as text": f"book[a number as text]; {BOOKS}test_numbers_as_text_are_counted_in_one_warning",
        "percent formats": "book[a percent format]",
        ".xlsm": f"{BOOKS}test_workbooks_of_other_kinds_are_refused_by_name; book[macros]",
        "external links": "book[external links]; book[outside data]",
        "a zip bomb": f"book[a zip bomb]; {BOOKS}test_a_workbook_over_the_caps_is_refused_before_it_is_opened",
        "a cell at the far corner": f"book[a cell at the far corner]; {BOOKS}test_a_single_cell_far_down_costs_no_more_than_what_the_file_holds",
        "a wrong extension": f"book[a CSV named .xlsx]; book[an old Excel file]; book[an OpenDocument file]; {BOOKS}test_a_workbook_named_csv_or_yaml_is_told_from_text; {BAD}test_paths_that_are_no_scenario",
    },
    "Out": {
        "=, +, - and @ in CSV": f"{INERT}test_no_cell_of_any_table_is_a_formula; {UPLOAD}test_every_file_to_take_away_is_inert; report/test_files.py::test_text_that_a_spreadsheet_would_run_is_neutralised",
        "=, +, - and @ in workbooks": f"{INERT}test_no_cell_of_any_table_is_a_formula; {UPLOAD}test_every_file_to_take_away_is_inert; report/test_report.py::test_names_are_text_in_every_format",
        "names that read back as they were": f"{INERT}test_what_was_written_reads_back_with_the_names_as_they_were; scenario/test_round_trips.py::test_an_apostrophe_keeps_text_from_running_and_is_no_part_of_it",
        "scripts in the report's page": f"{INERT}test_markup_stays_text_in_pages_markdown_and_pictures; report/test_report_in_browser.py::test_scripts_in_a_scenario_stay_text",
        "scripts in notebooks": "test_plan.py::test_a_notebook_shows_names_as_text_and_never_as_markup",
        "scripts in pictures": f"{INERT}test_markup_stays_text_in_pages_markdown_and_pictures",
        "scripts in Markdown": f"{INERT}test_markup_stays_text_in_pages_markdown_and_pictures; report/test_report.py::test_names_are_text_in_every_format",
        "scripts in what the page hands out": f"{UPLOAD}test_every_file_to_take_away_is_inert; {UPLOAD}test_scripts_in_names_stay_text",
        "control characters in a terminal": f"{EXIT}test_errors_never_carry_control_characters_to_the_terminal; report/test_tables_fit.py::test_control_characters_and_markup_are_shown_not_obeyed",
        "a reference with ..": f"folder[a way out]; {UPLOAD}test_a_table_outside_the_upload_is_never_read",
        "an absolute reference": "folder[an absolute path]; folder[a drive letter]",
        "a symbolic link": f"{BAD}test_a_link_that_leads_outside_is_refused",
        "a pipe": f"{BAD}test_a_pipe_is_refused_without_being_opened",
        "a folder that may not be written": f"{WRITES}test_a_folder_that_the_system_does_not_let_write_is_said_and_left_as_it_is; {WRITES}test_a_folder_that_may_not_be_written_is_said; {WRITES}test_output_into_a_file_a_device_or_below_a_file_is_refused; {LEDGER}test_a_ledger_that_cannot_be_opened_is_said",
        "a full disk": f"{WRITES}test_a_full_disk_is_said_and_leaves_the_old_files; report/test_files.py::test_a_write_that_fails_leaves_the_old_file_and_no_litter; {EXIT}test_5_where_the_output_cannot_be_written; {LEDGER}test_a_disk_that_is_full_is_said_and_nothing_is_lost",
        "Ctrl-C while writing": f"report/test_files.py::test_ctrl_c_while_writing_leaves_the_old_file_and_no_litter; {WRITES}test_a_write_that_is_broken_off_leaves_the_old_file_and_no_litter; {EXIT}test_130_within_seconds_of_ctrl_c_with_progress_before_it",
        "two runs in one folder": f"{WRITES}test_two_runs_in_one_folder_leave_whole_files_of_one_or_the_other; {WRITES}test_what_a_killed_process_left_is_swept_away_and_what_a_living_one_writes_is_not; {LEDGER}test_one_run_at_a_time_writes_and_the_earlier_one_stops",
        "another locale": SAME,
        "another time zone": SAME,
        "another hash seed": SAME,
        "a clock moved back": SAME,
    },
    "Traps of solvers": {
        "tiny risks": "solve/test_core.py::test_tiny_risks_are_told_apart; test_against_enumeration.py::test_the_planner_agrees_with_full_enumeration",
        "tolerances, and costs over many orders": f"{BACKENDS}test_highs_has_one_thread_and_one_seed; {BACKENDS}test_whole_costs_are_not_rounded_away; {BACKENDS}test_a_difference_of_a_millionth_decides; test_against_enumeration.py::test_the_integer_master_agrees_with_full_enumeration",
        "a budget one cent short": "test_plan.py::test_a_stack_that_overspends_by_a_cent_is_refused; properties/test_metamorphic.py::test_a_budget_one_unit_short_of_a_stack_does_not_buy_it; solve/test_depth.py::test_a_budget_one_cent_short_is_kept_to_the_cent; test_against_enumeration.py::test_the_budget_holds_to_the_unit",
        "a status that says optimal after a limit": f"{BACKENDS}test_a_time_limit_is_never_called_finished; {BACKENDS}test_a_gap_is_absolute_and_the_bound_is_honest_about_it; test_plan.py::test_a_stack_that_the_clock_stopped_is_never_called_optimal",
        "files shared between solves": f"{BACKENDS}test_solves_at_the_same_time_do_not_take_each_others_files; {BACKENDS}test_lp_text_names_columns_neutrally_and_keeps_labels_in_comments",
        "Ctrl-C during a solve": f"{BACKENDS}test_ctrl_c_ends_a_solve_within_five_seconds",
        "memory that is too small": "trust/test_memory.py::test_worlds_that_do_not_fit_are_named; trust/test_memory.py::test_a_table_that_does_not_fit_is_named",
        "values read back from columns": "test_plan.py::test_the_risk_is_recomputed_and_a_bound_above_it_is_not_believed; test_plan.py::test_a_stack_that_breaks_any_rule_is_refused",
        "threads, seeds and random failures": f"{BACKENDS}test_highs_has_one_thread_and_one_seed; {BACKENDS}test_highs_is_asked_once_more_without_presolve; {BACKENDS}test_two_runs_give_the_same_answer",
    },
    "The page": {
        "listens on this machine alone": "app/test_command.py::test_it_listens_on_this_machine_alone",
        "no tracebacks": f"{GUARD}test_a_bug_is_told_without_a_traceback",
        "uploads under a cap": f"{UPLOAD}test_caps_hold; {GUARD}test_a_request_beyond_the_cap_is_refused",
        "no statistics, no network": "trust/test_supply_chain.py::test_the_app_and_its_page_use_no_network; app/test_guard.py::test_the_page_asks_for_nothing_beyond_this_machine",
        "no websocket": f"{GUARD}test_there_is_no_websocket_to_talk_to",
        "a cap on techniques": f"{UPLOAD}test_caps_hold",
        "a cap on worlds": f"{UPLOAD}test_worlds_beyond_the_cap_are_refused; {UPLOAD}test_caps_hold",
        "a cap on time": "app/test_pool.py::test_a_job_beyond_its_time_ends; app/test_pool.py::test_a_search_within_one_step_ends_where_its_asker_gives_up",
        "names escaped": f"{PAGE}test_scripts_in_an_uploaded_scenario_stay_text",
        "a policy on the page": f"{GUARD}test_every_answer_carries_a_policy_that_runs_no_text",
        "a policy on exported pages": f"report/test_report.py::test_the_page_asks_nothing_of_the_outside; {UPLOAD}test_the_report_of_what_is_changed_is_made",
        "a foreign origin": f"{GUARD}test_a_foreign_origin_is_refused; {PAGE}test_another_site_cannot_use_the_planner",
        "a rebound host": f"{GUARD}test_a_rebound_host_is_refused",
        "names with ../": f"{GUARD}test_no_name_leads_to_another_file; {UPLOAD}test_names_that_lead_elsewhere_are_refused",
        "a script in every field": f"{PAGE}test_scripts_in_every_field_stay_text; {PAGE}test_a_script_in_a_link_stays_text",
        "fifty at once": "app/test_command.py::test_fifty_pages_at_once_each_get_their_own_answer",
    },
    "Sweeps": {
        "append-only": f"{LEDGER}test_records_are_never_changed_nor_deleted",
        "checksums": f"{LEDGER}test_a_record_that_does_not_verify_is_dropped_and_its_case_done_again; {LEDGER}test_whatever_byte_is_torn_no_wrong_record_survives",
        "flushed to the disk": f"{LEDGER}test_every_record_is_flushed_to_the_disk_before_it_counts",
        "a header that says whose it is": f"{LEDGER}test_the_ledger_of_another_sweep_is_refused_and_left_as_it_is; {LEDGER}test_a_ledger_of_another_format_is_refused; sweep/test_cases.py::test_the_identity_changes_with_whatever_changes_an_answer",
        "seeds from the sweep and the case": "sweep/test_cases.py::test_a_seed_comes_from_the_sweeps_seed_and_the_draw_alone",
        "no case lost": f"{RUN}test_the_records_are_every_case_once; {FAULTS}",
        "none counted twice": f"{LEDGER}test_a_second_answer_that_agrees_counts_once_and_one_that_differs_stops_everything; {FAULTS}",
        "a second answer that differs stops the run": f"{LEDGER}test_a_second_answer_that_agrees_counts_once_and_one_that_differs_stops_everything",
        "the same tables after any fault": f"{FAULTS}; sweep/test_dask.py::test_a_cluster_gives_the_same_bytes_whoever_dies; cli/test_sweep_command.py::test_the_files_agree_with_each_other_and_a_resumed_sweep_writes_the_same",
        "the same tables in any order": f"{RUN}test_order_sizes_and_deaths_change_nothing",
        "the same tables with any number of workers": f"{RUN}test_processes_give_the_same_bytes_and_end_with_the_run; {SAME}",
        "the same tables on any executor": "sweep/test_dask.py::test_a_cluster_gives_the_same_bytes_whoever_dies",
        "only the unfinished is done again": f"{RUN}test_only_what_is_unfinished_is_done",
        "no process left over": f"{RUN}test_ctrl_c_is_the_drivers_alone_and_a_stop_ends_workers_at_once; {FAULTS}",
        "a deadly case is set aside and named": f"{RUN}test_a_case_that_always_kills_its_worker_is_set_aside_and_the_rest_finish; {RUN}test_real_deaths_of_a_worker_end_in_setting_its_case_aside; {LEDGER}test_a_case_set_aside_is_named_and_tried_again_by_the_next_run",
    },
}  # fmt: skip


#: Tables of cases: the file that holds the names, and the tests that run every one of them.
CASES_IN = {
    "folder": (
        "bad_scenarios.py",
        (
            f"{BAD}test_is_rejected_with_place_and_cure",
            "cli/test_bad_scenarios.py::test_a_bad_scenario_ends_with_exit_code_2_and_one_json_document",
            f"{UPLOAD}test_every_bad_scenario_is_told_as_the_commands_tell_it",
            f"{BY_FORM}test_in_one_yaml_file",
            f"{BY_FORM}test_in_a_workbook",
        ),
    ),
    "book": (
        "scenario/test_bad_workbooks.py",
        (
            f"{BOOKS}test_is_rejected_with_sheet_cell_and_cure",
            f"{BOOKS}test_is_accepted_with_a_warning_and_the_same_content",
        ),
    ),
    "any table": (
        "cli/test_new_and_import.py",
        (
            "cli/test_new_and_import.py::test_a_table_that_cannot_be_read_is_told_with_its_line_and_nothing_is_written",
        ),
    ),
}


def names_in(cell: str) -> list[str]:
    """The names in one cell of the table."""
    return [name.strip() for name in cell.split("; ")]


def nodes() -> list[str]:
    """What pytest is to run for all of them, each once."""
    found: set[str] = set()
    for items in ITEMS.values():
        for name in (name for cell in items.values() for name in names_in(cell)):
            table = name.partition("[")[0]
            found.update(CASES_IN[table][1] if table in CASES_IN else (name,))
    return [f"tests/{name}" for name in sorted(found)]
