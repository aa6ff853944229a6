"""The price of ignoring correlation: what simpler rules leave, at the same budget and rules.

Every stack is judged by the residual risk R of the model, whatever objective the question has, and
every one obeys all rules of the scenario. Where the empty stack does not, each naive rule starts
from the cheapest stack that does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planner.errors import LimitHit
from planner.plan import Question
from planner.program.build import build_program
from planner.program.types import Program
from planner.risk.cutsets import defeating
from planner.risk.measures import Expected
from planner.risk.stack import band, listed, marginals, risk
from planner.scenario.settle import Settled, amount
from planner.solve.conflict import explain_conflict
from planner.solve.engine import Engine
from planner.solve.search import Progress, Search, silent
from planner.worlds.types import Floats, Worlds

if TYPE_CHECKING:
    import pandas as pd

#: Every rule, and what it buys.
RULES = {
    "best": "the stack that leaves the least risk",
    "independent": "the best stack, were the failures of its techniques independent",
    "best_alone": "what lowers the risk most by itself for its cost, one after the other",
    "most_modes": "what withstands most of the modes that are still open, one after the other",
    "equal_split": "the budget in equal shares",
    "random": "whatever fits, in random order",
}

#: Quantiles of the random stacks that are reported.
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True)
class PriceRow:
    """What one rule leaves at one budget.

    budget, cost  in the currency; cost None for the random stacks
    stack         labels, sorted; None for the random stacks
    risk          R of the stack by the model; the mean of the random stacks
    excess        risk above the best stack's
    ratio         risk as a multiple of the best stack's; None where that is 0 and this is not
    promised      what the independence-assuming rule believes to be left; None for the others
    low, high     5% and 95% quantiles of the random stacks; None for the others
    """

    budget: Decimal
    rule: str
    stack: tuple[str, ...] | None
    cost: Decimal | None
    risk: float
    excess: float
    ratio: float | None
    promised: float | None = None
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "budget": float(self.budget),
            "rule": self.rule,
            "stack": None if self.stack is None else list(self.stack),
            "cost": None if self.cost is None else float(self.cost),
            "risk": self.risk,
            "excess": self.excess,
            "ratio": self.ratio,
            "promised": self.promised,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class PriceTable:
    """One row a budget and rule; budgets rise, rules stand in the order of `RULES`.

    `impossible` are the budgets at which no stack meets the rules; they have no rows.
    """

    rows: tuple[PriceRow, ...]
    impossible: tuple[Decimal, ...]
    currency: str
    draws: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "draws": self.draws,
            "seed": self.seed,
            "rules": dict(RULES),
            "impossible": [float(budget) for budget in self.impossible],
            "rows": [row.to_dict() for row in self.rows],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a budget and rule; stacks as text."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [row.to_dict() for row in self.rows]
        for row in rows:
            row["stack"] = None if row["stack"] is None else ", ".join(row["stack"])
        numbers = ["cost", "risk", "excess", "ratio", "promised", "low", "high"]
        frame = pd.DataFrame(rows, columns=["budget", "rule", "stack", *numbers])
        return frame.astype(dict.fromkeys(["budget", *numbers], "float64"))


def spread_budgets(settled: Settled, count: int = 8) -> tuple[int, ...]:
    """Budgets in units of account, rising: `count` of them evenly from the cheapest technique to
    the cost of all (each at its dearest level, without what others pay for), rounded to whole
    units, and the scenario's own."""
    paid = {settled.options[k].technique for k in settled.committed}
    dearest: dict[int, int] = {}
    cheapest: list[int] = []
    for option, cost in zip(settled.options, settled.cost, strict=True):
        if option.technique not in paid:
            dearest[option.technique] = max(dearest.get(option.technique, 0), cost)
            cheapest.append(cost)
    low, high = min(cheapest, default=0), sum(dearest.values())
    steps = max(count - 1, 1)
    found = {round(low + Fraction(k * (high - low), steps)) for k in range(max(count, 1))}
    if settled.budget is not None:
        found.add(settled.budget)
    return tuple(sorted(found))


def price_of_ignoring(
    question: Question,
    budgets: Sequence[int],
    search: Search,
    *,
    draws: int = 200,
    seed: int = 0,
    progress: Progress = silent,
) -> PriceTable:
    """What each rule leaves at each budget (in units of account), beside the best stack.

    - `best`: the stack of least R. Where `search` leaves a gap, or a limit stopped it, and another
      rule found a better one, that one.
    - `independent`: the exact optimum of the same program with one world, in which technique i
      fails with its marginal m[i] (docs/model.md, What correlation costs).
    - `best_alone`, `most_modes`, `equal_split`: see the functions of those names.
    - `random`: `draws` stacks, each made by adding in random order whatever fits, until nothing
      does. `seed` makes them; the same at every budget.

    `search.time_limit` bounds each solve. Raises NoStack where no budget allows any stack, and
    LimitHit where a limit was hit before any stack was found.
    """
    rows: list[PriceRow] = []
    impossible: list[int] = []
    for budget in sorted(set(budgets)):
        progress(f"naive rules at budget {amount(budget, question.scenario.decimals)}")
        found = _at(question, budget, search, draws, seed, progress)
        if found is None:
            impossible.append(budget)
        else:
            rows += found
    if impossible and not rows:
        raise explain_conflict(_program(question, max(impossible)), search, question.money)
    return PriceTable(
        rows=tuple(rows),
        impossible=tuple(amount(b, question.scenario.decimals) for b in impossible),
        currency=question.scenario.currency,
        draws=draws,
        seed=seed,
    )


def _program(question: Question, budget: int) -> Program:
    return build_program(question.settled, question.worlds, Expected(), budget=budget)


def _at(
    question: Question, budget: int, search: Search, draws: int, seed: int, progress: Progress
) -> list[PriceRow] | None:
    """The rows of one budget; None where no stack meets the rules."""
    program = _program(question, budget)
    best = _solve(program, search, progress)
    if best is None:
        return None
    start = cheapest_stack(program, search)
    stacks = {
        "best": best,
        "independent": independent(question, program, search),
        "best_alone": best_alone(program, start),
        "most_modes": most_modes(question, program, start),
        "equal_split": equal_split(program, start, budget),
    }
    random = random_stacks(program, start, draws, seed)
    known: dict[tuple[int, ...], float] = {}

    def left(stack: tuple[int, ...]) -> float:
        if stack not in known:
            known[stack] = risk(question.worlds, question.options(program, stack))
        return known[stack]

    for stack in (*stacks.values(), *random):
        if left(stack) < left(stacks["best"]):
            stacks["best"] = stack
    least = left(stacks["best"])
    decimals = question.scenario.decimals
    rows = []
    for rule, stack in stacks.items():
        row = PriceRow(
            budget=amount(budget, decimals),
            rule=rule,
            stack=tuple(sorted(program.labels[j] for j in stack)),
            cost=amount(program.stack_cost(stack), decimals),
            risk=left(stack),
            excess=left(stack) - least,
            ratio=_ratio(left(stack), least),
        )
        if rule == "independent":
            options = question.options(program, stack)
            promise = band(question.worlds, question.worlds, options).independent
            row = replace(row, promised=promise)
        rows.append(row)
    if random:
        values = np.array([left(stack) for stack in random])
        # Rounding of a mean of equal numbers must not fall below them.
        mean = max(math.fsum(values) / len(values), float(values.min()))
        low, high = (float(q) for q in np.quantile(values, (LOW, HIGH)))
        spread = PriceRow(
            amount(budget, decimals), "random", None, None, mean, mean - least, _ratio(mean, least)
        )
        rows.append(replace(spread, low=low, high=high))
    return rows


def _ratio(value: float, least: float) -> float | None:
    if least > 0:
        return value / least
    return 1.0 if value == least else None


def _solve(program: Program, search: Search, progress: Progress) -> tuple[int, ...] | None:
    outcome = Engine(program, search, progress).best(seconds=search.time_limit)
    if outcome.stack is None and not outcome.infeasible:
        raise LimitHit(
            "The time limit was reached before any stack was found that meets the rules. "
            "Allow more time with --time-limit."
        )
    return outcome.stack


def cheapest_stack(program: Program, search: Search) -> tuple[int, ...]:
    """What every naive rule starts from: nothing, or the cheapest stack that meets the rules.

    Raises LimitHit where none was found in time; the rules must be known to allow one.
    """
    if program.holds(()):
        return ()
    # Any stack meets a target of twice the whole loss: the cheapest within it is the cheapest.
    anything = replace(program, target=max(program.value(()), 1e-300) * 2)
    stack = _solve(anything, replace(search, gap=0.0), silent)
    assert stack is not None
    return stack


def independent(question: Question, program: Program, search: Search) -> tuple[int, ...]:
    """The best stack, were failures independent: one world, F = m, loss W0 (docs/model.md, What
    correlation costs). Exact; the floor of what is unlisted is the same for every stack."""
    worlds = question.worlds
    one = Worlds(
        probability=np.ones(1),
        loss=np.array([math.fsum(listed(worlds))]),
        failure=marginals(worlds)[:, None],
        state=np.zeros(1, np.int64),
        active=np.zeros((1, worlds.active.shape[1]), np.bool_),
    )
    simple = replace(program, worlds=one)
    stack = _solve(simple, replace(search, gap=0.0), silent)
    assert stack is not None
    return stack


class Basket:
    """A stack that grows, and obeys every rule after each step.

    What a technique requires is bought with it, at the cheapest level; where that does not fit or
    breaks another rule, nothing is bought.
    """

    def __init__(self, program: Program, start: Sequence[int]) -> None:
        self.program = program
        self.stack = list(start)
        self._matrix, self._lower, self._upper = program.dense_rows
        self._total = self._matrix[:, self.stack].sum(axis=1)
        self._requires = [row for row in program.rows if row.where == "rules.requires"]

    def add(self, column: int) -> bool:
        """Buy the column and what it requires, if the rules allow; whether they did."""
        fresh = self.allowed(column)
        if fresh is None:
            return False
        self.stack += fresh
        self._total = self._total + self._matrix[:, fresh].sum(axis=1)
        return True

    def allowed(self, column: int) -> list[int] | None:
        """The columns that buying this one buys; None where the rules forbid it."""
        if column in self.stack:
            return None
        fresh = self._with_needs(column)
        total = self._total + self._matrix[:, fresh].sum(axis=1)
        if bool(((total >= self._lower) & (total <= self._upper)).all()):
            return fresh
        return None

    def _with_needs(self, column: int) -> list[int]:
        fresh = [column]
        missing = True
        while missing:
            missing = False
            for row in self._requires:
                inside = {*self.stack, *fresh}
                if row.activity(inside) > 0:
                    pairs = zip(row.indices, row.coefficients, strict=True)
                    giving = [j for j, c in pairs if c < 0 and j not in inside]
                    if giving:
                        cost, labels = self.program.cost, self.program.labels
                        fresh.append(min(giving, key=lambda j: (cost[j], labels[j])))
                        missing = True
        return fresh

    @property
    def cost(self) -> int:
        return self.program.stack_cost(self.stack)

    @property
    def columns(self) -> tuple[int, ...]:
        return tuple(sorted(self.stack))


def best_alone(program: Program, start: Sequence[int]) -> tuple[int, ...]:
    """The fall of R by each technique alone (beside what others pay for), per unit of money.

    The best first; free ones before all; what does not fit or breaks a rule is passed over, and
    tried again once more is bought. What does nothing alone is not bought.
    """
    basket = Basket(program, start)
    _fill(basket, list(alone_order(program)))
    return basket.columns


def alone_order(program: Program) -> dict[int, float]:
    """Columns that lower the objective alone, the best for its cost first, and by how much."""
    nothing = program.value(())
    fall = [nothing - program.value([j]) for j in range(program.size)]
    fall = [x if x > 1e-12 * nothing else 0.0 for x in fall]

    def key(j: int) -> tuple[bool, float, int, str]:
        cost = program.cost[j]
        worth = fall[j] / cost if cost else fall[j]
        return cost > 0, -float(f"{worth:.11e}"), cost, program.labels[j]

    order = sorted((j for j in range(program.size) if fall[j] > 0), key=key)
    return {j: fall[j] for j in order}


def most_modes(question: Question, program: Program, start: Sequence[int]) -> tuple[int, ...]:
    """At each step the technique that withstands most of the modes still open; ties by cost, then
    by id. A mode is open until something of the stack, or that others pay for, withstands it: its
    cell is below the scenario's threshold. When none helps any more, all modes count as open
    again, so that no money is left lying; it ends when that does not help either.

    For explicit worlds: most of the loss (probability times loss) of the worlds still open, where
    a failure below the threshold withstands a world.
    """
    items = Items.of(question, program)
    basket = Basket(program, start)
    closed = items.closed(basket.stack)
    while True:
        gains = np.round(items.holds @ np.where(closed, 0.0, items.weight), 12)
        order = sorted(
            (j for j in range(program.size) if gains[j] > 0),
            key=lambda j: (-gains[j], program.cost[j], program.labels[j]),
        )
        before = len(basket.stack)
        if any(basket.add(j) for j in order):
            for j in basket.stack[before:]:
                closed = closed | items.holds[j]
        elif closed.any():
            closed = np.zeros_like(closed)
        else:
            return basket.columns


@dataclass(frozen=True, eq=False)
class Items:
    """What is to be withstood: modes (each counts 1), or explicit worlds (each its p l).

    holds   (n, items) whether the column withstands the item
    paid    (items,) whether something that others pay for does
    weight  (items,)
    """

    holds: NDArray[np.bool_]
    paid: NDArray[np.bool_]
    weight: Floats

    @classmethod
    def of(cls, question: Question, program: Program) -> Items:
        settled = question.settled
        masks = defeating(settled)
        if masks is None:
            threshold = question.scenario.threshold.mean
            table = np.asarray(question.worlds.failure < threshold, np.bool_)
            weight = question.worlds.weight
        else:
            modes = len(getattr(settled.threats, "probability", ()))
            by_technique = [[not mask >> j & 1 for j in range(modes)] for mask in masks]
            rows = [by_technique[option.technique] for option in settled.options]
            table = np.array(rows, np.bool_).reshape(len(rows), modes)
            weight = np.ones(modes)
        paid = np.asarray(table[list(program.committed)].any(axis=0), np.bool_)
        return cls(table[list(program.option)], paid, weight)

    def closed(self, stack: Sequence[int]) -> NDArray[np.bool_]:
        return np.asarray(self.paid | self.holds[list(stack)].any(axis=0))


def equal_split(program: Program, start: Sequence[int], budget: int) -> tuple[int, ...]:
    """The budget in equal shares over all techniques for sale, each at its cheapest level.

    A technique is all or nothing: it is funded where its cost is at most its share (and the rules
    allow it), cheapest first, ties by id. What is left is split again over those not yet funded.
    When a share pays for none of them, the dearest is given up (ties: the last id), and the rest
    share what is left; until nothing remains.
    """
    basket = Basket(program, start)
    cheapest: dict[int, int] = {}
    for j in sorted(range(program.size), key=lambda j: (program.cost[j], program.labels[j])):
        cheapest.setdefault(program.technique[j], j)
    bought = {program.technique[j] for j in basket.stack}
    waiting = [j for i, j in cheapest.items() if i not in bought]
    while waiting:
        left = budget - basket.cost
        share = Fraction(max(left, 0), len(waiting))
        funded = [j for j in waiting if program.cost[j] <= share and basket.add(j)]
        if not funded:
            waiting.pop()
        inside = set(basket.stack)
        techniques = {program.technique[j] for j in inside}
        waiting = [j for j in waiting if program.technique[j] not in techniques]
    return basket.columns


def random_stacks(
    program: Program, start: Sequence[int], draws: int, seed: int
) -> list[tuple[int, ...]]:
    """Stacks to which nothing can be added: columns in random order, each bought where it fits."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        basket = Basket(program, start)
        _fill(basket, [int(j) for j in rng.permutation(program.size)])
        found.append(basket.columns)
    return found


def _fill(basket: Basket, order: Sequence[int]) -> None:
    """Down the list, again and again, until a whole pass buys nothing."""
    grown = True
    while grown:
        before = len(basket.stack)
        for j in order:
            basket.add(j)
        grown = len(basket.stack) > before
