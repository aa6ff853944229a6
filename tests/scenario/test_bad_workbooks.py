# ruff: noqa: E501  one case a line reads best as a table
"""Every item of the list "Workbook": rejected with sheet, cell and cure, or accepted and said."""

from __future__ import annotations

import datetime
import io
import json
import random
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")

from books import SETTINGS, TECHNIQUES, VULNERABILITY, cell, plain_zip, with_part, workbook
from fuzzing import books as spoilt_books
from scenario_files import base, write

from planner.cli.main import main
from planner.errors import BadInput, Finding, MissingExtra
from planner.scenario import workbook_bytes, workbook_cells
from planner.scenario.digest import digest
from planner.scenario.read import read

NAME = "book.xlsx"


def merged() -> bytes:
    return workbook(edit=lambda book: book["techniques"].merge_cells("A2:B3"))


def truncated() -> bytes:
    whole = workbook()
    return whole[: len(whole) // 2]


def noise() -> bytes:
    """0.1 + 0.2 with the 17 digits that Excel writes into the file."""
    made = cell("techniques!C2", 0.125)
    name = "xl/worksheets/sheet2.xml"
    text = zipfile.ZipFile(io.BytesIO(made)).read(name).decode()
    assert text.count("<v>0.125</v>") == 1
    return with_part(name, text.replace("0.125", repr(0.1 + 0.2)), made)


def setting(key: str, value: Any) -> bytes:
    return workbook({"scenario": [*SETTINGS, [key, value]]})


def rules(*rows: list[Any]) -> bytes:
    head = ["rule", "technique", "of", "attribute", "at least", "at most"]
    return workbook({"rules": [head, *([*row, *[None] * (6 - len(row))] for row in rows)]})


def locked() -> bytes:
    """The first part marked as encrypted, as a password does it (bit 0 of its flags)."""
    made = bytearray(plain_zip("xl/workbook.xml"))
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def raw(old: str, new: str, base: bytes | None = None) -> bytes:
    """The base workbook with a piece of the sheet `techniques` as a program might write it."""
    made = base or cell("techniques!C2", 0.125)
    name = "xl/worksheets/sheet2.xml"
    text = zipfile.ZipFile(io.BytesIO(made)).read(name).decode()
    assert text.count(old) == 1
    return with_part(name, text.replace(old, new), made)


def three_correlated() -> bytes:
    """Correlations 0.9, 0.9 and -0.9: their smallest eigenvalue is 1 - 2 * 0.9."""
    return workbook(
        {
            "modes": [["id", "probability"], ["m", 0.1], ["n", 0.2], ["o", 0.2]],
            "vulnerability": [["technique", "m", "n", "o"], ["a", 0.5, 0.1, 1], ["b", 0.2, 0.3, 1]],
            "correlation": [
                ["mode", "m", "n", "o"],
                ["m", 1, 0.9, 0.9],
                ["n", 0.9, 1, -0.9],
                ["o", 0.9, -0.9, 1],
            ],
        }
    )


def what_if(*rows: list[Any]) -> bytes:
    return workbook({"what_if": [["name", "path", "value"], *rows]})


#: What is written, and: row, column, part of the message, part of the cure.
CASES: list[tuple[str, bytes, int | None, str | None, str, str]] = [
    # What is no workbook
    ("an empty file", b"", None, None, "empty", "Save"),
    ("a CSV named .xlsx", b"id,cost\na,1\n", None, None, "plain text", ".csv"),
    (
        "an old Excel file",
        b"\xd0\xcf\x11\xe0" + b"\0" * 600,
        None,
        None,
        ".xls",
        "without a password",
    ),
    ("bytes of nothing", b"\0\1\2\3" * 99, None, None, "is no workbook", "save it as .xlsx"),
    ("half a file", truncated(), None, None, "damaged", "again"),
    ("another archive", plain_zip("x.txt"), None, None, "a zip archive", ".xlsx"),
    ("an OpenDocument file", plain_zip("mimetype"), None, None, "OpenDocument", ".xlsx"),
    (
        "a zip bomb",
        with_part("xl/worksheets/sheet9.xml", b"\0" * (200 << 20)),
        None,
        None,
        "unpack to",
        "tables alone",
    ),
    ("a password", locked(), None, None, "locked with a password", "without a password"),
    ("macros", with_part("xl/vbaProject.bin", "x"), None, None, "holds macros", ".xlsx"),
    (
        "external links",
        with_part("xl/externalLinks/externalLink1.xml", "<x/>"),
        None,
        None,
        "links to other",
        "Break",
    ),
    ("outside data", with_part("xl/connections.xml", "<x/>"), None, None, "outside data", "Remove"),
    (
        "entities",
        with_part("xl/styles.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x/>'),
        None,
        None,
        "entities",
        "Copy",
    ),
    (
        "a part that is no XML",
        with_part("xl/worksheets/sheet2.xml", "<worksheet>"),
        None,
        None,
        "damaged",
        "again",
    ),
    (
        "an encoding that nobody knows",
        with_part("xl/workbook.xml", '<?xml version="1.0" encoding="XFD1"?><workbook/>'),
        None,
        None,
        "damaged",
        "again",
    ),
    # Sheets
    ("no settings", workbook({"scenario": None}), None, None, "no sheet scenario", "planner new"),
    (
        "settings by another name",
        workbook({"scenario": None, "Scenarios": SETTINGS}),
        None,
        None,
        "no sheet scenario",
        "Rename",
    ),
    (
        "no techniques",
        workbook({"techniques": None}),
        None,
        "techniques",
        "names no techniques",
        "Add",
    ),
    (
        "a header alone",
        workbook({"techniques": TECHNIQUES[:1]}),
        1,
        "techniques!A1",
        "no rows",
        "below",
    ),
    (
        "two spellings of a sheet",
        workbook({"Techniques ": TECHNIQUES}),
        None,
        "Techniques ",
        "same name",
        "Rename",
    ),
    (
        "a table as a setting",
        setting("modes", "modes.csv"),
        5,
        "scenario!B5 (modes)",
        "sheet of its own",
        "sheet modes",
    ),
    (
        "an unknown setting",
        setting("bugdet", 4),
        5,
        "scenario!B5 (bugdet)",
        "not a known key",
        "Did you mean budget?",
    ),
    (
        "a setting twice",
        setting("budget", 4),
        5,
        "scenario!A5 (setting)",
        "given twice, on lines 4 and 5",
        "Keep one",
    ),
    (
        "a heading twice",
        cell("techniques!D1", "Cost"),
        1,
        "techniques!D1 (Cost)",
        "names a column twice",
        "Keep one",
    ),
    (
        "a column without heading",
        cell("techniques!D2", 7),
        1,
        "techniques!D1",
        "no heading",
        "Give",
    ),
    # Cells
    (
        "a formula never calculated",
        cell("techniques!C2", "=1+1"),
        2,
        "techniques!C2",
        "never calculated",
        "save it",
    ),
    (
        "formula text",
        workbook({"techniques": [*TECHNIQUES, ["c", "C", "'=1+1"]]}),
        4,
        "techniques!C4 (cost)",
        "=1+1, which is not a number",
        "Write",
    ),
    (
        "an error",
        cell("techniques!C2", "#DIV/0!"),
        2,
        "techniques!C2",
        "#DIV/0!",
        "the value itself",
    ),
    ("a truth value", cell("vulnerability!B2", True), 2, "vulnerability!B2", "TRUE", "0 or 1"),
    (
        "a date for an id",
        cell("techniques!A2", datetime.datetime(2025, 1, 2)),
        2,
        "techniques!A2",
        "2025-01-02",
        "text",
    ),
    (
        "a date for a number",
        cell("techniques!C2", datetime.date(2025, 1, 2)),
        2,
        "techniques!C2",
        "a date",
        "number",
    ),
    (
        "the noise of a formula",
        noise(),
        2,
        "techniques!C2",
        "0.30000000000000004, with 17 digits",
        "Write 0.3,",
    ),
    (
        "percent as text",
        cell("vulnerability!B2", "30%"),
        2,
        "vulnerability!B2 (m)",
        "30%",
        "Write 0.3.",
    ),
    (
        "a decimal comma as text",
        cell("techniques!C2", "1,5"),
        2,
        "techniques!C2 (cost)",
        "1,5",
        "Write 1.5.",
    ),
    ("merged cells", merged(), 2, "techniques!A2", "A2:B3 are merged", "Unmerge"),
    (
        "a cell at the far corner",
        cell("modes!XFD1048576", 1),
        1048576,
        "modes!XFD1048576",
        "far beyond",
        "Delete",
    ),
    (
        "a long text",
        cell("techniques!B2", "x" * 10_001),
        2,
        "techniques!B2",
        "10,000 characters",
        "Shorten",
    ),
    (
        "a blank cost",
        cell("techniques!C2", None),
        2,
        "techniques!C2 (cost)",
        "blank",
        "Write a number",
    ),
    (
        "a negative cost",
        cell("techniques!C3", -1),
        3,
        "techniques!C3 (cost)",
        "negative",
        "positive",
    ),
    (
        "an unknown technique",
        cell("vulnerability!A2", "aa"),
        2,
        "vulnerability!A2 (technique)",
        "not a known technique",
        "mean a?",
    ),
    (
        "a double id",
        cell("techniques!A3", "a"),
        3,
        "techniques!A3 (id)",
        "on lines 2 and 3",
        "rename",
    ),
    (
        "a number beyond every double",
        raw("<v>0.125</v>", "<v>1e999</v>"),
        2,
        "techniques!C2",
        "no finite number",
        "the value itself",
    ),
    (
        "a result that is none",
        raw("<v>0.125</v>", "<f>1+1</f><v>two</v>"),
        None,
        "techniques",
        "The sheet is damaged",
        "Save it again",
    ),
    (
        "a control character in a cell",
        cell("techniques!B2", "Al\x7fpha"),
        2,
        "techniques!B2",
        "control character (U+007F)",
        "Remove it",
    ),
    # Small sheets
    (
        "settings without a column",
        workbook({"scenario": [["setting", "valu"], ["planner", 1]]}),
        1,
        "scenario!B1 (valu)",
        "not a known column of scenario",
        "Did you mean value?",
    ),
    (
        "empty settings",
        workbook({"scenario": []}),
        1,
        "scenario!A1",
        "sheet scenario is empty",
        "Fill it in",
    ),
    (
        "a blank setting",
        setting("", 4),
        5,
        "scenario!A5 (setting)",
        "setting is blank",
        "Fill it in",
    ),
    (
        "a small sheet without its column",
        workbook({"scale": [["symbol", "valeu"], ["x", 0.3]]}),
        1,
        "scale!B1 (valeu)",
        "not a known column of scale",
        "Did you mean value?",
    ),
    (
        "a small sheet with a heading twice",
        workbook({"scale": [["symbol", "Symbol"], ["x", 0.3]]}),
        1,
        "scale!B1 (Symbol)",
        "names a column twice",
        "Keep one",
    ),
    (
        "a change without a name",
        what_if([None, "budget", 1], ["x", "budget", 2]),
        2,
        "what_if!A2 (name)",
        "name is blank",
        "Name the change",
    ),
    (
        "rules without their column",
        workbook({"rules": [["ruel", "technique"], ["fund", "a"]]}),
        1,
        "rules!A1 (ruel)",
        "not a known column of rules",
        "Did you mean rule?",
    ),
    (
        "rules with a broken header",
        workbook({"rules": [["rule", "Rule"], ["fund", "a"]]}),
        1,
        "rules!B1 (Rule)",
        "names a column twice",
        "Keep one",
    ),
    (
        "an unknown rule",
        rules(["fundd", "a"]),
        2,
        "rules!A2 (rule)",
        "not a known rule",
        "Did you mean fund?",
    ),
    (
        "a rule without its technique",
        rules(["fund"]),
        2,
        "rules!B2 (technique)",
        "needs technique",
        "Fill in",
    ),
    (
        "a cell that the rule does not take",
        rules(["fund", "a", "b"]),
        2,
        "rules!C2 (of)",
        "does not apply",
        "Clear",
    ),
    (
        "a rule about nothing",
        rules(["fund", "zz"]),
        2,
        "rules!B2 (fund)",
        "not a known technique",
        "a, b",
    ),
    (
        "requirements in two rows",
        rules(["requires", "a", "b"], ["requires", "a", "b"]),
        3,
        "rules!B3 (technique)",
        "two rows",
        "Join",
    ),
    (
        "a prerequisite of itself",
        rules(["requires", "a", "a"]),
        2,
        "rules!B2 (requires.a)",
        "requires itself",
        "Remove",
    ),
    (
        "a cycle of prerequisites",
        rules(["requires", "a", "b"], ["requires", "b", "a"]),
        2,
        "rules!B2 (requires.a)",
        "cycle: a -> b -> a",
        "Remove one",
    ),
    (
        "a correlation matrix that cannot be",
        three_correlated(),
        None,
        "correlation",
        "smallest eigenvalue is -0.8",
        "Multiply all correlations off the diagonal by 0.555",
    ),
    (
        "a limit without bound",
        rules(["limit", None, None, "cost"]),
        2,
        "rules!A2 (limits)",
        "no bound",
        "at_most",
    ),
    (
        "a symbol that is a number",
        workbook({"scale": [["symbol", "value"], ["0.5", 1]]}),
        2,
        "scale!B2 (0.5)",
        "reads as a number",
        "Choose",
    ),
    (
        "an expert without a sheet",
        workbook({"experts": [["expert", "sheet"], ["ann", "expert an"]]}),
        2,
        "experts!B2 (ann.table)",
        "no sheet expert an",
        "Did you mean",
    ),
    (
        "a change twice",
        workbook({"what_if": [["name", "path", "value"], ["x", "budget", 1], ["x", "budget", 2]]}),
        3,
        "what_if!B3 (path)",
        "changed twice",
        "Keep one",
    ),
    (
        "joint given twice",
        workbook(
            {"scenario": [*SETTINGS, ["joint", 0.3]], "correlation": [["mode", "m"], ["m", 1]]}
        ),
        5,
        "scenario!B5 (joint)",
        "given twice",
        "Clear",
    ),
]


def book(folder: Path, data: bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def findings(path: Path) -> tuple[Finding, ...]:
    with pytest.raises(BadInput) as caught:
        read(path)
    return caught.value.findings


@pytest.mark.parametrize(
    ("data", "row", "column", "message", "cure"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_is_rejected_with_sheet_cell_and_cure(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    data: bytes,
    row: int | None,
    column: str | None,
    message: str,
    cure: str,
) -> None:
    # Through the command line, so that one reading shows place, exit code and document.
    assert main(["check", str(book(tmp_path, data)), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    found = [Finding(**finding) for finding in error["findings"]]
    matching = [f for f in found if message in f.message and cure in f.cure]
    assert matching, [str(f) for f in found]
    assert (matching[0].file, matching[0].row, matching[0].column) == (NAME, row, column)
    assert all(f.cure and str(f).isprintable() for f in found)


def test_one_slip_in_a_sheet_gives_one_finding(tmp_path: Path) -> None:
    for name in (
        "an error",
        "the noise of a formula",
        "a negative cost",
        "percent as text",
        "a cell at the far corner",
        "a result that is none",
    ):
        data = next(case[1] for case in CASES if case[0] == name)
        assert len(findings(book(tmp_path, data))) == 1, name


def test_a_line_of_text_names_the_cell_and_not_the_row_twice(tmp_path: Path) -> None:
    (found,) = findings(book(tmp_path, cell("techniques!C3", -1)))
    assert str(found).startswith("book.xlsx, techniques!C3 (cost): cost is -1")


def test_findings_come_sheet_by_sheet_and_row_by_row(tmp_path: Path) -> None:
    def edit(made: Any) -> None:
        made["vulnerability"]["B2"] = 7
        made["techniques"]["C3"] = -1
        made["techniques"]["C2"] = -1
        made["modes"]["B3"] = -1

    cells = [f.column for f in findings(book(tmp_path, workbook(edit=edit)))]
    assert cells == [
        "modes!B3 (probability)",
        "techniques!C2 (cost)",
        "techniques!C3 (cost)",
        "vulnerability!B2 (m)",
    ]


@pytest.mark.parametrize("suffix", [".xlsm", ".xlsb", ".xls", ".ods"])
def test_workbooks_of_other_kinds_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    (found,) = findings(book(tmp_path, workbook(), f"book{suffix}"))
    assert suffix in found.message
    assert ".xlsx" in found.cure


def test_a_workbook_named_csv_or_yaml_is_told_from_text(tmp_path: Path) -> None:
    (found,) = findings(book(tmp_path, workbook(), "book.yaml"))
    assert "workbook" in found.message
    files = base()
    files["techniques.csv"] = workbook()
    assert any("workbook" in f.message for f in findings(write(tmp_path, files)))


def odd_sheet(book: Any) -> None:
    book["modes"].sheet_state = "hidden"
    book["techniques"].row_dimensions[3].hidden = True
    book["vulnerability"].column_dimensions["C"].hidden = True


ACCEPTED: list[tuple[str, bytes, str]] = [
    ("hidden things", workbook(edit=odd_sheet), "Hidden here: the sheet itself. It was read."),
    ("a hidden row", workbook(edit=odd_sheet), "Hidden here: row 3."),
    ("a hidden column", workbook(edit=odd_sheet), "Hidden here: column C."),
    ("a number as text", cell("techniques!C2", "1"), "This number is written as text"),
    ("a percent format", cell("vulnerability!B2", 0.5, "0%"), "shown in percent"),
    ("an extra sheet", workbook({"budgets 2024": [["x"], [True]]}), "budgets 2024 is not read"),
]


@pytest.mark.parametrize(
    ("data", "message"), [case[1:] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED]
)
def test_is_accepted_with_a_warning_and_the_same_content(
    tmp_path: Path, data: bytes, message: str
) -> None:
    scenario = read(book(tmp_path, data))
    assert any(message in f.message for f in scenario.warnings), scenario.warnings
    assert digest(scenario) == digest(read(write(tmp_path / "folder", base())))


def test_a_workbook_and_a_folder_of_one_content_have_one_digest(tmp_path: Path) -> None:
    of_folder = read(write(tmp_path / "folder", base()))
    of_book = read(book(tmp_path, workbook()))
    assert of_book == of_folder
    assert digest(of_book) == digest(of_folder)
    assert of_book.warnings == of_folder.warnings == ()


@pytest.mark.parametrize(
    "sheets",
    [
        {"scenario": [["Setting", "Value"], *SETTINGS[1:]]},
        {"Techniques": TECHNIQUES, "techniques": None},
        {"notes": [["whatever"]], "How to": [["this"]]},
        {"techniques": [[], ["id", None, "name", "cost"], ["a", None, "Alpha", 1], [], ["b", None, "Beta", 2]]},
        {"techniques": [*TECHNIQUES[:2], ["# c", "a remark", "=1+"], TECHNIQUES[2]]},
        {"levels": [["technique", "level", "cost"]], "rules": [["rule"]], "sources": [[]]},
        {"vulnerability": [["technique", "n", "m"], ["b", 0.3, 0.2], ["a", "1e-1", "0.50"]]},
    ],
)  # fmt: skip
def test_spelling_order_blank_rows_and_remarks_do_not_matter(
    tmp_path: Path, sheets: dict[str, Any]
) -> None:
    assert read(book(tmp_path, workbook(sheets))) == read(book(tmp_path, workbook(), "b.xlsx"))


def test_a_number_cell_is_its_shortest_decimal_text(tmp_path: Path) -> None:
    # 0.1 is stored as the binary number nearest to it, 0.1000000000000000055...
    scenario = read(book(tmp_path, cell("techniques!C2", 0.1)))
    assert str(scenario.techniques[0].levels[0].cost) == "0.1"
    scenario = read(book(tmp_path, cell("vulnerability!B2", 1e-12)))
    assert str(scenario.threats.cells[0][0].value) == "0.000000000001"  # type: ignore[union-attr]


def test_a_calculated_formula_is_read_as_its_result(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")
    path = tmp_path / NAME
    made = xlsxwriter.Workbook(str(path))
    from books import BASE

    for name, rows in BASE.items():
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    made.get_worksheet_by_name("techniques").write_formula("C2", "=3-2", None, 1)
    made.close()
    assert read(path) == read(book(tmp_path, workbook(), "plain.xlsx"))


def test_formulas_in_two_sheets_are_read_as_their_results(tmp_path: Path) -> None:
    two = raw("<v>0.125</v>", "<f>1+1</f><v>0.125</v>")
    name = "xl/worksheets/sheet3.xml"
    text = zipfile.ZipFile(io.BytesIO(two)).read(name).decode()
    assert text.count("<v>0.1</v>") == 1
    two = with_part(name, text.replace("<v>0.1</v>", "<f>A1</f><v>0.1</v>"), two)
    plain = book(tmp_path, cell("techniques!C2", 0.125), "plain.xlsx")
    assert read(book(tmp_path, two)) == read(plain)


def test_a_workbook_over_the_caps_is_refused_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(tmp_path, workbook())
    monkeypatch.setattr(workbook_bytes, "MOST_PARTS", 3)
    (found,) = findings(path)
    assert "parts; at most 192 MiB in 3 are read" in found.message
    monkeypatch.setattr(workbook_bytes, "LARGEST_WORKBOOK", 1000)
    (found,) = findings(path)
    assert "The file is larger than 0 MiB" in found.message


def test_whatever_the_library_raises_while_cells_are_read_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(sheet: object) -> bool:  # noqa: ARG001
        raise KeyError("a style that is not there")

    monkeypatch.setattr(workbook_cells, "_has_formula", odd)
    found = findings(book(tmp_path, workbook()))
    assert "The sheet is damaged." in {f.message for f in found}


def test_a_day_in_a_column_of_dates_is_that_day(tmp_path: Path) -> None:
    head = ["table", "row", "column", "source", "date"]
    day = datetime.datetime(2025, 1, 2)
    rows = [head, ["modes", "m", "probability", "A paper", day]]
    (source,) = read(book(tmp_path, workbook({"sources": rows}))).sources
    assert source.date == "2025-01-02"


def test_settings_and_changes_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    rows = [["name", "path", "value"], ["none", None, None], ["half", "budget", 1.5]]
    settings = [*SETTINGS, ["currency", None], ["joint", "independent"]]
    scenario = read(book(tmp_path, workbook({"what_if": rows, "scenario": settings})))
    assert scenario.what_if == (("half", (("budget", "1.5"),)), ("none", ()))
    assert scenario.currency == read(write(tmp_path / "folder", base())).currency


def test_a_correlation_of_all_modes_is_a_setting(tmp_path: Path) -> None:
    scenario = read(book(tmp_path, setting("joint", 0.3)))
    assert str(scenario.threats.joint.factor) == "0.3"  # type: ignore[union-attr]


def test_numbers_as_text_are_counted_in_one_warning(tmp_path: Path) -> None:
    rows = [TECHNIQUES[0], ["a", "Alpha", "1"], ["b", "Beta", "2"]]
    (warning,) = read(book(tmp_path, workbook({"techniques": rows}))).warnings
    assert warning.message.startswith("This number and 1 other are written as text")


def test_text_that_looks_like_a_formula_is_a_name(tmp_path: Path) -> None:
    names = [["id", "name", "cost"], ["a", "'=cmd|'/C calc'!A0", 1], ["b", "'#1", 2]]
    scenario = read(book(tmp_path, workbook({"techniques": names})))
    assert [t.name for t in scenario.techniques] == ["=cmd|'/C calc'!A0", "#1"]


def test_without_openpyxl_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r'pip install "alignment-planner\[xlsx\]"'):
        read(book(tmp_path, workbook()))
    assert main(["check", str(tmp_path / NAME)]) == 5


def test_the_matrix_may_not_be_transposed(tmp_path: Path) -> None:
    turned = [list(row) for row in zip(*VULNERABILITY, strict=True)]
    found = findings(book(tmp_path, workbook({"vulnerability": turned})))
    assert any("transposed" in f.message for f in found)


def test_no_damaged_workbook_brings_anything_but_findings(tmp_path: Path) -> None:
    # As in the campaign `python -m tests.campaigns.fuzz`, without the command line.
    seen = set()
    for seed in range(20):
        path = book(tmp_path, spoilt_books.book(random.Random(f"workbook {seed}"), sound=0.2))
        try:
            read(path)
            seen.add("read")
        except BadInput as error:
            seen.add("findings" if error.findings else "nothing said")
    assert seen == {"read", "findings"}


def with_ranges(tag: str) -> bytes:
    """A workbook whose first sheet merges or links all the cells that a sheet can have."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        text = archive.read("xl/worksheets/sheet1.xml").decode()
    text = text.replace("</sheetData>", f"</sheetData>{tag}")
    return with_part("xl/worksheets/sheet1.xml", text)


@pytest.mark.parametrize(
    "tag",
    [
        '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        '<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>',
    ],
)
def test_a_range_over_the_whole_sheet_is_refused_before_its_cells_are_made(
    tmp_path: Path, tag: str
) -> None:
    # 17,179,869,184 cells: making them would take the memory of the machine.
    path = tmp_path / NAME
    path.write_bytes(with_ranges(tag))
    with pytest.raises(BadInput, match="merges or links more than 100,000 cells"):
        read(path)


def test_a_single_cell_far_down_costs_no_more_than_what_the_file_holds(tmp_path: Path) -> None:
    # Row 1,048,576 times 4 columns is within what a sheet may reach to; nothing between is made.
    path = tmp_path / NAME
    path.write_bytes(cell("techniques!A1048576", "# the end"))
    tracemalloc.start()
    try:
        assert len(read(path).techniques) == 2
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
