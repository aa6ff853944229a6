"""Why no stack meets the rules: a smallest set of rules in conflict, and a way out.

The set is irreducible: without any one of its rules the others can be met together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from planner.errors import Finding, NoStack
from planner.program.types import Program, Row
from planner.solve.engine import Engine
from planner.solve.search import Search


def explain_conflict(program: Program, search: Search, money: Callable[[int], str]) -> NoStack:
    """The error to raise for a program that no stack meets; one finding a rule in conflict.

    `money` writes units of account as an amount of the currency.
    """
    kept = list(program.rows)
    for row in list(program.rows):
        rest = [r for r in kept if r is not row]
        if not _feasible(program, rest, search):
            kept = rest
    kept = [row for row in kept if row.where != "levels"]
    cure = _relaxation(program, kept, search, money)
    rules = "; ".join(row.rule for row in kept)
    findings = tuple(
        Finding("scenario.yaml", None, row.where, f"{row.rule} conflicts with the rest.", cure)
        for row in kept
    )
    return NoStack(
        f"No stack meets the rules. These cannot hold together: {rules}. {cure}", findings
    )


def _relaxation(
    program: Program, conflict: list[Row], search: Search, money: Callable[[int], str]
) -> str:
    """The least raise of the budget that resolves it, where that is possible; else which rules to
    drop, one of them being enough."""
    budget = next((row for row in conflict if row.where == "budget"), None)
    if budget is not None and budget.upper is not None:
        rest = [row for row in program.rows if row.where != "budget"]
        least = _cheapest(program, rest, search)
        if least is not None:
            more = money(least - budget.upper)
            return f"Raise the budget by {more}, to {money(least)}, or drop one of them."
    for row in conflict:
        if _feasible(program, [r for r in program.rows if r is not row], search):
            return f"Drop or loosen: {row.rule}."
    return "Drop or loosen more than one of them."


def _feasible(program: Program, rows: list[Row], search: Search) -> bool:
    return _cheapest(program, rows, search) is not None


def _cheapest(program: Program, rows: list[Row], search: Search) -> int | None:
    """Least cost of a stack that meets the rows; None where none does.

    Any stack meets a target of the whole loss, so the cheapest within it is the cheapest at all.
    """
    whole = float(program.measure.values(program.worlds, program.loss[None, :])[0])
    question = replace(program, rows=tuple(rows), target=max(whole, 1e-300) * 2)
    outcome = Engine(question, replace(search, gap=0.0)).best(seconds=search.time_limit)
    return None if outcome.stack is None else question.stack_cost(outcome.stack)
