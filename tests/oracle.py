"""The best stack by full enumeration, for comparison with `planner.recommend`.

Nothing here imports `planner.risk`, `planner.program`, `planner.solve` or `planner.plan`: the
rules, the objectives and the order of ties are written again, from `contract.md` and `model.md`.
What is shared is what defines the problem: the scenario's types, `settle`, and the doubles that
`planner.worlds.build` makes of them.

Every assignment (each technique not bought, or bought at one of its levels) is tried. Values are
first taken in floating point; whatever lies within 1e-9 of the best (or of the target) is decided
in exact integers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np

from planner.scenario.settle import Settled, settle
from planner.scenario.types import Choice, Limit, Scenario
from planner.scenario.values import Number, Value
from planner.worlds.build import build, strikes
from planner.worlds.types import Floats, Worlds

#: Stacks whose floating-point values are this near (relatively) are compared exactly.
NEAR = 1e-9
#: Below this a floating-point product may have lost digits: compare exactly.
TINY = 1e-280

#: A stack reaches a target up to this share of it, so that 0.1 + 0.2 reaches 0.3.
SLACK = Fraction(1, 10**12)

#: An assignment: the numbers of the options bought, technique by technique.
Bought = tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """The best stack: option labels in sorted order, cost in units of account, exact objective."""

    stack: tuple[str, ...]
    cost: int
    value: Fraction


@dataclass(frozen=True)
class OutOfReach:
    """Stacks meet the rules, but none the target; `lowest` is the least objective of them all."""

    lowest: Fraction


def evaluate(scenario: Scenario, stack: tuple[str, ...], objective: str = "expected") -> Fraction:
    """The exact objective of one stack (the committed techniques protect too)."""
    problem = Problem(scenario, objective)
    return problem.exact(tuple(problem.settled.option_index[label] for label in stack))


class Problem:
    """A scenario and an objective, with every assignment that meets the rules (budget apart)."""

    def __init__(self, scenario: Scenario, objective: str = "expected", seed: int = 0) -> None:
        self.scenario = scenario
        self.settled = settle(scenario)
        self.measure, _, parameter = objective.partition(":")
        if self.measure == "worst":
            self.worlds = strikes(self.settled, int(parameter or 1), seed=seed)
        else:
            self.worlds = build(self.settled, seed=seed)
        #: the share of the probability that cvar averages over
        self.share = 1 - Fraction(parameter) if self.measure == "cvar" else Fraction(1)
        if self.measure not in ("expected", "cvar", "worst") or not 0 < self.share <= 1:
            raise ValueError(f"the oracle knows no objective {objective!r}")
        self.exact_worlds = ExactWorlds(self.worlds)
        self._known: dict[tuple[int, ...], Fraction] = {}

    # ------------------------------------------------------------------ questions

    def least_objective(self, budget: int | None) -> Answer | None:
        """Least objective at a cost of at most `budget` units; None where no stack is allowed."""
        allowed = self._within(budget)
        if not allowed:
            return None
        values = self._floats[allowed]
        edge = values.min() * (1 + NEAR) + TINY
        near = [k for k, value in zip(allowed, values, strict=True) if value <= edge]
        best = min(near, key=lambda k: (self.exact(self.feasible[k]), *self._order(k)))
        return self._answer(best)

    def least_cost(self, target: float, budget: int | None = None) -> Answer | OutOfReach | None:
        """Least cost with the objective at most `target` (and the slack of doubles)."""
        allowed = self._within(budget)
        if not allowed:
            return None
        for k in sorted(allowed, key=self._order):
            if self._reaches(k, target):
                return self._answer(k)
        least = self.least_objective(budget)
        assert least is not None
        return OutOfReach(least.value)

    def breaches(self, stack: tuple[str, ...], budget: int | None) -> list[str]:
        """Every rule that the stack breaks, the budget among them."""
        options = self.settled.option_index
        unknown = [label for label in stack if label not in options]
        if unknown:
            return [f"unknown option {label}" for label in unknown]
        bought = tuple(options[label] for label in stack)
        found = [name for name, rule in self.rules if not rule(bought)]
        techniques = [self.settled.options[k].technique for k in bought]
        committed = [self.settled.options[k].technique for k in self.settled.committed]
        if len(set(techniques)) < len(techniques):
            found.append("two levels of one technique")
        if set(techniques) & set(committed):
            found.append("a committed technique was bought")
        if budget is not None and self.cost(bought) > budget:
            found.append("overspent")
        return found

    # ------------------------------------------------------------------ assignments

    def assignments(self) -> Iterator[Bought]:
        """Each technique: not bought, or one of its levels; committed ones are not for sale."""
        committed = {self.settled.options[k].technique for k in self.settled.committed}
        choices: list[tuple[int | None, ...]] = []
        for i, technique in enumerate(self.scenario.techniques):
            if i not in committed:
                choices.append((None, *self.settled.options_of[technique.id]))
        for pick in itertools.product(*choices):
            yield tuple(k for k in pick if k is not None)

    @cached_property
    def feasible(self) -> list[Bought]:
        rules = [rule for _, rule in self.rules]
        return [bought for bought in self.assignments() if all(rule(bought) for rule in rules)]

    def cost(self, bought: Bought) -> int:
        return sum(self.settled.cost[k] for k in bought)

    def _within(self, budget: int | None) -> list[int]:
        return [k for k, cost in enumerate(self._costs) if budget is None or cost <= budget]

    @cached_property
    def _costs(self) -> list[int]:
        return [self.cost(bought) for bought in self.feasible]

    def labels(self, bought: Bought) -> tuple[str, ...]:
        return tuple(sorted(self.settled.options[k].label for k in bought))

    def _order(self, k: int) -> tuple[int, int, tuple[str, ...]]:
        """Ties: lower cost, then fewer techniques, then the smallest sorted list of labels."""
        return self._costs[k], len(self.feasible[k]), self.labels(self.feasible[k])

    def _answer(self, k: int) -> Answer:
        bought = self.feasible[k]
        return Answer(self.labels(bought), self._costs[k], self.exact(bought))

    # ------------------------------------------------------------------ rules

    @cached_property
    def rules(self) -> list[tuple[str, Callable[[Bought], bool]]]:
        """(what it says, does the stack meet it), the budget apart."""
        rules = self.scenario.rules
        committed = set(self.settled.committed)
        found: list[tuple[str, Callable[[Bought], bool]]] = []

        def bought_any(options: set[int]) -> Callable[[Bought], bool]:
            return lambda bought: not options.isdisjoint(bought)

        def bought_none(options: set[int]) -> Callable[[Bought], bool]:
            return lambda bought: options.isdisjoint(bought)

        def needs(dependants: set[int], needed: set[int]) -> Callable[[Bought], bool]:
            present = bool(needed & committed)
            return lambda bought: (
                present or dependants.isdisjoint(bought) or not needed.isdisjoint(bought)
            )

        def few(options: set[int], count: int) -> Callable[[Bought], bool]:
            return lambda bought: len(options.intersection(bought)) <= count

        for choice in rules.fund:
            found.append((f"fund {choice}", bought_any(self._named(choice))))
        for choice in rules.exclude:
            found.append((f"exclude {choice}", bought_none(self._named(choice))))
        for choice, needed in rules.requires:
            for other in needed:
                rule = needs(self._named(choice), self._named(other))
                found.append((f"{choice} requires {other}", rule))
        for most in rules.at_most:
            options = {k for id in most.of for k in self.settled.options_of[id]}
            found.append((f"at most {most.count} of {most.of}", few(options, most.count)))
        for limit in rules.limits:
            found.append((f"limit {limit}", self._limit(limit)))
        return found

    def _named(self, choice: Choice) -> set[int]:
        """Options that a choice may mean: `debate` any level, `debate:full` that one."""
        options = self.settled.options_of[choice.technique]
        return {k for k in options if choice.level in (None, self.settled.options[k].level)}

    def _limit(self, limit: Limit) -> Callable[[Bought], bool]:
        amounts: dict[int, Fraction] = {}
        for k, option in enumerate(self.settled.options):
            technique = self.scenario.techniques[option.technique]
            if limit.of is not None and technique.id not in limit.of:
                continue
            if limit.attribute == "cost":
                amounts[k] = Fraction(self.settled.cost[k], 10**self.scenario.decimals)
            else:
                value = dict(technique.attributes).get(limit.attribute)
                amounts[k] = Fraction(0) if value is None else Fraction(_plain(value))
        least = None if limit.at_least is None else Fraction(_plain(limit.at_least))
        most = None if limit.at_most is None else Fraction(_plain(limit.at_most))

        def rule(bought: Bought) -> bool:
            total = sum((amounts[k] for k in bought if k in amounts), Fraction(0))
            return (least is None or total >= least) and (most is None or total <= most)

        return rule

    # ------------------------------------------------------------------ values

    def exact(self, bought: Bought) -> Fraction:
        """The objective as a Fraction; stacks of equal columns are worked out once."""
        options = (*bought, *self.settled.committed)
        key = self.exact_worlds.signature(options)
        if key not in self._known:
            self._known[key] = self.exact_worlds.value(self.measure, self.share, options)
        return self._known[key]

    def _reaches(self, k: int, target: float) -> bool:
        value = self._floats[k]
        if value > target * (1 + NEAR) + TINY:
            return False
        if value < target * (1 - NEAR) - TINY:
            return True
        return self.exact(self.feasible[k]) <= Fraction(target) * (1 + SLACK)

    @cached_property
    def _floats(self) -> Floats:
        """The objective of every feasible assignment in floating point."""
        found = []
        for start in range(0, len(self.feasible), 2048):
            some = self.feasible[start : start + 2048]
            product = np.ones((len(some), self.worlds.count))
            for row, bought in enumerate(some):
                for k in (*bought, *self.settled.committed):
                    product[row] *= self.worlds.failure[k]
            found.append(self._measure(product))
        return np.concatenate(found) if found else np.zeros(0)

    def _measure(self, product: Floats) -> Floats:
        p, loss = self.worlds.probability, self.worlds.loss * product
        if self.measure == "expected" or (self.share == 1 and self.measure == "cvar"):
            return np.asarray((loss * p).sum(axis=1))
        if self.measure == "worst":
            states = sorted(set(self.worlds.state.tolist()))
            parts = [(loss * p)[:, self.worlds.state == state].sum(axis=1) for state in states]
            return np.asarray(np.max(parts, axis=0))
        order = np.argsort(-loss, axis=1)
        mass = p[order]
        before = np.cumsum(mass, axis=1) - mass
        share = float(self.share)
        taken = np.clip(share - before, 0, mass)
        return np.asarray((taken * np.take_along_axis(loss, order, axis=1)).sum(axis=1) / share)


class ExactWorlds:
    """The doubles of some worlds as integers: a number is `mantissa * 2**-exponent`."""

    def __init__(self, worlds: Worlds) -> None:
        self.probability = [_dyadic(x) for x in worlds.probability.tolist()]
        self.loss = [_dyadic(x) for x in worlds.loss.tolist()]
        self.failure = [[_dyadic(x) for x in row] for row in worlds.failure.tolist()]
        self.state = worlds.state.tolist()
        self.live = sum(1 << s for s, (m, _) in enumerate(self.loss) if m)
        self.zeros = [
            sum(1 << s for s, x in enumerate(row) if x == 0) for row in worlds.failure.tolist()
        ]
        rows = [row.tobytes() for row in worlds.failure]
        ones = np.ones(worlds.count).tobytes()
        self.kinds = [-1 if row == ones else rows.index(row) for row in rows]

    def signature(self, options: Bought) -> tuple[int, ...]:
        """Equal for stacks that fail alike in every world."""
        covered = 0
        for k in options:
            covered |= self.zeros[k]
        if not self.live & ~covered:
            return (-2,)  # no world is left in which all fail at a loss
        return tuple(sorted(self.kinds[k] for k in options if self.kinds[k] >= 0))

    def value(self, measure: str, share: Fraction, options: Bought) -> Fraction:
        losses = self._losses(options)
        if measure == "cvar":
            return self._tail(losses, share)
        parts: dict[int, list[tuple[int, int]]] = {}
        for s, (m, e) in enumerate(losses):
            pm, pe = self.probability[s]
            state = self.state[s] if measure == "worst" else 0
            parts.setdefault(state, []).append((m * pm, e + pe))
        return max((_sum(part) for part in parts.values()), default=Fraction(0))

    def _losses(self, options: Bought) -> list[tuple[int, int]]:
        found = []
        for s, (m, e) in enumerate(self.loss):
            for k in options:
                fm, fe = self.failure[k][s]
                m, e = m * fm, e + fe
                if m == 0:
                    break
            found.append((m, e) if m else (0, 0))
        return found

    def _tail(self, losses: list[tuple[int, int]], share: Fraction) -> Fraction:
        """The mean of the worst `share`, by probability, of the losses.

        The probabilities sum to 1 up to rounding; the share is of what they sum to, so that
        cvar:0 is the expected loss to the last digit.
        """
        deepest = max(e for _, e in losses)
        scaled = [m << (deepest - e) for m, e in losses]
        finest = max(e for _, e in self.probability)
        masses = [m << (finest - e) for m, e in self.probability]
        left = share * sum(masses)
        total = Fraction(0)
        for s in sorted(range(len(scaled)), key=lambda s: -scaled[s]):
            mass = min(Fraction(masses[s]), left)
            total += mass * scaled[s]
            left -= mass
            if left == 0 or scaled[s] == 0:
                break
        return total / (share * (1 << finest)) / (1 << deepest)


def _dyadic(x: float) -> tuple[int, int]:
    numerator, denominator = x.as_integer_ratio()
    return numerator, denominator.bit_length() - 1


def _sum(terms: list[tuple[int, int]]) -> Fraction:
    deepest = max((e for _, e in terms), default=0)
    return Fraction(sum(m << (deepest - e) for m, e in terms), 1 << deepest)


def _plain(value: Value) -> Decimal:
    if not isinstance(value, Number):
        raise TypeError("the oracle takes limits and attributes as plain numbers only")
    return value.value


def in_units(settled: Settled, amount: str | Decimal) -> int:
    """An amount of the currency in units of account; it must be a whole number of them."""
    units = Fraction(amount) * 10**settled.scenario.decimals
    if units.denominator != 1:
        raise ValueError(f"{amount} is not a whole number of units")
    return units.numerator
