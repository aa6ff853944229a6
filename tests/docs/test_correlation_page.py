"""docs/background/correlation-explained.md quotes what the tool gives now."""

import re
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from factory import scenario

from planner.plan import recommend
from planner.report.explain_price import _more
from planner.report.figures_explain import drawings
from planner.report.wording import percent, short
from planner.scenario.read import read
from planner.solve.search import Search
from planner.study.explain import explain
from planner.study.naive import price_of_ignoring, spread_budgets

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGE = (DOCS / "background" / "correlation-explained.md").read_text("utf-8")
PAPER = read(ROOT / "scenarios" / "dung-mai-2025")


@pytest.fixture(scope="module")
def best():
    return explain(recommend(PAPER))


@pytest.fixture(scope="module")
def price(best):
    question = best.plan.question
    return price_of_ignoring(question, spread_budgets(question.settled), Search())


def test_every_figure_is_there_and_says_what_it_shows_now(best, price):
    for drawing in drawings(best, price):
        assert f"![{drawing.alt}](../figures/{drawing.name}.svg)" in PAGE
        root = ElementTree.fromstring((DOCS / "figures" / f"{drawing.name}.svg").read_bytes())
        assert root.findtext("{http://www.w3.org/2000/svg}desc") == drawing.alt
    assert PAGE.count("](../figures/") == 7


def test_ten_techniques_at_a_tenth():
    for loading, words in (
        (0, "all ten fail with probability 1e-10"),
        ("0.5", "loading 0.5 all ten fail with probability 0.001605"),
        ("0.9", "of loading 0.9 with 0.03361"),
    ):
        given = scenario([[0]] * 10, 0, background="0.1", groups={"g": [loading] * 10}, budget=10)
        risk = recommend(given).risk
        assert words in PAGE
        assert float(words.split()[-1]) == pytest.approx(risk, rel=5e-4)


def test_the_seven_and_the_best_stack(best):
    everything, stack, both = best.everything, best.stack, best.everything.correlation
    names = both.labels
    cheap = [names.index(name) for name in ("rlhf", "rlaif", "w2s")]
    a, b, c = cheap
    jaccard = [f"{both.jaccard[i][j]:.2f}" for i, j in ((a, b), (a, c), (b, c))]
    assert f"Jaccard {jaccard[0]}, {jaccard[1]} and {jaccard[2]}" in PAGE
    assert f"share {both.shared[a][b]} of the {both.union[a][b]} modes in their union" in PAGE
    assert f"like {short(everything.effective_layers, 3)} independent layers" in PAGE
    assert f"leave a risk of {short(everything.risk)}" in PAGE
    assert f"independent, {short(everything.band.independent)} would be left" in PAGE
    assert f"factor of {short(everything.diversification_gap, 3)} is" in PAGE
    assert f"are worth {short(stack.effective_layers, 3)} layers" in PAGE
    assert f"a factor of {short(stack.diversification_gap, 3)}." in PAGE
    alone = {row.reading: row for row in best.dependence.rows}["independent"]
    assert alone.stack == ("debate", "re", "rlaif", "rlhf", "w2s")
    assert (
        f"expect {short(alone.best_risk)}. The model says {short(alone.risk_under_model)}" in PAGE
    )
    assert f"against {short(stack.risk)} for the best stack" in PAGE
    drivers = stack.drivers
    assert f"{percent(drivers.multiple / drivers.risk)} comes from worlds" in PAGE
    assert [set(p.modes) for p in drivers.pairs[:2]] == [{"al-gen", "s-tax"}, {"dec-al", "s-tax"}]
    assert f"a part in {percent(drivers.pairs[0].share)} of it" in PAGE
    assert everything.cut_sets.sets[0] == ("al-gen", "s-tax")
    sole = {column.mode: column.fails for column in everything.cut_sets.columns}
    assert sole["al-gen"] == 6


@pytest.mark.parametrize(
    ("stack", "row"),
    [
        ("rlhf, rlaif, w2s", "5 | 1 | 1 | 1"),
        ("debate, re", "al-gen | 1 | 1 | 1"),
        ("ida, re", "al-gen | 1 | 1 | 1"),
        ("debate, scientist-ai", "none | 2 | 2 | 1, by any of 3 modes"),
        ("re, scientist-ai", "none | 2 | 2 | 2"),
    ],
)
def test_the_table_of_depths(best, stack, row):
    assert f"| {stack} | {row} |" in PAGE
    found = explain(best.plan, stack.split(", ")).stack
    cuts = found.cut_sets
    single = ", ".join(cuts.single) or "none"
    if len(cuts.single) > 1:
        single = str(len(cuts.single))
        assert f"Three techniques protect like {short(found.effective_layers, 3)} layers" in PAGE
    fail = str(cuts.if_fail.depth)
    if len(cuts.if_fail.single) > 1 and not cuts.single:
        fail += f", by any of {len(cuts.if_fail.single)} modes"
    assert row == f"{single} | {cuts.depth} | {cuts.if_hold.depth} | {fail}"


@pytest.mark.parametrize("budget", [6, 9, 12])
def test_depth_against_expected_risk(budget):
    by_depth, expected = (recommend(PAPER, o, budget=budget) for o in ("depth", "expected"))
    if budget == 9:
        assert by_depth.stack == expected.stack == ("re", "scientist-ai")
        return
    text = PAGE[PAGE.index(f"At budget {budget} depth takes") :].split(". ")[0]
    assert short(by_depth.risk) in text
    assert short(expected.risk) in text
    assert by_depth.depth == expected.depth == (1 if budget == 6 else 2)
    for name in expected.stack:
        assert name in text


def test_where_the_readings_disagree():
    found = explain(recommend(PAPER, budget=15)).readings
    for row in found.rows:
        line = f"| {', '.join(row.stack)} (chosen by `{row.reading}`)"
        assert f"{line} | {short(row.risk_together)} | {short(row.risk_by_mode)} |" in PAGE
    assert "s-tax (1.877e-06 against 0.01115)" in found.sentence
    assert "1.877e-06 against 0.01115" in PAGE


def test_the_price(price):
    rows = {(row.budget, row.rule): row for row in price.rows}
    nine = {rule: row for (budget, rule), row in rows.items() if budget == 9}
    text = " ".join(PAGE[PAGE.index("## The price of ignoring") :].split())
    more = {rule: _more(row.ratio).strip("+") for rule, row in nine.items()}
    assert f"assuming independence costs {more['independent']}" in text
    assert more["independent"] == more["best_alone"] == more["equal_split"]
    assert f"the most modes costs {more['most_modes']}" in text
    assert f"a random stack {more['random']} on average" in text
    for budget in ("6.71", "12.43"):
        row = rows[Decimal(budget), "independent"]
        assert row.excess == 0
        assert row.promised < row.risk * 0.6
    assert re.search(r"At 6\.71 and at 12\.43 independence happens to choose", text)
