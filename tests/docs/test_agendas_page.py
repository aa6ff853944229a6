"""docs/background/what-the-data-says.md quotes what the tool gives now."""

from collections import Counter
from pathlib import Path

import pytest

from planner.plan import Plan, recommend
from planner.risk.cutsets import cut_sets
from planner.risk.drivers import drivers
from planner.scenario.changes import change_all
from planner.scenario.read import read
from planner.scenario.types import FailureModes

ROOT = Path(__file__).parents[2]
PAGE = " ".join((ROOT / "docs/background/what-the-data-says.md").read_text("utf-8").split())
AGENDAS = read(ROOT / "scenarios" / "agendas-2025")
#: Rows of the table of changes -> the named change of the scenario.
CHANGES = {
    "published proxies for three probabilities": "published proxies",
    "targets are mostly held (0.3)": "targets mostly held",
    "targets are hardly held (0.85)": "targets hardly held",
    "the reading is together": "together",
    "the 15 unlabelled agendas address as much as the others": "benefit of the doubt",
}


@pytest.fixture(scope="module")
def half() -> Plan:
    return recommend(AGENDAS, budget="38.21")


def whole(share: float) -> str:
    return f"{share:.0%}"


def addressed() -> Counter[str]:
    """Agendas that address each problem, by the symbols of the table alone."""
    threats = AGENDAS.threats
    assert isinstance(threats, FailureModes)
    found: Counter[str] = Counter({mode.id: 0 for mode in threats.modes})
    for row in threats.cells:
        found.update(
            m.id for m, cell in zip(threats.modes, row, strict=True) if cell.symbol == "addressed"
        )
    return found


def test_the_counts_are_those_of_the_table() -> None:
    counts, threats = addressed(), AGENDAS.threats
    assert isinstance(threats, FailureModes)
    top = sorted(counts.values())[-3:]
    assert f"Of the {sum(counts.values())} pairs {sum(top)} fall on three problems." in PAGE
    assert top == [24, 26, 29]
    assert sorted(counts.values())[:10] == [0, 1, 3, 3, 3, 4, 6, 8, 8, 13]
    for line in (
        "incomprehensible plans | 0",
        "dangerous pivotal capability | 1",
        "3 each",
        "8 each",
    ):
        assert f"{line} |" in PAGE
    silent = [row for row in threats.cells if all(cell.symbol == "unstated" for cell in row)]
    assert len(silent) == 15
    assert "Fifteen agendas name none" in PAGE
    cells = sum(len(row) for row in threats.cells)
    gaps = 13 * len(silent)
    assert f"of {cells} cells {cells - gaps} come from the review's table and {gaps} are" in PAGE


def test_what_all_cost_and_what_nothing_and_everything_leave(half: Plan) -> None:
    program, settled = half.program, half.question.settled
    dearest = [max(ks, key=lambda k: settled.cost[k]) for ks in settled.options_of.values()]
    total = half.money(sum(settled.cost[k] for k in dearest))
    assert f"({total} USD million)" in PAGE
    columns = [program.option.index(k) for k in dearest]
    assert f"With nothing funded the risk is {half.risk_empty:.2f} by-mode" in PAGE
    assert f"All 74 at full cost leave {program.value(columns):.2f} by-mode" in PAGE


def test_where_the_rest_of_the_risk_sits(half: Plan) -> None:
    question = half.question
    options = question.options(half.program, half.columns)
    found = drivers(question.settled, question.worlds, options)
    shares = {mode.mode: mode.share for mode in found.modes}
    few = ("fair-process", "humanlike", "no-seat", "others-deploy")
    six = shares["opaque-plans"] + shares["pivotal-hazard"] + sum(shares[mode] for mode in few)
    assert f"six problems hold {whole(six)} of the remaining risk" in PAGE
    assert f"incomprehensible plans alone {whole(shares['opaque-plans'])}" in PAGE
    assert f"pivotal capability {whole(shares['pivotal-hazard'])}" in PAGE
    four = whole(sum(shares[mode] for mode in few))
    assert f"the four with three or four agendas {four}" in PAGE
    assert all(addressed()[mode] in (3, 4) for mode in few)
    assert half.depth == 1
    cuts = cut_sets(question.settled, options)
    assert cuts is not None
    assert cuts.single == ("opaque-plans",)


def test_what_other_beliefs_change() -> None:
    base = recommend(AGENDAS)
    for row, name in CHANGES.items():
        changed = recommend(change_all(AGENDAS, dict(AGENDAS.what_if)[name]))
        kept = tuple(changed.program.labels.index(label) for label in base.stack)
        best, own = f"{changed.risk:.4g}", f"{changed.program.value(kept):.4g}"
        after = PAGE[PAGE.index(f"| {row} |") + len(row) + 4 :].split("|")[:2]
        assert float(after[0]) == pytest.approx(float(best), rel=6e-4)
        assert float(after[1].strip(" *").split(":")[0]) == pytest.approx(float(own), rel=6e-4)
        assert "the same stack" not in after[1] or changed.stack == base.stack
