"""Which source stands behind which number, and how wide its confidence makes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import MAIN, base, explicit, write

from planner.scenario.by_confidence import widened
from planner.scenario.draw import draw, settle_at
from planner.scenario.ledger import Count, Ledger, cells, count, others
from planner.scenario.read import read
from planner.scenario.types import FailureModes, Scenario
from planner.scenario.values import Interval, number

HEAD = "table,row,column,source,confidence\n"


def of(tmp_path: Path, sources: str, **more: str) -> Scenario:
    main = more.pop("main", MAIN) + "sources: s.csv\n"
    return read(write(tmp_path, base(main=main, s=HEAD + sources, **more)))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("vulnerability,a,m,One,\n", ["One"]),
        ("vulnerability,a,*,Row,\nvulnerability,a,m,One,\n", ["One"]),
        ("vulnerability,a,*,Row,\nvulnerability,*,m,Column,\n", ["Row"]),
        ("vulnerability,*,*,All,\nvulnerability,*,m,Column,\n", ["Column"]),
        ("vulnerability,*,*,All,\nvulnerability,b,m,Other,\n", ["All"]),
        ("vulnerability,a,m,Two,\nvulnerability,a,m,One,\n", ["One", "Two"]),
        ("techniques,a,*,Elsewhere,\n", []),
    ],
)
def test_the_source_that_names_a_number_most_exactly_counts(
    tmp_path: Path, rows: str, expected: list[str]
) -> None:
    scenario = of(tmp_path, rows)
    assert scenario.warnings == ()
    found = Ledger(scenario).sources_of("vulnerability", "a", "m")
    assert [source.source for source in found] == expected


def test_levels_are_covered_one_by_one_or_together(tmp_path: Path) -> None:
    scenario = of(
        tmp_path,
        "levels,*:half,cost,Halves,\nlevels,a,cost,Both,\nlevels,a:full,cost,Full,\n",
        main=MAIN + "levels: levels.csv\n",
        techniques="id,name,cost\na,Alpha,\nb,Beta,\n",
        levels="technique,level,cost\na,full,1\na,half,0.5\nb,full,1\nb,half,0.5\n",
    )
    assert scenario.warnings == ()
    ledger = Ledger(scenario)

    def source(row: str) -> list[str]:
        return [source.source for source in ledger.sources_of("levels", row, "cost")]

    assert [source(row) for row in ("a:full", "a:half", "b:half", "b:full")] == [
        ["Full"],
        ["Both"],
        ["Halves"],
        [],
    ]


def test_numbers_are_counted_by_standing_and_confidence(tmp_path: Path) -> None:
    """Two techniques by two modes: four cells; two costs and two probabilities beside them."""
    rows = (
        "vulnerability,a,*,Paper,H\nvulnerability,b,m,Our assumption,L\n"
        "techniques,*,cost,Assumption: all alike,\n"
    )
    scenario = of(tmp_path, rows)
    ledger = Ledger(scenario)
    assert count(ledger, cells(scenario)) == Count(2, 1, 1, {"H": 2, "L": 1})
    assert count(ledger, others(scenario)) == Count(0, 2, 2, {})
    assert count(ledger, cells(scenario)).all == 4


def test_what_a_blank_cell_means_is_no_number_of_the_funder(tmp_path: Path) -> None:
    scenario = read(write(tmp_path, base()))
    written = {(f.table, f.row, f.column) for f in others(scenario)}
    assert written == {
        ("techniques", "a", "cost"),
        ("techniques", "b", "cost"),
        ("modes", "m", "probability"),
        ("modes", "n", "probability"),
    }


def test_what_is_written_beside_the_model_is_a_number_too(tmp_path: Path) -> None:
    main = MAIN + "groups: {g: 0.4}\njoint: {modes: 0.3}\nunlisted: 0.01\n"
    techniques = "id,cost,success,background,groups,staff\na,1,0.9,0.02,g:0.3,5\nb,2,,,g,\n"
    modes = "id,probability,loss\nm,0.1,2\nn,0.2,\n"
    scenario = read(write(tmp_path, base(main=main, techniques=techniques, modes=modes)))
    assert [(f.table, f.row, f.column, str(f.value)) for f in others(scenario)] == [
        ("techniques", "a", "cost", "1"),
        ("techniques", "a", "success", "0.9"),
        ("techniques", "a", "background", "0.02"),
        ("techniques", "a", "groups", "0.3"),
        ("techniques", "a", "staff", "5"),
        ("techniques", "b", "cost", "2"),
        ("modes", "m", "probability", "0.1"),
        ("modes", "m", "loss", "2"),
        ("modes", "n", "probability", "0.2"),
        ("scenario", "joint", "value", "0.3"),
        ("groups", "g", "loading", "0.4"),
        ("scenario", "unlisted", "value", "0.01"),
    ]


def test_weights_and_losses_of_worlds_are_numbers_too(tmp_path: Path) -> None:
    worlds = "world,weight,loss\ncalm,0.7,1\nstorm,0.3,5\n"
    plain = read(write(tmp_path / "plain", explicit()))
    lossy = read(write(tmp_path / "lossy", explicit(worlds=worlds)))
    kept = [[f[1:3] for f in others(s) if f.table == "worlds"] for s in (plain, lossy)]
    assert kept[0] == [("calm", "weight"), ("storm", "weight")]
    assert kept[1] == [
        ("calm", "weight"),
        ("calm", "loss"),
        ("storm", "weight"),
        ("storm", "loss"),
    ]


def test_explicit_failures_are_cells_too(tmp_path: Path) -> None:
    scenario = read(write(tmp_path, explicit()))
    assert [f[:3] for f in cells(scenario)] == [
        ("failure", "a", "calm"),
        ("failure", "a", "storm"),
        ("failure", "b", "storm"),
    ]


def test_confidence_widens_plain_numbers_alone(tmp_path: Path) -> None:
    """0.5 has odds 1: with M, odds from 1/3 to 3 are 0.25 to 0.75. A cost of 2 with H runs from
    2 / 1.2 to 2 * 1.2."""
    scenario = of(
        tmp_path,
        "vulnerability,a,*,Paper,M\nvulnerability,b,m,Paper,H\ntechniques,b,cost,Paper,H\n"
        "vulnerability,b,n,Paper,sure\nmodes,m,probability,Paper,l\n",
        vulnerability="technique,m,n\na,0.5,1\nb,0.1 to 0.3,0.3\n",
    )
    wide = widened(scenario)
    assert isinstance(wide.threats, FailureModes)
    (half, one), (interval, word) = wide.threats.cells
    assert isinstance(half.value, Interval)
    assert (half.value.low, half.value.high) == (
        number("0.25").value,
        number("0.75").value,
    )
    assert one.value == number(1)
    assert str(interval.value) == "0.1 to 0.3"
    assert word.value == number("0.3")
    cost = wide.technique("b").levels[0].cost
    assert isinstance(cost, Interval)
    assert float(cost.low) == pytest.approx(2 / 1.2)
    assert float(cost.high) == pytest.approx(2.4)
    assert wide.technique("a") == scenario.technique("a")
    chance = wide.threats.modes[0].probability
    assert isinstance(chance, Interval)
    assert float(chance.low) == pytest.approx((1 / 9 / 10) / (1 + 1 / 9 / 10))


def test_the_written_number_is_the_median_of_its_draws(tmp_path: Path) -> None:
    scenario = of(
        tmp_path,
        "vulnerability,a,m,Paper,L\n",
        vulnerability="technique,m,n\na,0.8,0\nb,0,0\n",
    )
    draws = draw(widened(scenario), 512, 7)
    values = sorted(settle_at(draws, k).threats.vulnerability[0, 0] for k in range(512))
    assert values[255] == pytest.approx(0.8, abs=0.01)
    assert values[25] == pytest.approx(4 / 10 / (1 + 4 / 10), abs=0.02)
