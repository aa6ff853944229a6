"""The scenario of 74 agendas is what its facts and its assumptions make."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from planner.scenario.ledger import Ledger, cells, others
from planner.scenario.read import read

FOLDER = Path(__file__).parents[2] / "scenarios" / "agendas-2025"
MADE = {
    "scenario.yaml",
    "techniques.csv",
    "levels.csv",
    "modes.csv",
    "vulnerability.csv",
    "sources.csv",
}


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_agendas", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_committed_tables_are_what_facts_and_assumptions_make(make: ModuleType) -> None:
    made = make.files(FOLDER / "facts", FOLDER / "assumptions.yaml")
    assert set(made) == MADE
    for name, text in made.items():
        assert (FOLDER / name).read_bytes() == text.encode(), f"{name}: run make.py"


def test_a_changed_assumption_reaches_the_tables(make: ModuleType, tmp_path: Path) -> None:
    text = (FOLDER / "assumptions.yaml").read_text(encoding="utf-8")
    changed = tmp_path / "assumptions.yaml"
    changed.write_text(text.replace("problem: 0.05 to 0.6", "problem: 0.125"), encoding="utf-8")
    made = make.files(FOLDER / "facts", changed)
    assert made["modes.csv"].count("0.125\n") == 13
    before = make.files(FOLDER / "facts", FOLDER / "assumptions.yaml")
    assert {name for name in made if made[name] != before[name]} == {"modes.csv"}


def test_every_agenda_problem_and_pair_of_the_review_is_there() -> None:
    """Counts stand in the review: 74 agendas, 59 of which name a problem, 63 a staff figure."""
    agendas, pairs = rows(FOLDER / "facts/agendas.csv"), rows(FOLDER / "facts/addresses.csv")
    assert (len(agendas), len(pairs)) == (74, 128)
    assert len({row["agenda"] for row in pairs}) == 59
    assert sum(bool(row["staff_low"]) for row in agendas) == 63
    for problem in rows(FOLDER / "facts/problems.csv"):
        count = sum(pair["problem"] == problem["id"] for pair in pairs)
        assert count == int(problem["agendas"]), problem["id"]
    matrix = rows(FOLDER / "vulnerability.csv")
    told = {(r["technique"], p) for r in matrix for p, cell in r.items() if cell == "addressed"}
    assert told == {(pair["agenda"], pair["problem"]) for pair in pairs}


def test_staff_is_scaled_to_the_headcount_counted_once() -> None:
    """The factor makes the agendas' researchers add up to the independent count of 629."""
    assumed = YAML(typ="safe", pure=True).load(FOLDER / "assumptions.yaml")
    counted = {row["id"]: row for row in rows(FOLDER / "facts/estimates.csv")}["headcount"]
    total = sum(float(row["researchers"]) for row in rows(FOLDER / "techniques.csv"))
    assert assumed["staff"]["counted_once"] == 0.28
    assert total == pytest.approx(float(counted["central"]), rel=0.01)


def test_every_number_leads_to_a_source_or_to_the_assumptions() -> None:
    """A walk over all of them: a source that is no assumption names the review's entry or a file
    of facts; an assumption names keys that stand in assumptions.yaml."""
    scenario = read(FOLDER)
    assumed = YAML(typ="safe", pure=True).load(FOLDER / "assumptions.yaml")
    entries = {row["id"]: row["entry"] for row in rows(FOLDER / "facts/agendas.csv")}
    ledger = Ledger(scenario)
    figures = [*cells(scenario), *others(scenario)]
    assert len(cells(scenario)) == 74 * 13
    assert len(figures) > 74 * 13 + 74 * 6
    for table, row, column, _ in figures:
        found = ledger.sources_of(table, row, column)
        assert found, f"{table}, {row}, {column} has no source"
        for source in found:
            lead, colon, keys = source.source.partition(": assumptions.yaml")
            if lead == "Assumption":
                assert colon
                place = assumed
                for key in filter(None, keys.strip(", ").split(", ")):
                    place = place[key]
            else:
                assert source.note.endswith(entries[row.partition(":")[0]])


def test_gaps_are_kept_and_marked() -> None:
    """15 agendas name no problem, 11 have no staff figure, 3 only a lower end."""
    marked = [row for row in rows(FOLDER / "sources.csv") if row["note"].startswith("GAP")]
    assert sum(row["table"] == "vulnerability" for row in marked) == 15
    assert sum(row["table"] == "levels" for row in marked) == 11 + 3
