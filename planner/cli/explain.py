"""`planner explain`: how failures go together, what drives the rest, what ignoring that costs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.options import Explained, read_explained
from planner.cli.progress import Progress
from planner.cli.recommend import say_notes
from planner.errors import LimitHit
from planner.plan import Question, answer, read_budget
from planner.report import documents, explain_page, outputs
from planner.report.screen import Screen, print_json
from planner.report.warnings import warnings_of
from planner.scenario.read import read
from planner.study.explain import Explanation, explain
from planner.study.naive import PriceTable, price_of_ignoring, spread_budgets


def run(arguments: Namespace) -> int:
    wanted = read_explained(arguments)
    question = Question.of(read(arguments.scenario), arguments.objective, wanted.seed)
    budget = read_budget(question.settled, wanted.budget, None)
    folder = None if arguments.out is None else outputs.make_folder(Path(arguments.out))
    with Progress() as progress:
        plan = answer(question, budget, None, wanted.search, progress)
        found = explain(plan, wanted.stack, progress=progress)
        price = _price(found, wanted, progress)
    written = [] if folder is None else outputs.write_explanation(folder, found, price)
    if arguments.json:
        print_json(documents.explain_document(found, price))
    else:
        screen = Screen()
        screen.show(*explain_page.page(found, price, screen.width))
        say_notes([as_line(warning) for warning in warnings_of([plan])], written)
    return 0


def _price(found: Explanation, wanted: Explained, progress: Progress) -> PriceTable | None:
    """Over budgets from the cheapest technique to all, and at the one that was asked for; None
    where a limit was hit."""
    question = found.plan.question
    own = int(found.dependence.budget.scaleb(question.scenario.decimals))
    budgets = {*spread_budgets(question.settled), own}
    try:
        return price_of_ignoring(
            question,
            sorted(budgets),
            wanted.search,
            draws=wanted.draws,
            seed=wanted.seed,
            progress=progress,
        )
    except LimitHit:
        return None
