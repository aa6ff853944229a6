# ruff: noqa: E501  cells of one row stay on one line
"""Folder -> workbook -> folder and back: the digest is the judge, which knows nothing of files."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from random_scenarios import random_scenario
from scenario_files import MAIN, base, explicit, write

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")

import openpyxl

from planner.scenario.digest import digest
from planner.scenario.read import read
from planner.scenario.tabulate import tables_of
from planner.scenario.types import ZERO, Choice, ExplicitWorlds, FailureModes, Joint, Scenario
from planner.scenario.values import Number
from planner.scenario.write_folder import folder_files, write_folder
from planner.scenario.write_workbook import empty_workbook, workbook_bytes, write_workbook

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.parent for path in (ROOT / "scenarios").glob("*/scenario.yaml"))

#: All that the format knows, and names that a spreadsheet would run, cut or convert.
RICH = """\
planner: 1
name: '=cmd|" /C calc"!A0'
currency: "@home"
budget: {pert: [1, 2, 3]}
techniques:
  - {id: "-x", name: "'=1+1", background: "0.1 to 0.2", groups: "g;h:0.3"}
  - {id: "007", name: "<r>bold</r>", cost: 1e-9, success: 0.5, groups: g, people: -2}
  - {id: "null", name: "# hash", cost: "1 to 3", groups: "h:{uniform: [0, 0.1]}"}
  - {id: "1e5", name: 技术 𝔘, cost: 0.123456789}
levels:
  - {technique: "-x", level: half, cost: 1, success: 0.4}
  - {technique: "-x", level: full, cost: 2}
  - {technique: "1e5", level: full, cost: 0.12345678}
groups: {g: 0.2, h: 0.5}
modes:
  - {id: tech, name: "+1", probability: {beta: [2, 5]}, loss: 3}
  - {id: "2025", probability: "0.1 to 0.4"}
  - {id: c, probability: 0.1234567890123456789012345678}
scale: {"?": "0.05 to 0.8", "-": 0.05, "#": 1, "'=": 0.5}
vulnerability:
  "-x": {tech: "?", "2025": 0.25, c: "#"}
  "007": {tech: "-", "2025": "'=", c: 0.30000000000000004}
  "null": {tech: {uniform: [0.1, 0.2]}, "2025": 1, c: 0}
  "1e5": {tech: {mix: {"?": 0.5, "-": 0.5}}, "2025": 0.1, c: 0.2}
joint: {modes: {tech: {"2025": -0.25, c: 0.1}, "2025": {c: 0.3333333333333333}}}
unlisted: 0.01
baseline_loss: 0.5
threshold: 0.75
samples: 100
rules:
  fund: ["-x:half"]
  exclude: ["1e5:full"]
  requires: {"007": ["-x:half", "null"]}
  at_most: [{of: ["-x", "007"], count: 1}]
  limits:
    - {attribute: people, at_least: -5}
    - {attribute: cost, of: ["null"], at_most: 2, at_least: 0}
    - {attribute: cost, of: [], at_most: 7}
committed: ["null"]
what_if: {"=a, b": {budget: "4.50", vulnerability.null.c: "{beta: [1, 2]}"}, nothing: {}}
sources:
  - {table: modes, row: c, column: "", source: "=line one\\nline two", date: "2025", confidence: "H"}
experts:
  "-anna/[1]": {weight: 2, table: {"-x": {tech: 1, "2025": 1, c: 1}, "007": {tech: "?", "2025": 0, c: 1}, "null": {tech: 0, "2025": 0, c: 0}, "1e5": {tech: 0, "2025": 0, c: 0}}}
  "-anna/ 1": {table: {"-x": {tech: 0, "2025": 1, c: 1}, "007": {tech: "?", "2025": 0, c: 1}, "null": {tech: 0, "2025": 0, c: 0}, "1e5": {tech: 0, "2025": 0, c: 0}}}
"""


def canonical(scenario: Scenario) -> Scenario:
    """What reading gives for what the generator leaves open: an attribute that is not there is 0,
    a correlation of 0 is none, a failure of 1 is not written, rules stand in order."""
    names = sorted({name for t in scenario.techniques for name, _ in t.attributes})
    techniques = tuple(
        replace(t, attributes=tuple((name, dict(t.attributes).get(name, ZERO)) for name in names))
        for t in scenario.techniques
    )
    threats = scenario.threats
    if isinstance(threats, ExplicitWorlds):
        kept = tuple(f for f in threats.failure if not is_one(f[2]))
        threats = replace(threats, failure=kept)
    elif threats.joint.factor is not None and threats.joint.factor.mean == 0:
        threats = replace(threats, joint=Joint())
    old = scenario.rules
    limits = sorted(
        old.limits, key=lambda r: (r.attribute, r.of or (), str(r.at_least), str(r.at_most))
    )
    rules = replace(
        old,
        fund=tuple(sorted(old.fund, key=in_order)),
        exclude=tuple(sorted(old.exclude, key=in_order)),
        requires=tuple(
            sorted(
                ((choice, tuple(sorted(needs, key=in_order))) for choice, needs in old.requires),
                key=lambda pair: in_order(pair[0]),
            )
        ),
        at_most=tuple(sorted(old.at_most, key=lambda rule: (rule.of, rule.count))),
        limits=tuple(limits),
    )
    return replace(scenario, techniques=techniques, threats=threats, rules=rules)


def in_order(choice: Choice) -> tuple[str, str]:
    return choice.technique, choice.level or ""


def is_one(value: object) -> bool:
    return isinstance(value, Number) and value.value == 1


def check_all_forms(scenario: Scenario, folder: Path) -> None:
    """Folder -> workbook -> folder, each with the digest of the first; the second folder would
    have the bytes of the first, file by file."""
    write_folder(scenario, folder / "one")
    one = read(folder / "one")
    (folder / "book.xlsx").write_bytes(workbook_bytes(one))
    again = read(folder / "book.xlsx")
    assert digest(one) == digest(again) == digest(scenario)
    files = folder_files(again)
    assert files == folder_files(one)
    for name, text in files.items():
        assert (folder / "one" / name).read_bytes().decode() == text


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[pytest.mark.slow] if path.name == "agendas-2025" else [])
        for path in SHIPPED
    ],
    ids=lambda path: path.name,
)
def test_every_shipped_scenario_goes_through_a_workbook_and_back(
    path: Path, tmp_path: Path
) -> None:
    check_all_forms(read(path), tmp_path)


def test_all_that_the_format_knows_goes_through_a_workbook_and_back(tmp_path: Path) -> None:
    (tmp_path / "rich.yaml").write_text(RICH, encoding="utf-8")
    scenario = read(tmp_path / "rich.yaml")
    check_all_forms(scenario, tmp_path)
    texts = [
        cell.value
        for row in openpyxl.load_workbook(tmp_path / "book.xlsx")["techniques"]
        for cell in row
    ]
    assert not [t for t in texts if isinstance(t, str) and t.startswith(("=", "+", "@"))]
    lines = (tmp_path / "one" / "techniques.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["id", "'-x", "007", "1e5", "null"]


@pytest.mark.parametrize("seed", range(12))
def test_any_random_scenario_goes_through_a_workbook_and_back(seed: int, tmp_path: Path) -> None:
    check_all_forms(canonical(random_scenario(seed)), tmp_path)


def test_long_failure_tables_are_written_pair_by_pair(tmp_path: Path) -> None:
    names = [f"w{k}" for k in range(31)]
    worlds = "world,weight\n" + "".join(f"{name},1\n" for name in names)
    scenario = read(
        write(
            tmp_path / "f", explicit(worlds=worlds, failure="technique,world,failure\na,w3,0.5\n")
        )
    )
    assert tables_of(scenario)["failure"].header == ("technique", "world", "failure")
    check_all_forms(scenario, tmp_path)


def test_a_workbook_is_read_back_when_it_is_written(tmp_path: Path) -> None:
    scenario = read(ROOT / "scenarios" / "three")
    path = write_workbook(scenario, tmp_path / "book.xlsx")
    assert path.read_bytes() == workbook_bytes(scenario)


def test_the_same_scenario_gives_the_same_bytes() -> None:
    scenario = read(ROOT / "scenarios" / "three")
    assert workbook_bytes(scenario) == workbook_bytes(scenario)
    assert empty_workbook() == empty_workbook()


def test_an_apostrophe_keeps_text_from_running_and_is_no_part_of_it(tmp_path: Path) -> None:
    names = "id,name,cost\na,'=1+1,1\nb,'tis,2\n"
    scenario = read(write(tmp_path, base(techniques=names)))
    assert [t.name for t in scenario.techniques] == ["=1+1", "'tis"]


def test_other_systems_line_ends_in_a_cell_are_one_content(tmp_path: Path) -> None:
    head = "table,row,column,source\n"
    texts = [head + 'modes,m,probability,"a\nb"\n', head + 'modes,m,probability,"a\r\nb"\n']
    main = MAIN + "sources: s.csv\n"
    found = {
        digest(read(write(tmp_path / str(k), base(main=main, s=t)))) for k, t in enumerate(texts)
    }
    assert len(found) == 1


def test_the_empty_workbook_asks_for_what_is_missing_and_takes_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "new.xlsx"
    path.write_bytes(empty_workbook())
    book = openpyxl.load_workbook(path)
    fill_in(book)
    book.save(path)
    scenario = read(path)
    assert scenario.warnings == ()
    of_folder = read(write(tmp_path / "folder", base()))
    assert isinstance(scenario.threats, FailureModes)
    assert scenario.techniques == of_folder.techniques
    assert scenario.threats == of_folder.threats
    assert scenario.budget == of_folder.budget


def fill_in(book: openpyxl.Workbook) -> None:
    """What a person would type for `scenario_files.base()`, below the example rows."""
    rows = {
        "techniques": [["a", "Alpha", 1], ["b", "Beta", 2]],
        "modes": [["m", None, 0.1], ["n", None, 0.2]],
        "vulnerability": [["a", 0.5, 0.1], ["b", 0.2, 0.3]],
    }
    for name, lines in rows.items():
        for number, line in enumerate(lines, start=3):
            for column, value in enumerate(line, start=1):
                book[name].cell(number, column, value)
    for column, mode in enumerate("mn", start=2):
        book["vulnerability"].cell(1, column, mode)
    for row in book["scenario"].iter_rows():
        row[1].value = {"name": "Base", "budget": 3}.get(row[0].value, row[1].value)


@pytest.mark.slow
def test_a_workbook_that_libreoffice_saved_reads_back_the_same(tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice (soffice) is not installed: its workbooks are not tried here")
    made = tmp_path / "in" / "rich.xlsx"
    made.parent.mkdir()
    (tmp_path / "rich.yaml").write_text(RICH, encoding="utf-8")
    scenario = read(tmp_path / "rich.yaml")
    made.write_bytes(workbook_bytes(scenario))
    filled = tmp_path / "in" / "filled.xlsx"
    filled.write_bytes(empty_workbook())
    book = openpyxl.load_workbook(filled)
    fill_in(book)
    # A formula that only the spreadsheet program calculates: 1.5 * 2.
    book["techniques"]["C4"] = "=SUM(0.5,1.5)"
    book.save(filled)
    subprocess.run(
        [
            soffice,
            f"-env:UserInstallation=file://{tmp_path / 'profile'}",
            "--headless",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(tmp_path / "out"),
            str(made),
            str(filled),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    assert digest(read(tmp_path / "out" / "rich.xlsx")) == digest(scenario)
    of_folder = read(write(tmp_path / "folder", base()))
    again = read(tmp_path / "out" / "filled.xlsx")
    assert again.techniques == of_folder.techniques
    assert again.threats == of_folder.threats


def test_a_mode_may_be_called_like_the_column_of_ids(tmp_path: Path) -> None:
    modes = "id,probability\ntechnique,0.1\nid,0.2\n"
    cells = ",technique,id\na,0.5,0.1\nb,0.2,0.3\n"
    check_all_forms(read(write(tmp_path / "f", base(modes=modes, vulnerability=cells))), tmp_path)
