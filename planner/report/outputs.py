"""The files of `--out`: plans, rankings, explanations, and their figures."""

from __future__ import annotations

from pathlib import Path

from planner.files import make_folder, write_bytes, write_text
from planner.report.documents import explain_document, plan_document
from planner.report.drawing import Drawing, png, svg
from planner.report.figures import recommendation_drawing
from planner.report.figures_budgets import budgets_drawing
from planner.report.figures_explain import drawings
from planner.report.full_page import full_csv, lists_csv
from planner.report.screen import as_json
from planner.report.tables import alternatives_csv, budgets_csv, explain_tables, ranking_csv
from planner.report.wording import money
from planner.study.alternatives import Alternatives
from planner.study.budgets import BudgetTable
from planner.study.explain import Explanation
from planner.study.full_ranking import FullRanking
from planner.study.naive import PriceTable
from planner.study.ranking import Ranking

__all__ = ["make_folder", "write_budgets", "write_explanation", "write_plan"]


def write_plan(
    folder: Path,
    ranking: Ranking,
    suffix: str = "",
    others: Alternatives | None = None,
    full: FullRanking | None = None,
) -> list[Path]:
    """Write one plan with its ranking and figure; the files written."""
    document = as_json(plan_document(ranking, others, full, seconds=False)) + "\n"
    written = [
        write_text(folder / f"plan{suffix}.json", document),
        write_text(folder / f"ranking{suffix}.csv", ranking_csv(ranking)),
    ]
    if others is not None:
        written.append(write_text(folder / "alternatives.csv", alternatives_csv(others)))
    if full is not None:
        written.append(write_text(folder / "ranking-in-full.csv", full_csv(full)))
        written.append(write_text(folder / "two-lists.csv", lists_csv(full.lists)))
    return written + _write_drawing(folder, recommendation_drawing(ranking), suffix)


def write_budgets(folder: Path, table: BudgetTable) -> list[Path]:
    """The same for every budget, and the ranks side by side."""
    written = [write_text(folder / "rank-by-budget.csv", budgets_csv(table))]
    written += _write_drawing(folder, budgets_drawing(table))
    for plan, ranking in zip(table.plans, table.rankings, strict=True):
        suffix = f"-{money(plan.money(plan.budget or 0))}"
        written += write_plan(folder, ranking, suffix)
    return written


def write_explanation(
    folder: Path, explanation: Explanation, price: PriceTable | None
) -> list[Path]:
    """The document, its tables and its figures; the files written."""
    document = as_json(explain_document(explanation, price)) + "\n"
    written = [write_text(folder / "explain.json", document)]
    for name, text in explain_tables(explanation, price).items():
        written.append(write_text(folder / name, text))
    for drawing in drawings(explanation, price):
        written += _write_drawing(folder, drawing)
    return written


def _write_drawing(folder: Path, drawing: Drawing, suffix: str = "") -> list[Path]:
    return [
        write_bytes(folder / f"{drawing.name}{suffix}.png", png(drawing)),
        write_bytes(folder / f"{drawing.name}{suffix}.svg", svg(drawing)),
    ]
