"""Why no stack meets the rules: a smallest set of rules in conflict, and a way out.

The set is irreducible: without any one of its rules the others can be met together. That a
technique is bought at one level at most is no rule of the funder's: it holds throughout, and is
never named. Where more than one way out is there, money comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

import numpy as np

from planner.errors import Finding, NoStack, WayOut
from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.solve.engine import Engine
from planner.solve.master import Deadline
from planner.solve.search import Outcome, Search
from planner.worlds.types import Worlds


def explain_conflict(program: Program, search: Search, money: Callable[[int], str]) -> NoStack:
    """The error to raise for a program that no stack meets; one finding a rule in conflict, and
    every single change that resolves it.

    `money` writes units of account as an amount of the currency. Where the search's time limit
    ends first, the set may hold more rules than it must, and a bound may be named without the
    amount that is missing.
    """
    rules = Rules(program, search)
    kept = [row for row in program.rows if row.where != "levels"]
    for row in list(kept):
        rest = _without(kept, row)
        if rules.impossible(rest):
            kept = rest
    ways = ways_out(rules, kept, rules.all)
    if not ways and not rules.out_of_time:
        ways = tuple(replace(way, enough=False) for way in ways_out(rules, kept, kept))
    cure = _told(ways, rules, money)
    if len(kept) == 1:
        message, what = f"Nothing can meet this one: {_placed(kept[0])}.", "cannot be met"
    else:
        named = "; ".join(map(_placed, kept))
        message, what = f"These cannot hold together: {named}.", "conflicts with the rest"
    findings = tuple(Finding(*_place(row), f"{row.rule} {what}.", cure) for row in kept)
    return NoStack(f"No stack meets the rules. {message} {cure}", findings, ways)


def _place(row: Row) -> tuple[str, int | None, str | None]:
    """File, line and key of a rule; the key alone where it was not read from a file."""
    if row.place is None:
        return "scenario.yaml", None, row.where
    return row.place.file, row.place.row, row.place.column


def _placed(row: Row) -> str:
    """`fund debate (line 12)`, or `(rules!B3)` in a workbook."""
    _, line, column = _place(row)
    cell = column.partition(" ")[0] if column is not None and "!" in column else None
    where = cell or (None if line is None else f"line {line}")
    return row.rule if where is None else f"{row.rule} ({where})"


def ways_out(rules: Rules, conflict: Sequence[Row], wanted: Sequence[Row]) -> tuple[WayOut, ...]:
    """Every change of a single rule of the conflict after which some stack meets all rules that
    are wanted: the bound moved by no more than it takes, or the rule dropped where it has no bound.

    The budget comes first, then limits on cost, then the others in their order.
    """
    found: list[WayOut] = []
    for row in sorted(conflict, key=lambda row: (row.where != "budget", not row.money)):
        rest = _without(wanted, row)
        if not rules.possible(rest):
            continue
        moved = [] if not row.unit else [_moved(rules, rest, row, up) for up in (True, False)]
        known = [way for way in moved if way is not None]
        found += known or [WayOut(row.rule, *_place(row), "drop")]
    return tuple(found)


def _moved(rules: Rules, rest: Sequence[Row], row: Row, up: bool) -> WayOut | None:
    """The upper bound raised (`up`), or the lower one lowered, as little as will do; None where
    there is no such bound, where the other one is in the way, or where it was not proven."""
    old = row.upper if up else row.lower
    if old is None:
        return None
    other = replace(row, upper=None) if up else replace(row, lower=None)
    new = rules.nearest([*rest, other], row, up)
    if new is None:
        return None
    change: Literal["raise", "lower"] = "raise" if up else "lower"
    before, after = (Decimal(bound).scaleb(-row.decimals) for bound in (old, new))
    return WayOut(row.rule, *_place(row), change, before, after, row.unit)


def _told(ways: Sequence[WayOut], rules: Rules, money: Callable[[int], str]) -> str:
    """The ways out as a sentence."""
    if not ways:
        return "Drop or loosen some of these rules."
    rows = {row.rule: row for row in rules.all}
    told = _capital("; or ".join(_one(way, rows[way.rule], money) for way in ways)) + "."
    if all(way.enough for way in ways):
        return told
    return f"{told} That resolves this conflict, but not all: other rules conflict too."


def _one(way: WayOut, row: Row, money: Callable[[int], str]) -> str:
    """`raise the budget by 1 USD, to 5 USD`"""
    if way.by is None or way.new is None:
        return f'drop "{way.rule}"'

    def amount(number: Decimal) -> str:
        return money(int(number.scaleb(row.decimals))) if row.money else f"{number.normalize():f}"

    if row.where == "budget":
        return f"raise the budget by {amount(way.by)}, to {amount(way.new)}"
    bound = "at most" if way.change == "raise" else "at least"
    return f'loosen "{way.rule}" by {amount(way.by)}, to {bound} {amount(way.new)}'


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without(rows: Sequence[Row], row: Row) -> list[Row]:
    return [r for r in rows if r is not row]


class Rules:
    """The rules of a program, and whether some of them can be met together.

    No world matters here: there is a single one, and a target that every stack meets.
    """

    def __init__(self, program: Program, search: Search) -> None:
        self.all = [row for row in program.rows if row.where != "levels"]
        self._levels = [row for row in program.rows if row.where == "levels"]
        options = 1 + max((*program.option, *program.committed), default=-1)
        world = Worlds(np.ones(1), np.ones(1), np.full((options, 1), 0.5))
        self._program = replace(program, worlds=world, measure=Expected(), target=2.0)
        self._search = replace(search, gap=0.0)
        self._deadline = Deadline(search.time_limit)

    def possible(self, rows: Sequence[Row]) -> bool:
        """Whether some stack is known to meet the rows."""
        return self._ask(rows).stack is not None

    def impossible(self, rows: Sequence[Row]) -> bool:
        """Whether it is proven that no stack meets the rows."""
        return self._ask(rows).infeasible

    def nearest(self, rows: Sequence[Row], row: Row, upper: bool) -> int | None:
        """The least activity of `row` above its upper bound (or the greatest below its lower one)
        of a stack that meets the rows, none of which lies within the bound; None where no stack
        does or none was proven.
        """
        bound, sign = (row.upper, 1) if upper else (row.lower, -1)
        assert bound is not None
        turned = replace(row, coefficients=tuple(sign * c for c in row.coefficients), lower=None)
        amounts = dict(zip(turned.indices, turned.coefficients, strict=True))
        program = replace(self._program, rows=(*self._levels, *rows))
        costs = min(turned.coefficients, default=0) >= 0
        if costs:
            program = replace(program, cost=tuple(amounts.get(j, 0) for j in range(program.size)))
        engine = Engine(program, self._search)
        outcome = engine.best(seconds=self._deadline.left())
        if outcome.stack is None:
            return None
        low, best = sign * bound, turned.activity(outcome.stack)
        if costs:
            return sign * best if outcome.stop == "proven" else None
        # Some coefficients are negative, and no cost is: halve what lies between the bound, which
        # no stack meets, and the nearest stack so far.
        while best - low > 1:
            middle = (low + best) // 2
            outcome = engine.best([replace(turned, upper=middle)], self._deadline.left())
            if outcome.stack is not None:
                best = turned.activity(outcome.stack)
            elif outcome.infeasible:
                low = middle
            else:
                return None
        return sign * best

    @property
    def out_of_time(self) -> bool:
        return self._deadline.over()

    def _ask(self, rows: Sequence[Row]) -> Outcome:
        program = replace(self._program, rows=(*self._levels, *rows))
        return Engine(program, self._search).best(seconds=self._deadline.left())
