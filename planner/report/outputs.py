"""The files of `--out`: the plan, its ranking and its figure."""

from __future__ import annotations

from pathlib import Path

from planner.report import figures
from planner.report.documents import plan_document
from planner.report.files import make_folder, write_bytes, write_text
from planner.report.screen import as_json
from planner.report.tables import budgets_csv, ranking_csv
from planner.report.wording import money
from planner.study.budgets import BudgetTable
from planner.study.ranking import Ranking

__all__ = ["make_folder", "write_budgets", "write_plan"]


def write_plan(folder: Path, ranking: Ranking, suffix: str = "") -> list[Path]:
    """Write one plan with its ranking and figure; the files written."""
    figure = figures.recommendation_figure(ranking.plan, ranking)
    document = as_json(plan_document(ranking, seconds=False)) + "\n"
    return [
        write_text(folder / f"plan{suffix}.json", document),
        write_text(folder / f"ranking{suffix}.csv", ranking_csv(ranking)),
        write_bytes(folder / f"recommendation{suffix}.png", figures.png(figure)),
        write_bytes(folder / f"recommendation{suffix}.svg", figures.svg(figure)),
    ]


def write_budgets(folder: Path, table: BudgetTable) -> list[Path]:
    """The same for every budget, and the ranks side by side."""
    written = [write_text(folder / "rank-by-budget.csv", budgets_csv(table))]
    for plan, ranking in zip(table.plans, table.rankings, strict=True):
        suffix = f"-{money(plan.money(plan.budget or 0))}"
        written += write_plan(folder, ranking, suffix)
    return written
