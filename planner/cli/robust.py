"""`planner robust`: how far the recommendation survives the scenario's uncertainty."""

from __future__ import annotations

import multiprocessing
import os
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.options import Reader
from planner.cli.progress import Progress
from planner.cli.recommend import say_notes
from planner.files import make_folder
from planner.report import robust_page
from planner.report.screen import Screen, print_json
from planner.report.warnings import warnings_of
from planner.scenario.numbers import NotAValue, parse_number, parse_whole
from planner.scenario.read import read
from planner.study.robust import robust
from planner.study.robust_flip import TOP
from planner.study.robust_more import more

#: Draws where none are asked for, and the most.
DRAWS = 1000
MOST_DRAWS = 1_000_000
#: Processes at most, and draws from which they are worth their start.
MOST_WORKERS = 8
MANY_DRAWS = 100
#: Most judgements whose worth is estimated.
MOST_SETTLED = 1000


def run(arguments: Namespace) -> int:
    reader = Reader(arguments)
    search = reader.search()
    seed = reader.seed()
    draws = reader.read("--draws", lambda text: parse_whole(text, 1, MOST_DRAWS), DRAWS)
    correlation = reader.read("--judgement-correlation", _share, None)
    settle = reader.read("--settle", lambda text: parse_whole(text, 0, MOST_SETTLED), TOP)
    reader.check()
    scenario = read(arguments.scenario)
    folder = None if arguments.out is None else make_folder(Path(arguments.out))
    with Progress() as progress, _workers(draws) as executor:
        found = robust(
            scenario,
            draws,
            seed,
            budget=arguments.budget,
            correlation=correlation,
            by_confidence=arguments.by_confidence,
            search=search,
            executor=executor,
            progress=progress,
        )
        beside = more(found, search, settle=settle, progress=progress)
    written = [] if folder is None else robust_page.write(folder, found, beside)
    if arguments.json:
        print_json(robust_page.document(found, beside))
    else:
        screen = Screen()
        screen.show(*robust_page.page(found, screen.width, beside))
        say_notes([as_line(warning) for warning in warnings_of([found.plan])], written)
    return 0


@contextmanager
def _workers(draws: int) -> Iterator[Executor | None]:
    """Processes for what is solved draw by draw: they start when they are first asked."""
    count = min(os.cpu_count() or 1, MOST_WORKERS)
    if draws < MANY_DRAWS or count < 2:
        yield None
        return
    # Fresh processes: a fork of one that has threads may never wake up.
    executor = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _share(text: str) -> float | None:
    number = parse_number(text)
    if not 0 <= number <= 1:
        raise NotAValue(f"is {number}, which is outside 0 to 1.", "Write a number such as 0.3.")
    return float(number)
