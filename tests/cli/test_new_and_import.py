"""`planner new` and `planner import`: what they write is read, what they cannot is said."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")

import openpyxl
from scenario_files import MAIN, base, explicit, write

from planner.cli.main import main
from planner.scenario.digest import digest
from planner.scenario.import_table import plain_amount
from planner.scenario.read import read
from planner.scenario.types import FailureModes

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


def run(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == code
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def messages(document: dict[str, Any]) -> str:
    return "\n".join(f"{f['message']} {f['cure']}" for f in document["error"]["findings"])


@pytest.mark.parametrize("name", ["new.xlsx", "folder"])
def test_an_empty_scenario_says_what_to_fill_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / name
    run(capsys, "new", path)
    found = run(capsys, "check", path, code=2)["error"]["findings"]
    about = {(f["file"], f["column"]) for f in found}
    assert len(found) in (4, 5)
    assert any("name" in str(column) for _, column in about)
    assert all("header but no rows" in f["message"] for f in found[2:])


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.xlsx"
    path.write_text("mine")
    assert "overwritten" in messages(run(capsys, "new", path, code=2))
    assert "overwritten" in messages(run(capsys, "import", PAPER, "--out", path, code=2))
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["new", "a.docx"], "ends in .docx"),
        (["new", "a", "--from", str(PAPER), "--expert", "x"], ".csv file"),
        (["new", "a.csv", "--from", str(PAPER)], "Add --expert"),
        (["new", "a.csv", "--expert", "x"], "Add --from"),
        (["new", "a.csv", "--from", str(PAPER), "--expert", "a\u202eb"], "direction"),
        (["import", "no", "--out", "x"], "no such file"),
        (["import", str(PAPER), "--out", "x", "--expert", "anna"], "Add --from"),
        (["import", str(PAPER / "modes.csv"), "--out", "x.xlsx"], "Name a folder"),
        (["import", str(PAPER / "modes.csv"), "--out", "x"], "looks like that of the modes"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in messages(run(capsys, *words, code=2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["b.xlsx", "b.yaml", "b"])
def test_a_scenario_in_another_form_has_the_same_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    told = run(capsys, "import", PAPER, "--out", tmp_path / form)
    assert told["scenario"]["digest"] == digest(read(PAPER)) == digest(read(tmp_path / form))
    assert [path.name for path in tmp_path.iterdir()] == [form]


# Questions for an expert


def test_the_cells_that_may_change_the_choice_are_asked_first_and_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Money for one technique. a is good or bad with m (0.01 or 0.9), b is 0.4 for sure there: to
    # know a's cell decides between them. The uncertain cells of c, far worse, decide nothing.
    files = base(
        main=MAIN.replace("budget: 3", "budget: 1"),
        techniques="id,cost\na,1\nb,1\nc,1\n",
        modes="id,probability\nm,0.5\nn,0.1\n",
        vulnerability='technique,m,n\na,"{mix: {0.01: 0.5, 0.9: 0.5}}",0\nb,0.4,0\n'
        "c,0.98 to 0.99,0.98 to 0.99\n",
    )
    told = run(
        capsys, "new", tmp_path / "a.csv", "--from", write(tmp_path / "s", files), "--expert", "a"
    )
    assert [(q["technique"], q["mode"]) for q in told["questions"]] == [("a", "m")]
    assert told["how"].startswith("1 of the 3 uncertain cells: those whose settling is worth most")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_an_experts_answers_come_back_exactly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    sheet, out = tmp_path / f"anna{suffix}", tmp_path / "out"
    told = run(capsys, "new", sheet, "--from", PAPER, "--expert", "anna")
    # The cells that the paper's notes leave open, by the `?` of the shipped table.
    asked = [(q["technique"], q["mode"]) for q in told["questions"]]
    assert asked == [("debate", "s-tax"), ("scientist-ai", "cap-dev"), ("scientist-ai", "coll")]
    answer(sheet, ["prone", None, "0.1 to 0.3"])
    told = run(capsys, "import", sheet, "--from", PAPER, "--out", out)
    assert (told["expert"], told["asked"], told["answered"]) == ("anna", 3, 2)
    before, after = read(PAPER), read(out)
    assert isinstance(before.threats, FailureModes)
    assert after.threats == before.threats
    (expert,) = after.experts
    changed = {
        (t.id, m.id): (cell.symbol, str(cell.value))
        for t, row, old in zip(after.techniques, expert.cells, before.threats.cells, strict=True)
        for m, cell, was in zip(before.threats.modes, row, old, strict=True)
        if cell != was
    }
    assert changed == {
        ("debate", "s-tax"): ("prone", "0.8"),
        ("scientist-ai", "coll"): (None, "0.1 to 0.3"),
    }


def answer(sheet: Path, judgements: list[Any], column: int = 7) -> None:
    """Fill in a column below the heading, as a person would."""
    if sheet.suffix == ".xlsx":
        book = openpyxl.load_workbook(sheet)
        for number, text in enumerate(judgements, start=2):
            book["questions"].cell(number, column).value = text
        book.save(sheet)
        return
    with sheet.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    for row, text in zip(rows[1:], judgements, strict=True):
        row[column - 1] = text or ""
    with sheet.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def test_bad_answers_are_named_by_cell_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, out = tmp_path / "anna.xlsx", tmp_path / "out"
    run(capsys, "new", sheet, "--from", PAPER, "--expert", "anna")
    told = run(capsys, "import", sheet, "--from", PAPER, "--out", out, code=2)
    assert "No question has an answer" in messages(told)
    answer(sheet, ["prome", "30%", 2])
    told = run(capsys, "import", sheet, "--from", PAPER, "--out", out, code=2)
    found = [(f["file"], f["column"]) for f in told["error"]["findings"]]
    assert found == [("anna.xlsx", f"questions!G{k} (judgement)") for k in (2, 3, 4)]
    assert "Did you mean prone?" in messages(told)
    answer(sheet, ["ok", "ok", "ok"])
    answer(sheet, ["debate", "debate", "nobody"], column=2)
    answer(sheet, ["s-tax", "s-tax", "coll"], column=4)
    told = run(capsys, "import", sheet, "--from", PAPER, "--out", out, code=2)
    assert "debate, s-tax is asked twice" in messages(told)
    assert "nobody is not a known technique" in messages(told)
    assert not out.exists()


def test_a_second_sheet_replaces_the_expert_and_another_name_adds_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "anna.csv"
    run(capsys, "new", sheet, "--from", PAPER, "--expert", "anna")
    answer(sheet, ["0.1", "0.2", "0.3"])
    for source, out, more in (
        (PAPER, "one", []),
        (tmp_path / "one", "two", []),
        (tmp_path / "two", "three", ["--expert", "ben"]),
    ):
        run(capsys, "import", sheet, "--from", source, "--out", tmp_path / out, *more)
    names = [[e.name for e in read(tmp_path / out).experts] for out in ("one", "two", "three")]
    assert names == [["anna"], ["anna"], ["anna", "ben"]]


def test_all_cells_are_asked_where_none_is_uncertain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, worlds = write(tmp_path / "s", base()), write(tmp_path / "w", explicit())
    told = run(capsys, "new", tmp_path / "a.csv", "--from", plain, "--expert", "a")
    assert told["how"] == "all 4 cells: none is stated as uncertain"
    assert len(told["questions"]) == 4
    told = run(capsys, "new", tmp_path / "b.csv", "--from", PAPER, "--expert", "a", "--all")
    assert len(told["questions"]) == 49
    told = run(capsys, "new", tmp_path / "c.csv", "--from", worlds, "--expert", "a", code=2)
    assert "Explicit worlds" in messages(told)


# Tables that people have

PAIRS = """\
agenda,problem,cost,failure,link,colour
AI debate,Deceptive alignment,"$1,500,000",0.4,http://x/1,red
AI debate,Goal misgeneralisation,"$1,500,000",0.6,http://x/1,
Probes,Deceptive alignment,250000-500000,,http://x/2,
=cmd|'x',Deceptive alignment,,0.2,,
Interp,,1000000,,,
"""
PAIRS_MAP = "technique: agenda\nmode: problem\ncost: cost\nfailure: failure\nsource: link\n"


def test_a_table_of_pairs_becomes_a_scenario_with_sources_and_a_list_of_what_did_not_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, mapping, out = tmp_path / "pairs.csv", tmp_path / "pairs.yaml", tmp_path / "out"
    table.write_text(PAIRS)
    mapping.write_text(PAIRS_MAP + "divide cost: 1000000\nbudget: 2\ncurrency: USD million\n")
    told = run(capsys, "import", table, "--map", mapping, "--out", out)
    scenario = read(out)
    assert scenario.warnings == ()
    assert isinstance(scenario.threats, FailureModes)
    costs = {t.id: str(t.levels[0].cost) for t in scenario.techniques}
    assert costs == {"ai-debate": "1.5", "interp": "1", "probes": "0.25 to 0.5"}
    cells = [[str(cell.value) for cell in row] for row in scenario.threats.cells]
    # Named pairs as written, 0.4 where the number is missing, 0.95 for pairs not named.
    assert cells == [["0.4", "0.6"], ["0.95", "0.95"], ["0.4", "0.95"]]
    sourced = {(s.table, s.row, s.column): s.source for s in scenario.sources}
    assert sourced["vulnerability", "probes", "deceptive-alignment"] == "http://x/2"
    assert sourced["techniques", "interp", "cost"] == "pairs.csv, line 6"
    assert "assumed" in sourced["modes", "*", "probability"]
    why = {(n["line"], n["column"]): n["why"] for n in told["not_mapped"]}
    assert why[4, "failure"].endswith("0.4 stands in")
    assert "left out" in why[5, "cost"]
    assert "names no problem" in why[6, "problem"]
    assert "left out" in why[None, "colour"]
    with (out / "not-mapped.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 1 + len(told["not_mapped"])


def test_a_review_with_a_row_an_agenda_maps_by_its_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, mapping, out = tmp_path / "r.csv", tmp_path / "r.yaml", tmp_path / "out"
    table.write_text("Name,Addresses,Money,FTE\nA b,x; y,1,3\nA b,y,2,\nÄ b,z,,many\n")
    mapping.write_text(
        "technique: name\nmode: Addresses\ncost: Money\nrepeated cost: sum\nmissing cost: 1 to 3\n"
        "attributes: [FTE]\nlisted: 0.2\nunlisted: 1\nprobability: 0.1\nreading: together\n"
    )
    run(capsys, "import", table, "--map", mapping, "--out", out)
    scenario = read(out)
    assert isinstance(scenario.threats, FailureModes)
    assert [(t.id, str(t.levels[0].cost)) for t in scenario.techniques] == [
        ("a-b", "3"),
        ("a-b-2", "1 to 3"),
    ]
    assert [str(dict(t.attributes)["FTE"]) for t in scenario.techniques] == ["3", "0"]
    cells = [[str(cell.value) for cell in row] for row in scenario.threats.cells]
    assert cells == [["0.2", "0.2", "1"], ["1", "1", "0.2"]]
    assert scenario.reading == "together"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("technique: agenda\n", "no column for mode"),
        ("technique: agendas\nmode: problem\n", "Did you mean agenda?"),
        ("tecnique: agenda\nmode: problem\n", "Did you mean technique?"),
        ("technique: agenda\nmode: problem\nlisted: 30%\n", "Write 0.3."),
        ("technique: agenda\nmode: problem\ndivide cost: 0\n", "not above 0"),
        ("- technique\n", "not a mapping"),
    ],
)
def test_a_bad_mapping_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mapping: str, message: str
) -> None:
    table, file, out = tmp_path / "pairs.csv", tmp_path / "m.yaml", tmp_path / "out"
    table.write_text(PAIRS)
    file.write_text(mapping)
    told = run(capsys, "import", table, "--map", file, "--out", out, code=2)
    assert message in messages(told)
    assert not out.exists()


def test_what_does_not_read_as_a_scenario_leaves_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("agenda,problem,cost\n" + "".join(f"a,p{k},1\n" for k in range(65)))
    assert "at most 64" in messages(run(capsys, "import", table, "--out", tmp_path / "o", code=2))
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.csv"]


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("1", 1, "1"),
        ("$1,200,000", 1_000_000, "1.2"),
        ("€ 2.50", 1, "2.5"),
        ("100 USD", 3, "33.333333333"),  # half-even to nine decimals
        ("2-3", 1, "2 to 3"),
        ("2 to 3", 10, "0.2 to 0.3"),
        ("1.5M", 1, None),
        ("1,5", 1, None),
        ("-3", 1, None),
        ("3-2", 1, None),
        ("unknown", 1, None),
    ],
)
def test_amounts_as_people_write_them(text: str, by: int, expected: str | None) -> None:
    from decimal import Decimal

    assert plain_amount(text, Decimal(by)) == expected


def test_the_main_file_keeps_its_own_budget_out_of_the_way(tmp_path: Path) -> None:
    # A workbook without a budget is accepted, as a folder is.
    folder = write(tmp_path / "f", base(main=MAIN.replace("budget: 3\n", "")))
    assert main(["import", str(folder), "--out", str(tmp_path / "b.xlsx")]) == 0
    assert read(tmp_path / "b.xlsx").budget is None


# What every table that is handed in is told


def _duplicate_header(text: str) -> str:
    head, _, rest = text.partition("\n")
    return "\n".join([f"{head},{head.split(',')[1]}", *(f"{r},x" for r in rest.splitlines())])


#: What is done to a sound table of three lines; the line, and parts of the message and the cure.
SLIPS: dict[str, tuple[Callable[[str], str | bytes], int | None, str, str]] = {
    "an empty file": (lambda t: t[:0], None, "The file is empty", "Fill it in"),
    "UTF-16": (lambda t: t.encode("utf-16"), None, "UTF-16", "Save it as UTF-8"),
    "Latin-1": (lambda t: (t + "é").encode("latin-1"), 4, "byte 0xE9 at offset", "UTF-8"),
    "a NUL": (lambda t: t + "\0", 4, "NUL", "Remove it"),
    "a control character": (lambda t: t + "\x07", 4, "U+0007", "Remove it"),
    "a workbook": (lambda t: b"PK\x03\x04" + t.encode(), None, "not text", "Name it .xlsx"),
    "a header alone": (lambda t: t.splitlines()[0], None, "a header but no rows", "Add a row"),
    "semicolons": (lambda t: t.replace(",", ";"), 1, "separated by semicolons", "commas"),
    "a duplicate header": (_duplicate_header, 1, "names a column twice", "Keep one"),
    "an extra field": (lambda t: t.rstrip("\n") + ",x\n", 3, "fields, the header has", "comma"),
    "a missing field": (lambda t: t + "x\n", 4, "The row has 1 fields", "missing field"),
    "an unclosed quote": (lambda t: t + '"x\n', 4, "never closed", "Close it"),
    "a huge field": (lambda t: t + "x" * 200_000 + "\n", 4, "10,000 characters", "Shorten it"),
}


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("what", ["a table", "answers"])
def test_a_table_that_cannot_be_read_is_told_with_its_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, slip: str
) -> None:
    spoilt, line, message, cure = SLIPS[slip]
    table, out, more = tmp_path / "t.csv", tmp_path / "out", []
    if what == "answers":
        folder = write(tmp_path / "in", base())
        run(capsys, "new", table, "--from", folder, "--expert", "anna")
        lines = table.read_text().splitlines(keepends=True)[:3]
        text, more = "".join(lines), ["--from", folder]
    else:
        text = "agenda,problem,cost\nDebate,deceit,1\nProbes,drift,2\n"
    made = spoilt(text)
    table.write_bytes(made if isinstance(made, bytes) else made.encode())
    found = run(capsys, "import", table, *more, "--out", out, code=2)["error"]["findings"]
    told = [f for f in found if message in f["message"] and cure in f["cure"]]
    assert [(f["file"], f["row"]) for f in told] == [("t.csv", line)], found
    assert not out.exists()


def test_what_is_odd_about_a_table_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("agenda,problem,cost\n,,\nDebate,deceit,0\n")
    run_words = ["import", str(table), "--out", str(tmp_path / "out")]
    assert main(run_words) == 0
    said = capsys.readouterr().err
    assert "Note: t.csv, line 2: The row is blank; it was skipped." in said
    assert "cost is 0: it is free." in said
    # And of an expert's sheet with a row that its reader does not see.
    folder, sheet = write(tmp_path / "in", base()), tmp_path / "anna.xlsx"
    run(capsys, "new", sheet, "--from", folder, "--expert", "anna")
    answer(sheet, ["0.1", None, None, None])
    book = openpyxl.load_workbook(sheet)
    book["questions"].row_dimensions[2].hidden = True
    book.save(sheet)
    assert main(["import", str(sheet), "--from", str(folder), "--out", str(tmp_path / "b")]) == 0
    assert "Hidden here: row 2. It was read." in capsys.readouterr().err
