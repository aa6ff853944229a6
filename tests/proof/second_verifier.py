"""A second verifier of certificates, written apart from `planner/proof/verify_plan.py`.

Nothing of the planner is imported. Numbers are `Fraction`s throughout, logarithms are the standard
library's `Decimal.ln` (correctly rounded) at 50 digits with a margin, the tree is walked by
recursion, and the choices that a leaf leaves open are found by running through the techniques with
the least sums of the rest. Slow, plain, and another way to the same answer.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from typing import Any

CONTEXT = Context(prec=50, Emax=10**6, Emin=-(10**6))
MARGIN = Fraction(1, 10**40)
WEIGHT = Fraction(1, 2**30)


class Wrong(Exception):
    """The certificate shows nothing, or something else than the plan says."""


def accepts(plan: dict[str, Any]) -> bool:
    """Whether the certificate proves what the plan says."""
    try:
        _Case(plan).run()
    except (Wrong, KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        return False
    return True


@cache
def _ln(x: Fraction) -> Fraction:
    """log x, less a margin that covers the rounding of both divisions and of the logarithm."""
    quotient = CONTEXT.divide(Decimal(x.numerator), Decimal(x.denominator))
    return Fraction(CONTEXT.ln(quotient)) - MARGIN


def _numbers(text: str) -> list[Fraction]:
    found = [Fraction(float.fromhex(word)) for word in text.split()]
    _must(all(x >= 0 for x in found))
    return found


def _integers(text: str) -> list[int]:
    _must("_" not in text and "+" not in text)
    return [int(word) for word in text.split()]


def _must(true: bool) -> None:
    if not true:
        raise Wrong


class _Case:
    def __init__(self, plan: dict[str, Any]) -> None:
        given = plan["certificate"]
        self.plan, self.given = plan, given
        _must(given["format"] == 1 and type(given["format"]) is int)
        self.p = _numbers(given["worlds"]["probability"])
        self.whole_loss = _numbers(given["worlds"]["loss"])
        self.options = given["options"]
        self.f = [_numbers(option["failure"]) for option in self.options]
        paid = [_numbers(option["failure"]) for option in given["committed"]]
        for row in (*self.f, *paid, self.whole_loss):
            _must(len(row) == len(self.p) > 0)
        for row in (*self.f, *paid):
            _must(max(row) <= 1)
        self.loss = list(self.whole_loss)
        for row in paid:
            self.loss = [a * b for a, b in zip(self.loss, row, strict=True)]
        self.cost = [option["cost"] for option in self.options]
        _must(all(type(c) is int and c >= 0 for c in self.cost))
        self.technique = [option["technique"] for option in self.options]
        pairs = [(option["technique"], option["level"]) for option in self.options]
        _must(len(set(pairs)) == len(pairs))
        self.paid = {(option["technique"], option["level"]) for option in given["committed"]}
        _must(not {t for t, _ in self.paid} & set(self.technique))
        _must(all(isinstance(word, str) for pair in (*pairs, *self.paid) for word in pair))
        self.rules = [self._rule(row) for row in given["rows"]]
        self.kind, _, self.parameter = given["measure"]["name"].partition(":")
        _must(self.kind in ("expected", "cvar", "worst"))
        if self.kind == "worst":
            self.state = _integers(given["worlds"]["state"])
            _must(len(self.state) == len(self.p))
        self.tail = 1 - Fraction(self.parameter) if self.kind == "cvar" else Fraction(1)
        _must(0 < self.tail <= 1)
        target = given["target"]
        self.target = None if target is None else Fraction(float.fromhex(target))

    @staticmethod
    def _rule(row: dict[str, Any]) -> tuple[dict[int, int], int | None, int | None]:
        terms: dict[int, int] = {}
        _must(isinstance(row["rule"], str) and isinstance(row["where"], str))
        for term in row["terms"].split():
            column, amount = term.split(":")
            _must(int(column) not in terms and int(column) >= 0)
            terms[int(column)] = int(amount)
        for side in (row["lower"], row["upper"]):
            _must(side is None or type(side) is int)
        return terms, row["lower"], row["upper"]

    # Values.

    def left(self, stack: tuple[int, ...]) -> list[Fraction]:
        found = list(self.loss)
        for j in stack:
            found = [a * b for a, b in zip(found, self.f[j], strict=True)]
        return found

    def value(self, stack: tuple[int, ...]) -> Fraction:
        left = self.left(stack)
        if self.kind == "expected":
            return sum((a * b for a, b in zip(self.p, left, strict=True)), Fraction(0))
        if self.kind == "worst":
            return max(
                sum(
                    (p * x for p, x, s in zip(self.p, left, self.state, strict=True) if s == one),
                    Fraction(0),
                )
                for one in set(self.state)
            )
        # Rockafellar and Uryasev: min over t of t P + sum p (x - t)+ / share, t one of the losses.
        total, mass, part = sum(self.p), Fraction(0), Fraction(0)
        best: Fraction | None = None
        for x, p in sorted(zip(left, self.p, strict=True), reverse=True):
            here = x * total + (part - x * mass) / self.tail
            best = here if best is None else min(best, here)
            mass, part = mass + p, part + p * x
        return min(best or Fraction(0), part / self.tail)  # t = 0 is the last

    def obeys(self, stack: tuple[int, ...]) -> bool:
        for terms, lower, upper in self.rules:
            total = sum(terms.get(j, 0) for j in stack)
            if (lower is not None and total < lower) or (upper is not None and total > upper):
                return False
        return True

    # The claim.

    def run(self) -> None:
        plan, claim = self.plan, self.given["claim"]
        stack = tuple(claim["stack"])
        _must(all(type(j) is int and 0 <= j < len(self.options) for j in stack))
        _must(list(stack) == sorted(set(stack)))
        _must(len({self.technique[j] for j in stack}) == len(stack) and self.obeys(stack))
        cost = sum(self.cost[j] for j in stack)
        _must(type(self.given["decimals"]) is int and 0 <= self.given["decimals"] <= 9)
        unit = 10 ** self.given["decimals"]
        _must(claim["cost"] == cost and type(claim["cost"]) is int)
        value = self.value(stack)
        self._words(stack, cost, value, unit)
        if self.target is None:
            bound = value if claim["bound"] == "value" else Fraction(float.fromhex(claim["bound"]))
            _must(bound <= value)
            self.goal, self.strict, reached, shown = bound, False, value, bound
        else:
            limit = self.target * (1 + Fraction(1, 10**12))
            _must(value <= limit)
            least = claim["bound"]
            _must(type(least) is int and least <= cost)
            self.goal, self.strict = limit, True
            self.rules.append((dict(enumerate(self.cost)), None, least - 1))
            reached, shown = Fraction(cost, unit), Fraction(least, unit)
        _must(plan["proof"]["lower_bound"] == float(shown))
        gap = 1 - float(shown) / float(reached) if float(reached) > 0 else 0.0
        _must(abs(plan["proof"]["gap"] - gap) <= 1e-12)
        self._dead()
        if self.strict and claim["bound"] <= 0:
            return
        self.level = self.goal - self.constant
        if not self.strict and self.level <= 0:
            return
        tree = self.given["tree"]
        if self.strict and tree["level"] is not None:
            level = Fraction(float.fromhex(tree["level"]))
            _must(level >= self.goal)
            self.level = level - self.constant
        self.nodes, self.weights, self.at = tree["nodes"], tree["weights"], 0
        choices: dict[str, tuple[int | None, ...]] = {}
        for j, name in enumerate(self.technique):
            choices[name] = (*choices.get(name, (None,)), j)
        self._walk(choices)
        _must(self.at == len(self.nodes))

    def _words(self, stack: tuple[int, ...], cost: int, value: Fraction, unit: int) -> None:
        plan = self.plan
        # To Python true is 1; to a reader of the file it is no number.
        names = ("cost", "objective_value", "budget", "target_risk", "risk", "risk_empty")
        shown = [plan[name] for name in names if name in plan]
        shown += [plan["proof"]["lower_bound"], plan["proof"]["gap"]]
        _must(not any(isinstance(number, bool) for number in shown))
        _must(plan["proof"]["kind"] in ("certified", "enumerated"))
        _must(plan["stack"] == [self.technique[j] for j in stack])
        _must(plan["levels"] == {self.technique[j]: self.options[j]["level"] for j in stack})
        said = [tuple(label.split(":")) for label in plan["committed"]]
        full = {(t, level) for t, level in self.paid}
        _must(len(said) == len(full))
        _must({one[0] for one in said} == {t for t, _ in full})
        _must(all(len(one) == 1 or one in full for one in said))
        _must(plan["objective"] == self.given["measure"]["name"])
        _must(
            plan["cost"] == float(Fraction(cost, unit)) and plan["objective_value"] == float(value)
        )
        budgets = [row for row in self.given["rows"] if row["where"] == "budget"]
        for row in budgets:
            terms, lower, _ = self._rule(row)
            _must(lower is None and row["upper"] is not None)
            _must(terms == {j: c for j, c in enumerate(self.cost) if c})
        if self.target is None:
            limits = [float(Fraction(row["upper"], unit)) for row in budgets]
            _must(limits == ([] if plan["budget"] is None else [plan["budget"]]))
            _must(plan.get("target_risk") is None)
        else:
            _must(plan["budget"] is None and plan["target_risk"] == float(self.target))
        if self.kind != "worst":
            pairs = zip(self.p, self.left(stack), strict=True)
            risk = float(sum((p * x for p, x in pairs), Fraction(0)))
            pairs = zip(self.p, self.whole_loss, strict=True)
            empty = float(sum((p * x for p, x in pairs), Fraction(0)))
            _must(abs(plan["risk"] - risk) <= 1e-12 * max(risk, 1e-300))
            _must(abs(plan["risk_empty"] - empty) <= 1e-12 * max(empty, 1e-300))

    def _dead(self) -> None:
        """Worlds that nothing changes, for the expectation."""
        self.dead = [
            self.kind == "expected" and all(row[s] == 1 for row in self.f)
            for s in range(len(self.p))
        ]
        self.constant = sum(
            (p * x for p, x, d in zip(self.p, self.loss, self.dead, strict=True) if d), Fraction(0)
        )

    # The tree.

    def _walk(self, choices: dict[str, tuple[int | None, ...]]) -> None:
        node = self.nodes[self.at]
        self.at += 1
        if "branch" not in node:
            self._leaf(node, choices)
            return
        j = node["branch"]
        _must(type(j) is int and j >= 0)
        name = self.technique[j]
        _must(j in choices[name])
        self._walk({**choices, name: (j,)})
        others = tuple(choice for choice in choices[name] if choice != j)
        if others:
            self._walk({**choices, name: others})

    def _leaf(self, node: dict[str, Any], choices: dict[str, tuple[int | None, ...]]) -> None:
        prices = [Fraction(float.fromhex(word)) for word in node["prices"].split()]
        _must(len(prices) == len(self.rules))
        base, per = Fraction(0), [Fraction(0)] * len(self.options)
        if node["weights"] is not None:
            _must(type(node["weights"]) is int and node["weights"] >= 0)
            base, per = self._bound(self.weights[node["weights"]])
        per = list(per)
        for price, (terms, lower, upper) in zip(prices, self.rules, strict=True):
            if price:
                side = upper if price > 0 else lower
                _must(side is not None)
                base -= price * side  # type: ignore[operator]
                for j, amount in terms.items():
                    per[j] += price * amount
        groups = [
            sorted((Fraction(0) if j is None else per[j], -1 if j is None else j) for j in group)
            for group in choices.values()
        ]
        rest = [Fraction(0)]
        for group in reversed(groups):
            rest.append(rest[-1] + group[0][0])
        self._open(groups, rest[::-1], 0, base, ())

    def _open(
        self,
        groups: list[list[tuple[Fraction, int]]],
        rest: list[Fraction],
        at: int,
        total: Fraction,
        stack: tuple[int, ...],
    ) -> None:
        """Every stack whose bound is not above 0, evaluated."""
        if total + rest[at] > 0:
            return
        if at == len(groups):
            if self.obeys(stack):
                value = self.value(stack)
                _must(value > self.goal if self.strict else value >= self.goal)
            return
        for slope, j in groups[at]:
            self._open(groups, rest, at + 1, total + slope, stack if j < 0 else (*stack, j))

    def _bound(self, given: dict[str, Any]) -> tuple[Fraction, list[Fraction]]:
        """Constant and slopes of the leaf's weights: a lower bound on risk / level, less 1."""
        _must(self.level > 0)
        lam = [x * WEIGHT for x in _integers(given["worlds"])]
        _must(len(lam) == len(self.p) and min(lam) >= 0)
        q = self._q(given)
        constant, slopes = Fraction(-1), [Fraction(0)] * len(self.options)
        for s, weight in enumerate(lam):
            if not weight or self.dead[s] or not q[s] * self.loss[s]:
                continue
            line = weight * (1 + _ln(q[s] * self.loss[s] / (weight * self.level)))
            constant += line
            for j, row in enumerate(self.f):
                slopes[j] += weight * _ln(row[s]) if row[s] else -max(line, Fraction(0))
        return constant, slopes

    def _q(self, given: dict[str, Any]) -> list[Fraction]:
        if self.kind == "expected":
            return self.p
        shares = [x * WEIGHT for x in _integers(given["shares"])]
        _must(min(shares) >= 0)
        if self.kind == "worst":
            states = sorted(set(self.state))
            _must(len(shares) == len(states) and sum(shares) <= 1)
            mix = dict(zip(states, shares, strict=True))
            return [p * mix[s] for p, s in zip(self.p, self.state, strict=True)]
        _must(max(shares) <= 1 and len(shares) == len(self.p))
        used = [p * x for p, x in zip(self.p, shares, strict=True)]
        _must(sum(used) <= self.tail * sum(self.p))
        return [x / self.tail for x in used]
