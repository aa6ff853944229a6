"""Draws against closed forms, and the promises about what a draw depends on."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import factory
import numpy as np
import pytest
from factory import scenario, value
from scenario_files import MAIN, base, write
from scipy import stats

from planner.errors import BadInput
from planner.scenario.changes import change
from planner.scenario.draw import costs, draw, settle_at
from planner.scenario.experts import expert_names, pooled_scenario, scenario_of_expert, weights_of
from planner.scenario.numbers import NotAValue, parse_mixture, parse_value
from planner.scenario.quantiles import quantile
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.scenario.types import Cell
from planner.scenario.uncertain import uncertain_numbers
from planner.scenario.values import Beta, Interval, Mixture, Number, Part, Pert, Uniform, mixture

D = Decimal
SHARES = np.array([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
LOGIT = stats.norm(
    (math.log(1 / 9) + math.log(0.4 / 0.6)) / 2,
    (math.log(0.4 / 0.6) - math.log(1 / 9)) / (2 * stats.norm.ppf(0.95)),
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # scipy.stats has each of these distributions independently of the planner.
        (Beta(D(2), D(5)), stats.beta(2, 5).ppf(SHARES)),
        (Pert(D(1), D(2), D(6)), stats.beta(1.8, 4.2, loc=1, scale=5).ppf(SHARES)),
        (Uniform(D("0.05"), D("0.75")), stats.uniform(0.05, 0.7).ppf(SHARES)),
        (Interval(D("0.1"), D("0.4"), "probability"), 1 / (1 + np.exp(-LOGIT.ppf(SHARES)))),
        (
            Interval(D(2), D(8), "amount"),
            stats.lognorm(math.log(4) / 2 / stats.norm.ppf(0.95), scale=4).ppf(SHARES),
        ),
        (Number(D("0.3")), np.full(7, 0.3)),
    ],
)
def test_quantiles_are_those_of_the_named_distribution(written, expected) -> None:
    np.testing.assert_allclose(quantile(written, SHARES), expected, rtol=1e-10)


def test_an_interval_has_its_ends_as_quantiles() -> None:
    ends = quantile(Interval(D("0.1"), D("0.4"), "probability"), np.array([0.05, 0.95]))
    np.testing.assert_allclose(ends, [0.1, 0.4], rtol=1e-12)
    ends = quantile(Interval(D(2), D(8), "amount"), np.array([0.05, 0.95]))
    np.testing.assert_allclose(ends, [2, 8], rtol=1e-12)


@pytest.mark.parametrize(
    "written",
    ["{beta: [2, 5]}", "{pert: [0, 0.1, 0.9]}", "{uniform: [0.1, 0.9]}", "0.1 to 0.6", "0.3"],
)
def test_the_mean_of_the_draws_is_the_mean_that_a_point_answer_uses(written: str) -> None:
    # 4,096 Sobol points integrate a smooth quantile function to better than 1e-3.
    one = parse_value(written, "probability")
    two = mixture([Part(one, D("0.25")), Part(Number(D("0.9")), D("0.75"))])  # type: ignore[arg-type]
    case = scenario([[one, two]], [0.5, 0.5])
    values = draw(case, 4096).block("vulnerability", settle(case).threats.vulnerability)
    np.testing.assert_allclose(
        values.mean(axis=0), [[one.mean, 0.25 * one.mean + 0.75 * 0.9]], atol=1e-3
    )


def test_a_mixture_takes_each_part_by_its_weight_and_larger_shares_never_give_less() -> None:
    mixed = parse_mixture("{mix: {prone: 0.3, 0.05: 0.7}}", "probability", {"prone": value("0.8")})
    u = (np.arange(1000) + 0.5) / 1000
    drawn = quantile(mixed, u)
    assert [np.isclose(drawn, x).sum() for x in (0.05, 0.8)] == [700, 300]
    assert (np.diff(drawn) >= 0).all()
    assert mixed.mean == pytest.approx(0.7 * 0.05 + 0.3 * 0.8)
    assert str(mixed) == "{mix: {0.05: 0.7, prone: 0.3}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{mix: {ok: 0.5, prone: 0.4}}", "sum to 0.9"),
        ("{mix: {ok: 0.5, mixed: 0.5}}", "mixture itself"),
        ("{mix: {okay: 0.5, prone: 0.5}}", "neither a number nor a symbol"),
        ("{mix: {1.2: 0.5, prone: 0.5}}", "outside 0 to 1"),
        ("{mix: {ok: 0, prone: 1}}", "the weight 0"),
        ("{mix: {ok, prone}}", "weight is missing"),
        ("{mix: {ok: 0.5, ok: 0.5}}", "twice"),
        ("{mix: [ok, prone]}", "no mixture"),
    ],
)
def test_a_mixture_that_is_none_is_refused(text: str, message: str) -> None:
    scale = {"ok": value("0.05"), "prone": value("0.8")}
    scale["mixed"] = parse_mixture("{mix: {ok: 0.5, prone: 0.5}}", "probability", scale)
    with pytest.raises(NotAValue, match=message):
        parse_mixture(text, "probability", scale)


def test_a_mixture_in_the_scale_is_read_and_follows_a_change_of_its_symbols(tmp_path: Path) -> None:
    main = MAIN + 'scale: {ok: 0.1, prone: 0.8, "?": {mix: {ok: 0.5, prone: 0.5}}}\n'
    table = 'technique,m,n\na,?,"{mix: {ok: 0.25, prone: 0.75}}"\nb,ok,prone\n'
    found = read(write(tmp_path / "one", base(main=main, vulnerability=table)))
    first, second = found.threats.cells[0]  # type: ignore[union-attr]
    assert (first.symbol, first.value.mean) == ("?", pytest.approx(0.45))
    assert second.value.mean == pytest.approx(0.625)
    # What the edited files would give.
    edited = read(
        write(tmp_path / "two", base(main=main.replace("0.8", "0.4"), vulnerability=table))
    )
    assert change(found, "scale.prone", "0.4") == edited
    assert change(found, "vulnerability.a.m", "{mix: {ok: 0.5, 0.3: 0.5}}").threats != found.threats
    with pytest.raises(BadInput, match="part of a mixture"):
        change(found, "scale.ok", "{mix: {0.1: 0.5, 0.2: 0.5}}")


def _case(**more):
    return scenario(
        [["0.1", Uniform(D(0), D(1))], [Interval(D("0.1"), D("0.4"), "probability"), "0.5"]],
        [Uniform(D("0.1"), D("0.3")), "0.2"],
        costs=[Interval(D(1), D(3), "amount"), 2],
        decimals=2,
        groups={"g": ["0.5", Uniform(D("0.2"), D("0.6"))]},
        **more,
    )


def test_a_draw_depends_on_its_number_alone() -> None:
    case = _case()
    many = draw(case, 300, seed=7)
    np.testing.assert_array_equal(draw(case, 17, seed=7).values, many.values[:17])
    np.testing.assert_array_equal(draw(case, 5, seed=7, start=123).values, many.values[123:128])
    assert not np.array_equal(draw(case, 300, seed=8).values, many.values)


def test_a_settled_draw_differs_from_the_central_one_in_the_uncertain_numbers_alone() -> None:
    case = _case()
    draws = draw(case, 40, seed=1)
    assert draws.paths == (
        "techniques.t01.cost",
        "techniques.t02.groups.g",
        "modes.m01.probability",
        "vulnerability.t01.m02",
        "vulnerability.t02.m01",
    )
    central, found = settle(case), settle_at(draws, 3)
    row = dict(zip(draws.paths, draws.values[3].tolist(), strict=True))
    expected = central.threats.vulnerability.copy()
    expected[0, 1], expected[1, 0] = row["vulnerability.t01.m02"], row["vulnerability.t02.m01"]
    np.testing.assert_array_equal(found.threats.vulnerability, expected)
    np.testing.assert_array_equal(found.threats.probability, [row["modes.m01.probability"], 0.2])
    assert found.threats.loading[1, 0] == row["techniques.t02.groups.g"]
    assert found.cost[1] == central.cost[1] == 200
    # Whole units of account, half-even.
    assert found.cost[0] == round(D(row["techniques.t01.cost"]) * 100) == costs(draws)[3, 0]


def test_every_path_is_one_that_what_if_changes() -> None:
    case = _case(unlisted=Uniform(D(0), D("0.1")), budget=Uniform(D(1), D(2)))
    for number in uncertain_numbers(case):
        changed = change(case, number.path, "0.25" if number.field != "budget" else "1.5")
        assert number.path not in [other.path for other in uncertain_numbers(changed)]


def test_correlated_judgement_moves_all_cells_together_and_leaves_each_its_distribution() -> None:
    case = scenario([[Uniform(D(0), D(1))] * 4] * 2, "0.2", costs=Uniform(D(1), D(2)), decimals=2)
    draws = draw(case, 4096, correlation=0.6)
    cells = draws.values[:, [k for k, n in enumerate(draws.numbers) if n.field == "vulnerability"]]
    scores = stats.norm.ppf(cells)
    found = np.corrcoef(scores.T)
    # A one-factor Gaussian copula: every pair of normal scores has correlation 0.6.
    np.testing.assert_allclose(found[np.triu_indices(8, 1)], 0.6, atol=0.03)
    np.testing.assert_allclose(cells.mean(axis=0), 0.5, atol=0.01)
    assert np.abs(np.corrcoef(cells[:, 0], draws.values[:, 0])[0, 1]) < 0.05
    whole = draw(replace(case, judgement_correlation=value(1)), 64)
    cells = whole.values[:, draws.columns("vulnerability")]
    np.testing.assert_allclose(cells, cells[:, :1].repeat(8, axis=1), rtol=1e-6)


EXPERTS = MAIN + "experts: {ben: {table: e/ben.csv, weight: 3}, anna: e/anna.csv}\n"
ANNA = "technique,n,m\na,0.2,0.9\nb,0.3,0.2\n"
BEN = "technique,m,n\na,0.5,0.1\nb,0.2 to 0.3,0.4\n"


def test_experts_are_read_whole_and_kept_apart(tmp_path: Path) -> None:
    found = read(write(tmp_path, base(main=EXPERTS) | {"e/anna.csv": ANNA, "e/ben.csv": BEN}))
    assert expert_names(found) == ("anna", "ben")
    assert weights_of(found) == {"anna": 0.25, "ben": 0.75}
    anna = scenario_of_expert(found, "anna")
    assert settle(anna).threats.vulnerability.tolist() == [[0.9, 0.2], [0.2, 0.3]]
    assert anna.techniques == found.techniques
    pooled = pooled_scenario(found)
    # By hand: a quarter of 0.9 and three quarters of 0.5.
    assert settle(pooled).threats.vulnerability[0, 0] == pytest.approx(0.25 * 0.9 + 0.75 * 0.5)
    assert isinstance(pooled.threats.cells[0][0].value, Mixture)  # type: ignore[union-attr]
    with pytest.raises(BadInput, match="Did you mean ben"):
        scenario_of_expert(found, "bem")


def test_without_experts_there_is_nobody_to_pool(tmp_path: Path) -> None:
    found = read(write(tmp_path, base()))
    with pytest.raises(ValueError, match="no experts to pool"):
        pooled_scenario(found)
    with pytest.raises(BadInput, match="Add experts"):
        scenario_of_expert(found, "anna")


def test_an_experts_bad_cell_is_named_by_file_row_and_column(tmp_path: Path) -> None:
    bad = ANNA.replace("0.9", "1.9")
    with pytest.raises(BadInput) as caught:
        read(write(tmp_path, base(main=EXPERTS) | {"e/anna.csv": bad, "e/ben.csv": BEN}))
    (finding,) = caught.value.findings
    assert (finding.file, finding.row, finding.column) == ("e/anna.csv", 2, "m")


def test_a_cell_on_which_experts_agree_is_no_mixture() -> None:
    case = scenario([["0.1", "0.2"]], ["0.5", "0.5"])
    cells = ((Cell(value("0.1")), Cell(value("0.4"))),)
    case = replace(
        case,
        experts=(
            factory.expert("x", case.threats.cells),  # type: ignore[union-attr]
            factory.expert("y", cells),
        ),
    )
    pooled = pooled_scenario(case).threats.cells[0]  # type: ignore[union-attr]
    assert pooled[0].value == value("0.1")
    assert pooled[1].value.mean == pytest.approx(0.3)
