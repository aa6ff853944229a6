"""The two lists: what is best alone for its cost, beside the best stack, and why they differ.

The first list buys down the order of worth alone (fall of the objective per unit of money, with
nothing else bought) what the money and the rules allow; the second is the best stack for the same
money. Every difference gets one sentence, built from the numbers, that is true of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from planner.plan import Plan
from planner.scenario.settle import amount
from planner.solve.search import Search
from planner.study.naive import alone_order, best_alone, cheapest_stack
from planner.study.ranking import Table
from planner.study.reasons import Facts, listed, only_holder, percent, word_of


@dataclass(frozen=True)
class ListRow:
    """One option.

    place     among all options, by worth alone; None where it does nothing alone
    per_cost  fall of the objective alone, per unit of currency; None where it is free
    alone     whether the first list buys it; `best` whether the best stack holds it
    level     both hold the technique, at another level
    sentence  why the two differ; None where they agree
    """

    option: str
    place: int | None
    cost: Decimal
    fall_alone: float
    per_cost: float | None
    alone: bool
    best: bool
    level: bool
    sentence: str | None

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "cost": float(self.cost)}


@dataclass(frozen=True)
class TwoLists:
    """Rows in the order of worth alone; what either list costs and leaves (by the objective)."""

    rows: tuple[ListRow, ...]
    alone_stack: tuple[str, ...]
    alone_cost: Decimal
    alone_value: float
    best_cost: Decimal
    best_value: float
    sentence: str

    @property
    def differences(self) -> tuple[ListRow, ...]:
        return tuple(row for row in self.rows if row.sentence is not None)

    def to_dict(self) -> dict[str, Any]:
        return {
            "alone": {
                "stack": list(self.alone_stack),
                "cost": float(self.alone_cost),
                "objective_value": self.alone_value,
            },
            "best": {"cost": float(self.best_cost), "objective_value": self.best_value},
            "sentence": self.sentence,
            "rows": [row.to_dict() for row in self.rows],
        }


def two_lists(plan: Plan, search: Search) -> TwoLists:
    """Both lists for the money of the plan: its budget, or what it costs where a target was set.

    Raises LimitHit where the rules ask for a start that was not found in time.
    """
    program = plan.program
    if plan.budget is None:
        program = plan.question.program(plan.cost)
    order = alone_order(program)
    alone = best_alone(program, cheapest_stack(program, search))
    table = Table(plan, {})
    places = {j: k for k, j in enumerate(order, start=1)}
    others = [j for j in sorted({*alone, *plan.columns}) if j not in order]
    lists = (alone, plan.columns)
    rows = tuple(
        _row(plan, table, j, places.get(j), order.get(j, 0.0), lists) for j in (*order, *others)
    )
    value = program.value(alone)
    labels = tuple(sorted(program.labels[j] for j in alone))
    return TwoLists(
        rows=rows,
        alone_stack=labels,
        alone_cost=_money(plan, program.stack_cost(alone)),
        alone_value=value,
        best_cost=_money(plan, plan.cost),
        best_value=plan.reached,
        sentence=_both(plan, alone, value),
    )


def _both(plan: Plan, alone: tuple[int, ...], value: float) -> str:
    """What either list leaves."""
    if set(alone) == set(plan.columns):
        return "The two lists buy the same."
    word, best = word_of(plan), plan.reached
    cost = plan.question.money(plan.program.stack_cost(alone))
    sold = plan.program.technique
    first, second = {sold[j] for j in alone}, {sold[j] for j in plan.columns}
    shared, same = len(first & second), len(set(alone) & set(plan.columns))
    levels = f", {same} of them at the same level" if same < shared else ""
    head = (
        f"Bought by worth alone, {cost} leave a {word} of {value:.4g}; the best stack leaves "
        f"{best:.4g} for {plan.question.money(plan.cost)}"
    )
    if value > best > 0:
        more = f"{(value / best - 1) * 100:.3g}% more"
        head += f": the first list leaves {more}"
    return f"{head}. They share {shared} of {len(first | second)} techniques{levels}."


def _row(
    plan: Plan,
    table: Table,
    column: int,
    place: int | None,
    fall: float,
    lists: tuple[tuple[int, ...], tuple[int, ...]],
) -> ListRow:
    cost, sold = _money(plan, plan.program.cost[column]), plan.program.technique
    alone, best = (column in stack for stack in lists)
    both = all(sold[column] in {sold[j] for j in stack} for stack in lists)
    row = ListRow(
        option=plan.program.labels[column],
        place=place,
        cost=cost,
        fall_alone=fall,
        per_cost=fall / float(cost) if cost else None,
        alone=alone,
        best=best,
        level=alone != best and both,
        sentence=None,
    )
    if alone == best:
        return row
    told = _left(plan, table, column, row) if alone else _taken(plan, table, column, row)
    return ListRow(**{**row.__dict__, "sentence": told})


def _left(plan: Plan, table: Table, column: int, row: ListRow) -> str:
    """Why the best stack does without what is good alone."""
    technique = plan.program.technique[column]
    other = next((j for j in plan.columns if plan.program.technique[j] == technique), None)
    if other is not None:
        return f"{_standing(plan, row)}; the best stack holds it as {plan.program.labels[other]}."
    if not plan.columns:
        return f"{_standing(plan, row)}; the best stack is empty."
    added = table.fall(plan.columns, (*plan.columns, column))
    stack = _named(plan, plan.columns)
    if added <= 0 or row.fall_alone <= 0:
        return f"{_standing(plan, row)}; beside {stack} it lowers the {word_of(plan)} no further."
    if added >= row.fall_alone:
        return (
            f"{_standing(plan, row)}; beside {stack} it would lower the {word_of(plan)} by "
            f"{added:.3g}, and the money does more elsewhere."
        )
    done = 1 - added / row.fall_alone
    share = table.stand_in(column, row.fall_alone)
    twin = ""
    if share is not None and len(plan.columns) > 1 and 0.5 <= share[1] <= done + 1e-9:
        twin = f" ({share[0]} by itself {percent(share[1])})"
    return (
        f"{_standing(plan, row)}; {stack} already {_do(plan.columns)} {percent(done)} of what it "
        f"does alone{twin}, and it would take away {added:.3g} more."
    )


def _taken(plan: Plan, table: Table, column: int, row: ListRow) -> str:
    """Why the best stack holds what is not bought by worth alone."""
    technique = plan.program.technique[column]
    rest = [j for j in plan.columns if j != column]
    rise = table.fall(rest, plan.columns)
    word, value = word_of(plan), plan.reached
    if row.level:
        return f"{_standing(plan, row)}; by worth alone another level of it is bought."
    parts = [_standing(plan, row)]
    held = only_holder(_facts(plan, technique))
    if held:
        parts.append(f"the only one of the stack to withstand {listed(held)}")
    beside = f"beside {_named(plan, rest)}" if rest else "by itself"
    if rise <= 0:
        parts.append(f"{beside} it leaves the {word} at {value:.4g}")
    else:
        parts.append(f"{beside} it lowers the {word} from {value + rise:.4g} to {value:.4g}")
    return "; ".join(parts) + "."


def _standing(plan: Plan, row: ListRow) -> str:
    """`rlhf is 2nd alone (0.254 per USD million)`."""
    if row.place is None:
        return f"{row.option} does nothing alone"
    worth = f"{row.fall_alone:.3g} for nothing"
    if row.per_cost is not None:
        worth = f"{row.per_cost:.3g} per {plan.scenario.currency or 'unit of money'}"
    return f"{row.option} is {_ordinal(row.place)} alone ({worth})"


def _facts(plan: Plan, technique: int) -> Facts:
    return Facts(plan, technique, True, True, None, None, None, None, False, False, None)


def _named(plan: Plan, columns: list[int] | tuple[int, ...]) -> str:
    """A stack by its labels where it is short, else by number."""
    if len(columns) <= 3:
        return listed(sorted(plan.program.labels[j] for j in columns))
    return (
        f"the {len(columns)} of the stack"
        if len(columns) == len(plan.columns)
        else (f"the other {len(columns)} of the stack")
    )


def _do(columns: tuple[int, ...]) -> str:
    return "does" if len(columns) == 1 else "do"


def _ordinal(number: int) -> str:
    """
    >>> [_ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '112th']
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 11 <= number % 100 <= 13 else ending}"


def _money(plan: Plan, units: int) -> Decimal:
    return amount(units, plan.scenario.decimals)
