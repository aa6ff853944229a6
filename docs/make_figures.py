"""Draws the figures of docs/background into docs/figures.

    python docs/make_figures.py [agendas]

Run it after a change to the figures, to scenarios/dung-mai-2025 (correlation-explained.md) or to
scenarios/agendas-2025 (what-the-data-says.md; with the word `agendas` these alone are drawn, in
about a minute). The same scenario gives the same bytes on one machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

from planner.files import write_bytes
from planner.plan import Question, answer, read_budget, recommend
from planner.report.drawing import Drawing, svg
from planner.report.figures import recommendation_drawing
from planner.report.figures_explain import drawings
from planner.report.figures_frontier import frontier_drawing
from planner.report.figures_robust import core_drawing
from planner.scenario.read import read
from planner.solve.search import Search
from planner.study.explain import explain
from planner.study.frontier import even_budgets, grid
from planner.study.frontier_facts import Facts
from planner.study.frontier_naive import naive_budgets, naive_marks
from planner.study.naive import price_of_ignoring, spread_budgets
from planner.study.ranking import rank
from planner.study.robust import robust

DOCS = Path(__file__).parent


SCENARIOS = DOCS.parent / "scenarios"

#: Of the agendas' figures: points of the frontier, draws, and the budget of the draws.
POINTS, DRAWS, BUDGET = 16, 100, "3.82"


def main(words: list[str]) -> None:
    (DOCS / "figures").mkdir(exist_ok=True)
    if words != ["agendas"]:
        paper()
    agendas()


def paper() -> None:
    plan = recommend(read(SCENARIOS / "dung-mai-2025"))
    budgets = spread_budgets(plan.question.settled)
    price = price_of_ignoring(plan.question, budgets, Search())
    for drawing in drawings(explain(plan), price):
        save(drawing)


def agendas() -> None:
    scenario = read(SCENARIOS / "agendas-2025")
    question = Question.of(scenario)
    steps = even_budgets(question, POINTS, None, None)
    facts = Facts(grid(question, steps, Search()))
    save(frontier_drawing(facts, naive_marks(question, naive_budgets(facts), Search())), "agendas-")
    small = read_budget(question.settled, BUDGET, None)
    save(recommendation_drawing(rank(answer(question, small, None, Search()))), "agendas-")
    save(core_drawing(robust(scenario, DRAWS, 0, budget=BUDGET)), "agendas-")


def save(drawing: Drawing, prefix: str = "") -> None:
    path = write_bytes(DOCS / "figures" / f"{prefix}{drawing.name}.svg", svg(drawing))
    print(f"![{drawing.alt}](../figures/{path.name})")


if __name__ == "__main__":
    main(sys.argv[1:])
