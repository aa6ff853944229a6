"""Numbers of a command line, read and checked; every finding names its option."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from planner.errors import BadInput, Finding
from planner.scenario.numbers import NotAValue, parse_number, parse_whole
from planner.solve.search import Search

#: Seconds that the ranking may take where no time limit is given.
RANKING_SECONDS = 10.0
#: Random stacks at each budget of the price of ignoring correlation, and the most.
DRAWS = 200
MOST_DRAWS = 100_000
#: Stacks that `--alternatives` names, and the most techniques that `--differ` may ask for.
MOST_ALTERNATIVES = 50
MOST_DIFFERENCES = 10**6
LARGEST_SEED = 2**31 - 1
LONGEST = 10**8

T = TypeVar("T")


@dataclass(frozen=True)
class Wanted:
    """What `recommend` was asked; `budgets` as written, None for the scenario's own;
    `alternatives` is how many stacks in all, None for the best alone; `full` asks for the ranking
    in full, `certify` for a certificate whatever it takes."""

    budgets: tuple[str | None, ...]
    target: float | None
    search: Search
    seed: int
    alternatives: int | None
    differ: int
    full: bool = False
    certify: bool = False


@dataclass(frozen=True)
class Explained:
    """What `explain` was asked; `stack` are labels, None for the best; `budget` as written."""

    stack: tuple[str, ...] | None
    budget: str | None
    search: Search
    seed: int
    draws: int


@dataclass(frozen=True)
class Clock:
    """The time that all solving may take, from now on."""

    limit: float | None
    start: float

    @classmethod
    def started(cls, limit: float | None) -> Clock:
        return cls(limit, time.monotonic())

    def left(self) -> float:
        """Seconds left for the ranking."""
        if self.limit is None:
            return RANKING_SECONDS
        return max(self.start + self.limit - time.monotonic(), 0.0)


class Reader:
    """Reads options, and collects every finding about them."""

    def __init__(self, arguments: Namespace) -> None:
        self.arguments = arguments
        self.findings: list[Finding] = []

    def read(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """An option by its name, such as `--gap`; the default where it is left out or wrong."""
        text: str | None = getattr(self.arguments, name.removeprefix("--").replace("-", "_"))
        if text is None:
            return default
        try:
            return parse(text)
        except NotAValue as error:
            self.find(name, f"The value {error.message}", error.cure)
            return default

    def search(self) -> Search:
        """--solver, --gap and --time-limit."""
        gap = self.read("--gap", _share, Search.gap)
        limit = None
        if "time_limit" in self.arguments:
            limit = self.read("--time-limit", _seconds, None)
        return Search(self.arguments.solver, gap, limit)

    def seed(self) -> int:
        """--seed."""
        return self.read("--seed", _seed, 0)

    def find(self, name: str, message: str, cure: str) -> None:
        self.findings.append(Finding(name, None, None, message, cure))

    def check(self) -> None:
        if self.findings:
            raise BadInput.of(self.findings)


def read_wanted(arguments: Namespace) -> Wanted:
    """Raises BadInput with every finding about the options."""
    reader = Reader(arguments)
    target = reader.read("--target-risk", _not_negative, None)
    search = reader.search()
    seed = reader.seed()
    count = reader.read("--alternatives", _count, None)
    differ = reader.read("--differ", _differ, 1)
    budgets = _budgets(arguments.budget)
    if len(budgets) > 1 and target is not None:
        reader.find(
            "--target-risk",
            "A target goes with at most one budget: it asks for the least cost.",
            "Leave --target-risk out, or give one budget.",
        )
    if len(budgets) > 1 and arguments.alternatives is not None:
        reader.find(
            "--alternatives",
            "Alternatives go with one budget.",
            "Leave --alternatives out, or give one budget.",
        )
    if arguments.alternatives is not None and arguments.objective.strip() == "depth":
        reader.find(
            "--alternatives",
            "Alternatives are compared by risk, and depth is none.",
            "Leave --alternatives out, or choose another --objective.",
        )
    if arguments.differ is not None and arguments.alternatives is None:
        reader.find(
            "--differ",
            "It says how far alternatives lie apart, and none are asked for.",
            "Add --alternatives 5, or leave --differ out.",
        )
    if len(budgets) > 1 and arguments.full:
        reader.find(
            "--full",
            "The ranking in full goes with one budget.",
            "Leave --full out, or give one budget.",
        )
    reader.check()
    if arguments.full and arguments.gap is None:
        search = replace(search, gap=0.0)  # thresholds are exact beside an exact plan
    return Wanted(budgets, target, search, seed, count, differ, arguments.full, arguments.certify)


def read_explained(arguments: Namespace) -> Explained:
    """Raises BadInput with every finding about the options."""
    reader = Reader(arguments)
    search = reader.search()
    seed = reader.seed()
    draws = reader.read("--draws", _draws, DRAWS)
    reader.check()
    return Explained(_labels(arguments.stack), arguments.budget, search, seed, draws)


def _labels(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(part.strip() for part in text.split(",")) if text.strip() else ()


def _budgets(text: str | None) -> tuple[str | None, ...]:
    return (None,) if text is None else tuple(part.strip() for part in text.split(","))


def _not_negative(text: str) -> float | None:
    number = parse_number(text)
    if number < 0:
        raise NotAValue(f"is {number}, which is negative.", "Write 0 or more.")
    return float(number)


def _share(text: str) -> float:
    number = parse_number(text)
    if not 0 <= number < 1:
        raise NotAValue(
            f"is {number}, which is no share from 0 to below 1.", "Write one such as 1e-4."
        )
    return float(number)


def _seconds(text: str) -> float | None:
    number = parse_number(text)
    if not Decimal(0) < number <= LONGEST:
        raise NotAValue(
            f"is {number}, which is no time to solve in.", f"Write seconds, up to {LONGEST}."
        )
    return float(number)


def _count(text: str) -> int | None:
    return parse_whole(text, 2, MOST_ALTERNATIVES)


def _differ(text: str) -> int:
    return parse_whole(text, 1, MOST_DIFFERENCES)


def _draws(text: str) -> int:
    return parse_whole(text, 0, MOST_DRAWS)


def _seed(text: str) -> int:
    return parse_whole(text, 0, LARGEST_SEED)
