"""Numbers of a command line, read and checked; every finding names its option."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from planner.errors import BadInput, Finding
from planner.scenario.numbers import NotAValue, parse_number, parse_whole
from planner.solve.search import Search

#: Seconds that the ranking may take where no time limit is given.
RANKING_SECONDS = 10.0
LARGEST_SEED = 2**31 - 1
LONGEST = 10**8

T = TypeVar("T")


@dataclass(frozen=True)
class Wanted:
    """What `recommend` was asked; `budgets` as written, None for the scenario's own."""

    budgets: tuple[str | None, ...]
    target: float | None
    search: Search
    seed: int


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


def read_wanted(arguments: Namespace) -> Wanted:
    """Raises BadInput with every finding about the options."""
    findings: list[Finding] = []

    def option(text: str | None, name: str, parse: Callable[[str], T], default: T) -> T:
        if text is None:
            return default
        try:
            return parse(text)
        except NotAValue as error:
            message = f"The value {error.message}"
            findings.append(Finding(name, None, None, message, error.cure))
            return default

    target = option(arguments.target_risk, "--target-risk", _not_negative, None)
    gap = option(arguments.gap, "--gap", _share, Search.gap)
    limit = option(arguments.time_limit, "--time-limit", _seconds, None)
    seed = option(arguments.seed, "--seed", _seed, 0)
    budgets = _budgets(arguments.budget)
    if len(budgets) > 1 and target is not None:
        findings.append(
            Finding(
                "--target-risk",
                None,
                None,
                "A target goes with at most one budget: it asks for the least cost.",
                "Leave --target-risk out, or give one budget.",
            )
        )
    if findings:
        raise BadInput.of(findings)
    return Wanted(budgets, target, Search(arguments.solver, gap, limit), seed)


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


def _seed(text: str) -> int:
    return parse_whole(text, 0, LARGEST_SEED)
