"""`planner gaps`: what to ask researchers for, as text for a call for proposals."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.options import Clock, Reader
from planner.cli.progress import Progress
from planner.cli.recommend import say_notes
from planner.errors import BadInput
from planner.files import make_folder
from planner.plan import DEPTH, Question, answer, read_budget
from planner.report import gaps_page
from planner.report.screen import Screen, print_json
from planner.scenario.numbers import NotAValue, decimals, parse_number, parse_whole
from planner.scenario.read import read
from planner.scenario.settle import money
from planner.scenario.values import Number
from planner.study.gaps import SECONDS, gaps
from planner.study.new_technique import assumed

MOST_MODES = 1000


def run(arguments: Namespace) -> int:
    reader = Reader(arguments)
    search = reader.search()
    seed = reader.seed()
    cost = reader.read("--cost", _amount, None)
    modes = reader.read("--modes", _modes, None)
    low = reader.read("--withstands", _chance, None)
    high = reader.read("--fails", _chance, None)
    success = reader.read("--success", _chance, None)
    if arguments.objective.strip() == DEPTH:
        reader.find(
            "--objective",
            "What a new technique is worth is a risk, and depth is none.",
            "Write expected, cvar:0.95 or worst:1.",
        )
    reader.check()
    if arguments.gap is None:
        search = replace(search, gap=0.0)  # thresholds are exact beside an exact plan
    question = Question.of(read(arguments.scenario), arguments.objective, seed)
    new = assumed(question.scenario, low, high, success)
    budget = read_budget(question.settled, arguments.budget, None)
    units = None if cost is None else _units(cost, question.scenario.decimals)
    folder = None if arguments.out is None else make_folder(Path(arguments.out))
    clock = Clock.started(search.time_limit)
    with Progress() as progress:
        plan = answer(question, budget, None, search, progress)
        seconds = SECONDS if clock.limit is None else clock.left()
        found = gaps(plan, new, modes=modes, cost=units, seconds=seconds, progress=progress)
    written = [] if folder is None else gaps_page.write(folder, found)
    if arguments.json:
        print_json(gaps_page.document(found))
    else:
        screen = Screen()
        screen.show(*gaps_page.page(found))
        say_notes([as_line(warning) for warning in gaps_page.warnings_of_all(found)], written)
    return 0


def _amount(text: str) -> Decimal | None:
    number = parse_number(text)
    if number < 0:
        raise NotAValue(f"is {number}, which is negative.", "Write 0 or more.")
    return number


def _modes(text: str) -> int | None:
    return parse_whole(text, 1, MOST_MODES)


def _chance(text: str) -> float | None:
    number = parse_number(text)
    if not 0 <= number <= 1:
        raise NotAValue(f"is {number}, which is no probability.", "Write one from 0 to 1.")
    return float(number)


def _units(cost: Decimal, finest: int) -> int:
    """A cost of the command line, exactly, in units of account."""
    if decimals(cost) > finest:
        raise BadInput.option(
            "--cost",
            f"The cost {cost} is finer than the scenario's unit of account, 10^-{finest}.",
            f"Write at most {finest} decimals.",
        )
    return money(Number(cost), finest)
