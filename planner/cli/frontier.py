"""`planner frontier`: every efficient stack, and the budget at which each technique enters."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.options import Reader
from planner.cli.progress import Progress
from planner.cli.recommend import say_notes
from planner.errors import BadInput, LimitHit
from planner.files import make_folder
from planner.plan import DEPTH, Question, read_budget
from planner.report import frontier_files, frontier_page, second_axis_page
from planner.report.screen import Screen, print_json
from planner.scenario.numbers import NotAValue, decimals, parse_number, parse_whole
from planner.scenario.read import read
from planner.scenario.settle import money
from planner.scenario.values import Number
from planner.solve.search import Search
from planner.study.frontier import Frontier, even_budgets, frontier, grid
from planner.study.frontier_facts import Facts
from planner.study.frontier_naive import Mark, naive_budgets, naive_marks
from planner.study.second_axis import trade_off

#: Seconds for all solving where no time limit is given, and for each solve of the naive rules.
SECONDS = 60.0
NAIVE_SECONDS = 5.0
MOST_POINTS = 1000


@dataclass(frozen=True)
class Wanted:
    """What was asked; `points` is None for every breakpoint, `low` and `high` for no end."""

    points: int | None
    low: Decimal | None
    high: Decimal | None
    search: Search
    seed: int


def run(arguments: Namespace) -> int:
    wanted = _read(arguments)
    if arguments.against is not None:
        return _against(arguments, wanted)
    question = Question.of(read(arguments.scenario), arguments.objective, wanted.seed)
    low = _units("--from", wanted.low, question)
    high = _units("--to", wanted.high, question)
    folder = None if arguments.out is None else make_folder(Path(arguments.out))
    with Progress() as progress:
        facts = Facts(_solved(question, wanted, low, high, progress))
        marks: tuple[Mark, ...] | None = None
        if folder is not None or arguments.json:
            marks = _marks(facts, wanted.search, progress)
    written = [] if folder is None else frontier_files.write_frontier(folder, facts, marks)
    if arguments.json:
        print_json(frontier_files.frontier_document(facts, marks))
    else:
        screen = Screen()
        screen.show(*frontier_page.page(facts, screen.width))
        say_notes([as_line(warning) for warning in frontier_files.warnings_of(facts)], written)
    return 0


def _against(arguments: Namespace, wanted: Wanted) -> int:
    """An attribute against the risk, at one budget."""
    question = Question.of(read(arguments.scenario), arguments.objective, wanted.seed)
    budget = read_budget(question.settled, arguments.budget, None)
    folder = None if arguments.out is None else make_folder(Path(arguments.out))
    seconds = wanted.search.time_limit or SECONDS
    with Progress() as progress:
        found = trade_off(
            question,
            arguments.against.strip(),
            budget or 0,
            wanted.search,
            seconds=seconds,
            progress=progress,
        )
    written = [] if folder is None else second_axis_page.write(folder, found)
    if arguments.json:
        print_json(second_axis_page.document(found))
    else:
        screen = Screen()
        screen.show(*second_axis_page.page(found, screen.width))
        say_notes([as_line(warning) for warning in second_axis_page.warnings_of(found)], written)
    return 0


def _solved(
    question: Question, wanted: Wanted, low: int | None, high: int | None, progress: Progress
) -> Frontier:
    seconds = wanted.search.time_limit or SECONDS
    if wanted.points is None:
        return frontier(
            question, wanted.search, seconds=seconds, low=low, high=high, progress=progress
        )
    budgets = even_budgets(question, wanted.points, low, high)
    return grid(question, budgets, wanted.search, seconds=seconds, progress=progress)


def _marks(facts: Facts, search: Search, progress: Progress) -> tuple[Mark, ...] | None:
    """What the naive rules leave; None where a limit was hit."""
    quick = Search(time_limit=min(NAIVE_SECONDS, search.time_limit or SECONDS))
    try:
        return naive_marks(facts.frontier.question, naive_budgets(facts), quick, progress)
    except LimitHit:
        return None


def _read(arguments: Namespace) -> Wanted:
    """Raises BadInput with every finding about the options."""
    reader = Reader(arguments)
    points = reader.read("--points", _points, None)
    low = reader.read("--from", _amount, None)
    high = reader.read("--to", _amount, None)
    search = reader.search()
    seed = reader.seed()
    if arguments.against is not None:
        for option in ("--points", "--from", "--to"):
            if getattr(arguments, option.removeprefix("--")) is not None:
                reader.find(
                    option,
                    "It is about budgets, and --against holds the budget fixed.",
                    f"Leave {option} out, or --against.",
                )
    elif arguments.budget is not None:
        reader.find(
            "--budget",
            "The frontier is over all budgets; one budget goes with --against.",
            "Leave --budget out, write --from and --to, or add --against researchers.",
        )
    if arguments.points is None and arguments.gap is not None:
        reader.find(
            "--gap",
            "Without --points every step is proven without a gap.",
            "Leave --gap out, or ask for a grid with --points 20.",
        )
    if low is not None and high is not None and low > high:
        reader.find(
            "--from",
            f"The range from {low} to {high} is empty.",
            "Write the smaller budget in --from.",
        )
    if arguments.objective.strip() == DEPTH:
        reader.find(
            "--objective",
            "The frontier sets cost against risk, and depth is no risk.",
            "Write expected, cvar:0.95 or worst:1; or compare depths with "
            "planner recommend --objective depth --budget 3,6,9.",
        )
    reader.check()
    return Wanted(points, low, high, search, seed)


def _points(text: str) -> int | None:
    return parse_whole(text, 1, MOST_POINTS)


def _amount(text: str) -> Decimal | None:
    number = parse_number(text)
    if number < 0:
        raise NotAValue(f"is {number}, which is negative.", "Write 0 or more.")
    return number


def _units(option: str, budget: Decimal | None, question: Question) -> int | None:
    """A budget of the command line, exactly, in units of account."""
    if budget is None:
        return None
    finest = question.scenario.decimals
    if decimals(budget) > finest:
        raise BadInput.option(
            option,
            f"The budget {budget} is finer than the scenario's unit of account, 10^-{finest}.",
            f"Write at most {finest} decimals.",
        )
    return money(Number(budget), finest)
