"""Every item of the lists "Text and YAML", "CSV" and "Meaning": rejected with place and cure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bad_scenarios import CASES, T, V, Y
from scenario_files import (
    FAILURE,
    MAIN,
    MODES,
    TECHNIQUES,
    VULNERABILITY,
    Files,
    base,
    explicit,
    write,
)

from planner.errors import BadInput, EnvironmentFailed, Finding, LimitHit
from planner.scenario import csv_text, read_modes, read_worlds, yaml_text
from planner.scenario.folder import kind_of, near_file, read_bytes
from planner.scenario.notes import Notes
from planner.scenario.read import read


def findings(path: Path) -> tuple[Finding, ...]:
    with pytest.raises(BadInput) as caught:
        read(path)
    return caught.value.findings


@pytest.mark.parametrize(
    ("files", "file", "row", "column", "message", "cure"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_is_rejected_with_place_and_cure(
    tmp_path: Path,
    files: Files,
    file: str,
    row: int | None,
    column: str | None,
    message: str,
    cure: str,
) -> None:
    found = findings(write(tmp_path, files))
    matching = [f for f in found if message in f.message]
    assert matching, [str(f) for f in found]
    first = matching[0]
    assert (first.file, first.column) == (file, column)
    assert first.row == row
    assert cure in first.cure
    for finding in found:
        assert finding.cure
        assert str(finding).isprintable()


def test_one_slip_gives_one_finding(tmp_path: Path) -> None:
    for number, case in enumerate(CASES):
        if case[0] in ("a negative cost", "an unknown key", "a transposed matrix", "a double id"):
            folder = tmp_path / str(number)
            folder.mkdir()
            assert len(findings(write(folder, case[1]))) == 1


def test_all_findings_come_in_one_list_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    files = base(
        main=MAIN.replace("budget: 3", "budget: 30%") + "bugdet: 4\nrules: {fund: [zz]}\n",
        techniques=TECHNIQUES.replace("Alpha,1", "Alpha,-1") + "a,Again,x\n",
        vulnerability=VULNERABILITY.replace("0.5", "1.5").replace("0.3", ""),
    )
    found = findings(write(tmp_path, files))
    places = [(f.file, f.row) for f in found]
    assert places == [(Y, 3), (Y, 7), (Y, 8), (T, 2), (T, 4), (V, 2), (V, 3)]


def test_a_row_that_was_dropped_does_not_make_its_technique_unknown(tmp_path: Path) -> None:
    files = base(techniques="id,name,cost\na,Alpha,1\nb,Beta,two,2\n")
    assert len(findings(write(tmp_path, files))) == 1


def test_inline_tables_name_the_line_of_each_cell(tmp_path: Path) -> None:
    main = MAIN.replace(
        "techniques: techniques.csv\n",
        "techniques:\n  - id: a\n    cost: 1\n  - id: b\n    cost: 2%\n",
    )
    (found,) = findings(write(tmp_path, base(main=main)))
    assert (found.file, found.row, found.column) == (Y, 8, "techniques.cost")


def test_more_findings_than_a_person_reads_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"t{k},x,-1\n" for k in range(3000))
    found = findings(write(tmp_path, base(techniques=TECHNIQUES + rows)))
    assert len(found) == 1001
    assert "more findings" in found[-1].message


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text(MODES)
    folder = write(tmp_path / "inside", base())
    (folder / "modes.csv").unlink()
    (folder / "modes.csv").symlink_to(tmp_path / "outside.csv")
    (found,) = findings(folder)
    assert "link that leads outside" in found.message


def test_a_pipe_is_refused_without_being_opened(tmp_path: Path) -> None:
    folder = write(tmp_path, base())
    (folder / "modes.csv").unlink()
    os.mkfifo(folder / "modes.csv")
    (found,) = findings(folder)
    assert "is a pipe" in found.message
    (alone,) = findings(folder / "modes.csv")
    assert "pipe" in alone.message


def test_files_over_the_cap_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    padding = "# " + "x" * yaml_text.LARGEST_YAML + "\n"
    (found,) = findings(write(tmp_path, base(main=padding + MAIN)))
    assert "larger than 4 MiB" in found.message
    monkeypatch.setattr(csv_text, "LARGEST_CSV", 2**20)
    (found,) = findings(write(tmp_path, base(modes=MODES + " " * 2**21)))
    assert "larger than 1 MiB" in found.message


@pytest.mark.parametrize(
    ("path", "message", "cure"),
    [
        ("base", "no such file", "Did you mean bases?"),
        ("bases/scenario.yml", "no such file", "Did you mean scenario.yaml?"),
        ("bases/techniques.csv", "ends in .csv", "scenario.yaml"),
        ("a.xlsx", "is no workbook", "save it as .xlsx"),
        ("empty", "no file scenario.yaml", "add the file"),
        ("nul\0", "no such file", "Check the name"),
    ],
)
def test_paths_that_are_no_scenario(tmp_path: Path, path: str, message: str, cure: str) -> None:
    write(tmp_path / "bases", base())
    write(tmp_path, {"a.xlsx": b"PK", "empty/notes.txt": "x"})
    (found,) = findings(tmp_path / path)
    assert message in found.message
    assert cure in found.cure


def test_caps_are_named(tmp_path: Path) -> None:
    many = "id,cost\n" + "".join(f"t{k},1\n" for k in range(20_001))
    modes = "id,probability\n" + "".join(f"m{k},0.1\n" for k in range(65))
    with pytest.raises(LimitHit) as error:
        read(write(tmp_path, base(techniques=many, modes=modes)))
    found = error.value.findings
    assert ["at most 20,000" in found[0].message, "at most 64" in found[1].message] == [True, True]
    worlds = "world,weight\n" + "".join(f"w{k},1\n" for k in range(100_001))
    with pytest.raises(LimitHit, match="at most 100,000"):
        read(write(tmp_path, explicit(worlds=worlds)))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (base(), "matrix has 4 cells; at most 3 are read"),
        (explicit(failure=FAILURE + "b,calm,1\n"), "more than 3 cells"),
        (explicit(failure="technique,calm,storm\na,1,1\nb,1,1\n"), "more than 3 cells"),
    ],
)
def test_a_cap_of_cells_holds_for_every_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Files, message: str
) -> None:
    monkeypatch.setattr(read_modes, "MOST_CELLS", 3)
    monkeypatch.setattr(read_worlds, "MOST_CELLS", 3)
    with pytest.raises(LimitHit, match=message):
        read(write(tmp_path, files))


def test_more_warnings_than_a_person_reads_are_left_out(tmp_path: Path) -> None:
    free = "id,name,cost\n" + "".join(f"t{k:04},N{k},0\n" for k in range(1001))
    rows = "technique,m,n\n" + "".join(f"t{k:04},1,1\n" for k in range(1001))
    scenario = read(write(tmp_path, base(techniques=free, vulnerability=rows)))
    assert len(scenario.warnings) == 1000


def test_where_no_name_is_known_none_is_offered() -> None:
    assert Notes().suggest("a", ()) == "None is defined here; remove it."


def test_the_nearest_of_many_names_is_sought_fifty_times_and_no_more() -> None:
    # A search among many is slow, and a wrong column makes thousands of findings.
    notes, many = Notes(), [f"technique-{k}" for k in range(201)]
    told = [notes.suggest("tecnique-7", many) for _ in range(51)]
    assert set(told[:50]) == {"Did you mean technique-7?"}
    assert told[50].startswith("Write one of: technique-0, ")
    assert notes.suggest("b", ["a", "bb"]) == "Did you mean bb?"


def test_a_file_that_vanishes_or_may_not_be_read_is_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EnvironmentFailed, match=r"a.csv cannot be read: No such file"):
        read_bytes(tmp_path / "a.csv", "a.csv", 10)
    assert near_file(tmp_path / "none" / "a.csv") == "Check the name, or add the file."

    def forbidden(self: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", forbidden)
    with pytest.raises(EnvironmentFailed, match="cannot be read: no permission"):
        kind_of(tmp_path / "b.csv")
