"""Why no stack meets the rules: a smallest set of rules in conflict, and a way out.

The set is irreducible: without any one of its rules the others can be met together. That a
technique is bought at one level at most is no rule of the funder's: it holds throughout, and is
never named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from planner.errors import Finding, NoStack
from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.solve.engine import Engine
from planner.solve.master import Deadline
from planner.solve.search import Outcome, Search
from planner.worlds.types import Worlds


def explain_conflict(program: Program, search: Search, money: Callable[[int], str]) -> NoStack:
    """The error to raise for a program that no stack meets; one finding a rule in conflict.

    `money` writes units of account as an amount of the currency. Where the search's time limit
    ends first, the set may hold more rules than it must.
    """
    rules = Rules(program, search)
    kept = [row for row in program.rows if row.where != "levels"]
    for row in list(kept):
        rest = _without(kept, row)
        if rules.impossible(rest):
            kept = rest
    cure = _relaxation(rules, kept, money)
    if len(kept) == 1:
        message, what = f"Nothing can meet this one: {kept[0].rule}.", "cannot be met"
    else:
        named = "; ".join(row.rule for row in kept)
        message, what = f"These cannot hold together: {named}.", "conflicts with the rest"
    findings = tuple(
        Finding("scenario.yaml", None, row.where, f"{row.rule} {what}.", cure) for row in kept
    )
    return NoStack(f"No stack meets the rules. {message} {cure}", findings)


def _relaxation(rules: Rules, conflict: list[Row], money: Callable[[int], str]) -> str:
    """The least raise of the budget that resolves it, where that is possible; else which rules to
    drop, each of those named being enough."""
    whole = rules.all
    enough = [
        row for row in conflict if row.where != "budget" and rules.possible(_without(whole, row))
    ]
    drop = ""
    if enough:
        which = "drop or loosen" + (" one of them" if len(enough) > 1 else "")
        drop = f"{which}: {'; '.join(row.rule for row in enough)}."
    budget = next((row for row in conflict if row.where == "budget"), None)
    if budget is not None and budget.upper is not None:
        least = rules.cheapest(_without(whole, budget))
        if least is not None:
            raised = f"Raise the budget by {money(least - budget.upper)}, to {money(least)}"
            return f"{raised}, or {drop}" if drop else f"{raised}."
    if drop:
        return _capital(drop)
    if rules.out_of_time:
        return "Drop or loosen some of these rules."
    return "To drop a single one of these is not enough: other rules conflict too."


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
        return self.cheapest(rows) is not None

    def impossible(self, rows: Sequence[Row]) -> bool:
        """Whether it is proven that no stack meets the rows."""
        return self._ask(rows).infeasible

    def cheapest(self, rows: Sequence[Row]) -> int | None:
        """Least cost of a stack that meets the rows; None where none does or none was proven."""
        outcome = self._ask(rows)
        if outcome.stack is None or outcome.stop != "proven":
            return None
        return self._program.stack_cost(outcome.stack)

    @property
    def out_of_time(self) -> bool:
        return self._deadline.over()

    def _ask(self, rows: Sequence[Row]) -> Outcome:
        program = replace(self._program, rows=(*self._levels, *rows))
        return Engine(program, self._search).best(seconds=self._deadline.left())
