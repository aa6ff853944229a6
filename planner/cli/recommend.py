"""`planner recommend`: which stack, in which order of importance, and how sure."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from planner.cli.failures import as_line, visible
from planner.cli.options import RANKING_SECONDS, Clock, Wanted, read_wanted
from planner.cli.progress import Progress
from planner.plan import Question, answer, read_budget
from planner.report import alternatives_page, budgets_page, documents, outputs, plan_page
from planner.report.screen import Screen, print_json
from planner.report.warnings import warnings_of
from planner.scenario.read import read
from planner.study.alternatives import alternatives
from planner.study.budgets import by_budget
from planner.study.certified import certified_for
from planner.study.full_ranking import SECONDS, rank_in_full
from planner.study.ranking import rank


def run(arguments: Namespace) -> int:
    wanted = read_wanted(arguments)
    question = Question.of(read(arguments.scenario), arguments.objective, wanted.seed)
    units = [read_budget(question.settled, text, wanted.target) for text in wanted.budgets]
    folder = None if arguments.out is None else outputs.make_folder(Path(arguments.out))
    several = [budget for budget in units if budget is not None]
    if len(units) > 1:
        return _budgets(question, several, wanted, folder, as_json=arguments.json)
    return _one(question, units[0], wanted, folder, as_json=arguments.json)


def _one(
    question: Question, budget: int | None, wanted: Wanted, folder: Path | None, *, as_json: bool
) -> int:
    keep = folder is not None or wanted.certify
    clock = Clock.started(wanted.search.time_limit)
    with Progress() as progress:
        plan = answer(question, budget, wanted.target, wanted.search, progress)
        half = None if clock.limit is None else clock.left() / 2
        plan = certified_for(plan, wanted.search.gap, kept=keep, seconds=half)
        others = None
        if wanted.alternatives is not None:
            others = alternatives(
                plan,
                wanted.alternatives,
                wanted.differ,
                seconds=None if clock.limit is None else clock.left() / 2,
                progress=progress,
            )
        ranking = rank(plan, seconds=clock.left(), progress=progress)
        full = None
        if wanted.full:
            seconds = SECONDS if clock.limit is None else clock.left()
            full = rank_in_full(ranking, seconds=seconds, seed=wanted.seed, progress=progress)
    written = []
    if folder is not None:
        written = outputs.write_plan(folder, ranking, others=others, full=full)
    if as_json:
        print_json(documents.plan_document(ranking, others, full))
    else:
        screen = Screen()
        screen.show(*plan_page.page(ranking, screen.width, full))
        if others is not None:
            screen.show(*alternatives_page.page(others, wanted.alternatives or 0))
        say_notes([as_line(warning) for warning in warnings_of([plan])], written)
    return 0


def _budgets(
    question: Question, budgets: list[int], wanted: Wanted, folder: Path | None, *, as_json: bool
) -> int:
    seconds = wanted.search.time_limit or RANKING_SECONDS
    with Progress() as progress:
        table = by_budget(
            question,
            budgets,
            wanted.search,
            seconds=seconds,
            progress=progress,
            keep=folder is not None or wanted.certify,
        )
    written = [] if folder is None else outputs.write_budgets(folder, table)
    if as_json:
        print_json(documents.budgets_document(table))
    else:
        screen = Screen()
        screen.show(*budgets_page.page(table, screen.width))
        say_notes([as_line(warning) for warning in warnings_of(table.plans)], written)
    return 0


def say_notes(warnings: list[str], written: list[Path]) -> None:
    """What is said beside the answer, on stderr."""
    sys.stdout.flush()
    for warning in warnings:
        print(f"Note: {warning}", file=sys.stderr)
    if written:
        names = ", ".join(path.name for path in written)
        print(visible(f"Written to {written[0].parent}: {names}."), file=sys.stderr)
