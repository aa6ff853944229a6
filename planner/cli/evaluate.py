"""`planner evaluate`: my own stack against the best."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.options import Reader
from planner.cli.progress import Progress
from planner.cli.recommend import say_notes
from planner.plan import Question, read_budget
from planner.report import evaluate_page, outputs
from planner.report.screen import Screen, print_json
from planner.scenario.read import read
from planner.study.evaluate import evaluate


def run(arguments: Namespace) -> int:
    reader = Reader(arguments)
    search = reader.search()
    seed = reader.seed()
    reader.check()
    question = Question.of(read(arguments.scenario), arguments.objective, seed)
    budget = None
    if arguments.budget is not None or question.settled.budget is not None:
        budget = read_budget(question.settled, arguments.budget, None)
    folder = None if arguments.out is None else outputs.make_folder(Path(arguments.out))
    with Progress() as progress:
        found = evaluate(
            question,
            _labels(arguments.stack),
            budget,
            search,
            seconds=search.time_limit,
            progress=progress,
        )
    written = [] if folder is None else evaluate_page.write(folder, found)
    if arguments.json:
        print_json(evaluate_page.document(found))
    else:
        Screen().show(*evaluate_page.page(found))
        warnings = evaluate_page.warnings_of_all(found)
        say_notes([as_line(warning) for warning in warnings], written)
    return 0


def _labels(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text.strip() else ()
