"""Draws the figures of docs/background/correlation-explained.md into docs/figures.

    python docs/make_figures.py

Run it after a change to the figures or to scenarios/dung-mai-2025; the same scenario gives the
same bytes on one machine.
"""

from __future__ import annotations

from pathlib import Path

from planner.plan import recommend
from planner.report.drawing import svg
from planner.report.figures_explain import drawings
from planner.report.files import write_bytes
from planner.scenario.read import read
from planner.solve.search import Search
from planner.study.explain import explain
from planner.study.naive import price_of_ignoring, spread_budgets

DOCS = Path(__file__).parent


def main() -> None:
    plan = recommend(read(DOCS.parent / "scenarios" / "dung-mai-2025"))
    budgets = spread_budgets(plan.question.settled)
    price = price_of_ignoring(plan.question, budgets, Search())
    folder = DOCS / "figures"
    folder.mkdir(exist_ok=True)
    for drawing in drawings(explain(plan), price):
        path = write_bytes(folder / f"{drawing.name}.svg", svg(drawing))
        print(f"![{drawing.alt}](../figures/{path.name})")


if __name__ == "__main__":
    main()
