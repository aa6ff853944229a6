"""What naive rules leave, beside a frontier: at a few budgets, judged by the same objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from planner.plan import Question
from planner.program.build import build_program
from planner.risk.measures import Expected
from planner.scenario.settle import amount
from planner.solve.search import Progress, Search, silent
from planner.study.frontier_facts import Facts, spread
from planner.study.naive import best_alone, cheapest_stack, equal_split, independent, most_modes

#: Budgets at which the naive rules buy, the scenario's own and the knee apart.
BUDGETS = 6


@dataclass(frozen=True)
class Mark:
    """What one naive rule buys at one budget, and the objective that it leaves."""

    budget: Decimal
    rule: str
    cost: Decimal
    value: float
    stack: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "budget": float(self.budget),
            "rule": self.rule,
            "cost": float(self.cost),
            "objective_value": self.value,
            "stack": list(self.stack),
        }


def naive_budgets(facts: Facts) -> list[int]:
    """A few budgets over the whole frontier, the knee's and the scenario's among them."""
    points = facts.points
    found = {*spread(points, BUDGETS)}
    if facts.knee is not None:
        found.add(points[facts.knee].budget)
    if facts.own is not None and facts.frontier.question.settled.budget is not None:
        found.add(min(facts.frontier.question.settled.budget, points[-1].budget))
    return sorted(found)


def naive_marks(
    question: Question, budgets: Sequence[int], search: Search, progress: Progress = silent
) -> tuple[Mark, ...]:
    """The rules of `planner.study.naive`, by rising budget; each budget must allow a stack.

    The rules look at the expected loss, whatever the objective is that judges them. Raises
    LimitHit where a solve was not finished.
    """
    judge = question.program(None)
    found = []
    for budget in budgets:
        progress(f"naive rules at budget {amount(budget, question.scenario.decimals)}")
        program = build_program(question.settled, question.worlds, Expected(), budget=budget)
        start = cheapest_stack(program, search)
        stacks = {
            "independent": independent(question, program, search),
            "best_alone": best_alone(program, start),
            "most_modes": most_modes(question, program, start),
            "equal_split": equal_split(program, start, budget),
        }
        for rule, stack in stacks.items():
            found.append(
                Mark(
                    budget=amount(budget, question.scenario.decimals),
                    rule=rule,
                    cost=amount(program.stack_cost(stack), question.scenario.decimals),
                    value=judge.value(stack),
                    stack=tuple(sorted(program.labels[j] for j in stack)),
                )
            )
    return tuple(found)
