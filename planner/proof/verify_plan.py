"""Check a saved plan with Python's standard library alone:

    python verify_plan.py plan.json

This one file trusts no solver and nothing else of the planner; copy it anywhere. It takes the
numbers in the plan's `certificate` (costs, rules, worlds) as they are and shows, in integers and
fractions without rounding, that

1. the stack obeys every rule, costs what the plan says and leaves the risk that the plan says;
2. no stack that obeys the rules is better than the bound: none leaves less than `bound` (or, where
   a target was set, none that costs less than `bound` meets the target).

For 2 the certificate holds a tree. A branch puts one option in, or leaves it out. A leaf gives
weights lam >= 0 for the worlds and a price for each rule. For every stack x, every lam >= 0, every
admissible world probability q of the risk measure and every V > 0

    risk(x) / V  >=  sum_s lam[s] h[s] + sum_i x[i] slope[i],
    h[s]      =  1 + log(q[s] loss[s] / (lam[s] V)),
    slope[i]  =  sum_s lam[s] log F[i, s]     over the worlds where F[i, s] > 0
               - sum_s max(lam[s] h[s], 0)    over the worlds where F[i, s] = 0,

since u >= lam (1 + log(u / lam)) for u > 0, and where F = 0 the world's loss is 0 and so must its
line be. A price times "sum of amounts minus limit" may be added: it is never positive for a stack
that obeys the rule. The cheapest choice of every technique then bounds the whole from below; above
1, no stack of the leaf leaves as little as V. Choices that stay below 1 are listed, one by one, and
each is evaluated exactly. Any lam, q and prices of the right sign will do: bad ones prove nothing,
and never something false. Logarithms are rounded so that the bound only gets weaker.

Exit code 0: all of it holds. 1: it does not (the reason is printed). 2: the file is no plan.
"""

import json
import sys
from fractions import Fraction
from operator import mul
from typing import Any

FORMAT = 1
LOG_BITS = 54  # fractional bits of a logarithm
WEIGHT_BITS = 30  # fractional bits of lam, and of the share of a world's probability
UNIT = 1 << (WEIGHT_BITS + LOG_BITS)  # 1 in bounds: lam times a logarithm
MOST_LISTED = 5_000_000
MOST_BYTES = 200_000_000


class NotAPlan(ValueError):
    """The file is no plan of the planner."""


class Rejected(ValueError):
    """Something that the plan claims does not hold."""


# Logarithms, rounded downward -----------------------------------------------------------------

_GUARD = 96  # bits while computing
_LOST = 32  # far more than all errors below: the last bits that are not believed


def _atanh_series(t: int) -> int:
    """2 atanh(t) for 0 <= t <= 1/3 as integers over 2^96; less than 2^8 units off."""
    square = (t * t) >> _GUARD
    total, power, odd = 0, t, 1
    while power:
        total += power // odd
        power = (power * square) >> _GUARD
        odd += 2
    return 2 * total


def _ratio(numerator: int, denominator: int) -> int:
    return (numerator << _GUARD) // denominator


_LOG_2 = _atanh_series(_ratio(1, 3))
# log(c / 128) for 128 <= c <= 256
_TABLE = [_atanh_series(_ratio(c - 128, c + 128)) for c in range(128, 257)]


def log_below(numerator: int, denominator: int) -> int:
    """y / 2^54 with y <= 2^54 log(numerator / denominator) < y + 2; both must be positive.

    numerator / denominator = 2^k z with 1 <= z < 2; c / 128 is the tabled number below z, and
    log(z) = log(c / 128) + 2 atanh((z - c/128) / (z + c/128)). Cutting off costs less than 2^8
    units of 2^-96 in each term, and log 2 is taken |k| times: below 2^28 units in all where
    |k| < 2^19, while 2^31 units are allowed for.
    """
    k = numerator.bit_length() - denominator.bit_length()
    if abs(k) >= 1 << 19:
        raise Rejected("a number is too large or too small for a logarithm")
    if (numerator << max(-k, 0)) < (denominator << max(k, 0)):
        k -= 1
    z = (numerator << (_GUARD + max(-k, 0))) // (denominator << max(k, 0))
    c = z >> (_GUARD - 7)
    low = c << (_GUARD - 7)
    total = k * _LOG_2 + _TABLE[c - 128] + _atanh_series(_ratio(z - low, z + low))
    return (total - (1 << (_LOST - 1))) >> (_GUARD - LOG_BITS)


def log_above(numerator: int, denominator: int) -> int:
    return log_below(numerator, denominator) + 2


# Reading the file, strictly -------------------------------------------------------------------


def _need(holds: bool, reason: str) -> None:
    if not holds:
        raise Rejected(reason)


def _part(table: Any, key: str) -> Any:
    _need(isinstance(table, dict) and key in table, f"the certificate has no {key!r}")
    return table[key]


def _list(value: Any, what: str) -> list[Any]:
    _need(isinstance(value, list), f"{what}: no list")
    return list(value)


def _text(value: Any, what: str) -> str:
    _need(isinstance(value, str), f"{what}: no text")
    return str(value)


def _whole(value: Any, what: str) -> int:
    _need(type(value) is int, f"{what}: no whole number")
    return int(value)


def _wholes(value: Any, what: str) -> list[int]:
    """Whole numbers between blanks."""
    words = _text(value, what).split()
    digits = [word.removeprefix("-") for word in words]
    good = all(len(word) < 40 and word.isascii() and word.isdigit() for word in digits)
    _need(good, f"{what}: no list of whole numbers")
    return list(map(int, words))


def _double(word: Any, what: str) -> Fraction:
    """A double in hexadecimal, exactly."""
    try:
        return Fraction(float.fromhex(_text(word, what)))
    except (ValueError, OverflowError):
        raise Rejected(f"{what}: no finite hexadecimal number") from None


class Numbers:
    """Non-negative doubles as integers over one power of two: value = whole / 2^bits."""

    def __init__(self, words: Any, what: str) -> None:
        known: dict[str, Fraction] = {}
        parts = _text(words, what).split()
        for word in parts:
            if word not in known:
                known[word] = _double(word, what)
                _need(known[word] >= 0, f"{what} has a negative number")
        exact = [known[word] for word in parts]
        self.bits = max((x.denominator.bit_length() - 1 for x in exact), default=0)
        self.whole = [(x.numerator << self.bits) // x.denominator for x in exact]

    def logs(self) -> list[int]:
        """Each logarithm, rounded down; 0 where the number is 0 or 1 (its own logarithm)."""
        one, known = 1 << self.bits, {0: 0, 1 << self.bits: 0}
        for x in self.whole:
            if x not in known:
                known[x] = log_below(x, one)
        return [known[x] for x in self.whole]


class Row:
    """lower <= sum of amount * x <= upper, all whole numbers."""

    def __init__(self, given: Any, columns: int) -> None:
        self.rule = _text(_part(given, "rule"), "a rule's text")
        self.where = _text(_part(given, "where"), "a rule's place")
        self.amounts: dict[int, int] = {}
        for term in _text(_part(given, "terms"), "a rule's terms").split():
            pair = _wholes(term.replace(":", " ", 1), "a rule's terms")
            good = len(pair) == 2 and 0 <= pair[0] < columns and pair[0] not in self.amounts
            _need(good, f"{self.rule}: a term on no option, or on one twice")
            self.amounts[pair[0]] = pair[1]
        lower, upper = _part(given, "lower"), _part(given, "upper")
        self.lower = None if lower is None else _whole(lower, "a rule's lower bound")
        self.upper = None if upper is None else _whole(upper, "a rule's upper bound")

    def sum(self, stack: list[int]) -> int:
        return sum(self.amounts.get(j, 0) for j in stack)

    def holds(self, total: int) -> bool:
        low = self.lower is None or total >= self.lower
        return low and (self.upper is None or total <= self.upper)


class Instance:
    """What the choice is about: options, worlds, measure, rules."""

    def __init__(self, given: Any) -> None:
        _need(_part(given, "format") == FORMAT, f"only format {FORMAT} is known here")
        self.decimals = _whole(_part(given, "decimals"), "decimals")
        _need(0 <= self.decimals <= 9, "decimals are 0 to 9")
        worlds = _part(given, "worlds")
        self.probability = Numbers(_part(worlds, "probability"), "probability")
        loss = Numbers(_part(worlds, "loss"), "loss")
        self.count = len(self.probability.whole)
        _need(self.count > 0 and len(loss.whole) == self.count, "worlds do not match")
        options = _list(_part(given, "options"), "options")
        self.labels = [self._label(option) for option in options]
        self.cost = [_whole(_part(option, "cost"), "a cost") for option in options]
        _need(all(cost >= 0 for cost in self.cost), "a cost is negative")
        self.failure = [self._failure(option) for option in options]
        self.committed = [
            (self._label(one), self._failure(one)) for one in _list(_part(given, "committed"), "it")
        ]
        self.given_loss = loss
        # What others pay for protects whatever is bought.
        self.loss, self.loss_bits = list(loss.whole), loss.bits
        for _, failure in self.committed:
            self.loss = list(map(mul, self.loss, failure.whole))
            self.loss_bits += failure.bits
        self.groups: dict[str, list[int]] = {}
        for j, (technique, _) in enumerate(self.labels):
            self.groups.setdefault(technique, []).append(j)
        _need(len(set(self.labels)) == len(self.labels), "an option stands twice")
        bought = {technique for (technique, _), _ in self.committed}
        _need(not bought & set(self.groups), "a committed technique is for sale")
        self.rows = [Row(one, len(options)) for one in _list(_part(given, "rows"), "rows")]
        self._measure(_part(given, "measure"), worlds)
        target = _part(given, "target")
        self.target = None if target is None else _double(target, "the target")

    def _label(self, option: Any) -> tuple[str, str]:
        technique = _text(_part(option, "technique"), "a technique")
        return technique, _text(_part(option, "level"), "a level")

    def _failure(self, option: Any) -> Numbers:
        failure = Numbers(_part(option, "failure"), "failure")
        _need(len(failure.whole) == self.count, "failures do not match the worlds")
        _need(all(x <= 1 << failure.bits for x in failure.whole), "a failure is above 1")
        return failure

    def _measure(self, given: Any, worlds: Any) -> None:
        self.measure = _text(_part(given, "name"), "the measure")
        kind, _, parameter = self.measure.partition(":")
        _need(kind in ("expected", "cvar", "worst"), f"{kind!r} is no measure")
        self.kind = kind
        self.share = Fraction(1)  # of the probability, that the measure averages over
        self.state: list[int] = []
        if kind == "cvar":
            # An exponent could stand for millions of digits.
            plain = len(parameter) <= 40 and not set(parameter) - set("0123456789.")
            _need(plain, f"{self.measure!r:.60} is no measure")
            try:
                self.share = 1 - Fraction(parameter)
            except (ValueError, ZeroDivisionError):
                raise Rejected(f"{self.measure!r} is no measure") from None
            _need(0 < self.share <= 1, f"{self.measure!r} is no measure")
        if kind == "worst":
            self.state = _wholes(_part(worlds, "state"), "states")
            _need(len(self.state) == self.count, "states do not match the worlds")

    # The measure of losses that are whole numbers (times any common factor).

    def of(self, losses: list[int], kind: str = "") -> tuple[int, int]:
        """Numerator and denominator of the measure; the probabilities count as whole numbers."""
        p, kind = self.probability.whole, kind or self.kind
        if kind == "expected":
            return sum(map(mul, p, losses)), 1
        if kind == "worst":
            sums: dict[int, int] = {}
            for state, part in zip(self.state, map(mul, p, losses), strict=True):
                sums[state] = sums.get(state, 0) + part
            return max(sums.values()), 1
        # Mean of the worst share, by probability: whole worlds until the share is used up.
        top, bottom = self.share.numerator, self.share.denominator
        left, total = top * sum(p), 0
        for s in sorted(range(self.count), key=losses.__getitem__, reverse=True):
            part = min(left, bottom * p[s])
            total += part * losses[s]
            left -= part
        return total, top

    def risk(self, stack: list[int], kind: str = "") -> Fraction:
        """The measure of a stack (or the measure named), without rounding."""
        losses, bits = self.loss, self.loss_bits + self.probability.bits
        for j in stack:
            losses = list(map(mul, losses, self.failure[j].whole))
            bits += self.failure[j].bits
        numerator, denominator = self.of(losses, kind)
        return Fraction(numerator, denominator << bits)

    def money(self, stack: list[int]) -> int:
        return sum(self.cost[j] for j in stack)


# The tree -------------------------------------------------------------------------------------


class Goal:
    """What the tree must show: every stack that obeys `rows` leaves at least `value` (`strict`:
    more than `value`)."""

    def __init__(self, instance: Instance, bound: Any, value: Fraction, tree: Any) -> None:
        self.rows = list(instance.rows)
        self.strict = instance.target is not None
        self.bound: Fraction
        self.trivial = False
        if instance.target is None:
            self.value = value if bound == "value" else _double(bound, "the bound")
            self.bound = self.value
            _need(self.value <= value, "the bound is above the stack's own value")
            level = self.value
        else:
            least = _whole(bound, "the bound")
            self.bound = Fraction(least)
            # A stack meets the target up to a relative 1e-12: 0.1 + 0.2 counts as 0.3.
            self.value = instance.target * (1 + Fraction(1, 10**12))
            cheaper = {"rule": "cheaper", "where": "", "lower": None, "upper": least - 1}
            cheaper["terms"] = " ".join(f"{j}:{c}" for j, c in enumerate(instance.cost) if c)
            self.rows.append(Row(cheaper, len(instance.cost)))
            self.trivial = least <= 0
            level = self.value
            if not self.trivial and _part(tree, "level") is not None:
                level = _double(_part(tree, "level"), "the level")
            _need(level >= self.value, "the level is below the target")
        # Worlds that no option changes add the same to every stack; they are taken out.
        ones = [1 << failure.bits for failure in instance.failure]
        self.fixed = [
            instance.kind == "expected"
            and all(f.whole[s] == one for f, one in zip(instance.failure, ones, strict=True))
            for s in range(instance.count)
        ]
        bits = instance.probability.bits + instance.loss_bits
        parts = zip(self.fixed, instance.probability.whole, instance.loss, strict=True)
        constant = Fraction(sum(p * x for fixed, p, x in parts if fixed), 1 << bits)
        self.level = level - constant
        if not self.strict and self.level <= 0:
            self.trivial = True

    def met_by(self, risk: Fraction) -> bool:
        return risk > self.value if self.strict else risk >= self.value


class Weights:
    """One leaf's lam and q: the constant of its bound, and the slope of each option when asked."""

    def __init__(self, given: Any, prover: "Prover") -> None:
        instance, goal = prover.instance, prover.goal
        lam = _wholes(_part(given, "worlds"), "weights")
        _need(len(lam) == instance.count and min(lam) >= 0, "weights do not match the worlds")
        share_logs = self._shares(given, instance, lam)
        self.lam = lam
        self.lines = [0] * instance.count  # lam h
        for s, weight in enumerate(lam):
            if weight and (
                goal.fixed[s] or not instance.loss[s] or not instance.probability.whole[s]
            ):
                lam[s] = 0
            elif weight:
                h = (1 << LOG_BITS) + prover.log_weight[s] + share_logs[s] - prover.log_level
                h -= log_above(weight, 1 << WEIGHT_BITS)
                self.lines[s] = weight * h
        self.constant = sum(self.lines) - UNIT
        self.prover = prover
        self.slopes: dict[int, int] = {}

    @staticmethod
    def _shares(given: Any, instance: Instance, lam: list[int]) -> list[int]:
        """log(q / p) of each world, rounded down; weights go where q is 0."""
        if instance.kind == "expected":
            return [0] * instance.count
        shares, one = _wholes(_part(given, "shares"), "shares"), 1 << WEIGHT_BITS
        if instance.kind == "worst":
            # A mixture of states: a share for each, by their order.
            states = sorted(set(instance.state))
            _need(len(shares) == len(states), "shares do not match the states")
            _need(min(shares) >= 0 and sum(shares) <= one, "shares of the states exceed 1")
            by_state = dict(zip(states, shares, strict=True))
            shares = [by_state[state] for state in instance.state]
        else:
            # q = p share / (1 - a), each share at most 1, in all at most 1 - a of the probability.
            p = instance.probability.whole
            _need(len(shares) == instance.count, "shares do not match the worlds")
            _need(all(0 <= share <= one for share in shares), "a share is not within 0 and 1")
            used = sum(map(mul, p, shares))
            _need(used <= instance.share * sum(p) * one, "shares exceed the tail")
        for s, share in enumerate(shares):
            if not share:
                lam[s] = 0
        scale = instance.share
        known = {
            share: log_below(share * scale.denominator, scale.numerator << WEIGHT_BITS)
            for share in set(shares)
            if share
        }
        return [known.get(share, 0) for share in shares]

    def slope(self, j: int) -> int:
        if j not in self.slopes:
            total = sum(map(mul, self.lam, self.prover.logs(j)))
            total -= sum(max(self.lines[s], 0) for s in self.prover.zeros(j))
            self.slopes[j] = total
        return self.slopes[j]


class Prover:
    """Walks the tree and checks every leaf."""

    def __init__(self, instance: Instance, goal: Goal, tree: Any) -> None:
        self.instance, self.goal = instance, goal
        self.nodes = _list(_part(tree, "nodes"), "nodes")
        self._logs: dict[int, list[int]] = {}
        self._zeros: dict[int, list[int]] = {}
        self.leaves = self.listed = 0
        self.weights: list[Weights] = []
        given = _list(_part(tree, "weights"), "weights")
        if given:
            _need(goal.level > 0, "the level is not above what no option changes")
            self.log_level = log_above(goal.level.numerator, goal.level.denominator)
            p, bits = instance.probability.whole, instance.probability.bits + instance.loss_bits
            self.log_weight = [
                log_below(a * b, 1 << bits) if a * b else 0
                for a, b in zip(p, instance.loss, strict=True)
            ]
            self.weights = [Weights(one, self) for one in given]

    def logs(self, j: int) -> list[int]:
        if j not in self._logs:
            self._logs[j] = self.instance.failure[j].logs()
        return self._logs[j]

    def zeros(self, j: int) -> list[int]:
        if j not in self._zeros:
            whole = self.instance.failure[j].whole
            self._zeros[j] = [s for s, x in enumerate(whole) if x == 0]
        return self._zeros[j]

    def run(self) -> None:
        """Every node in the order of the file: a branch, then all of its first side, then all of
        its other side. `open` are the choices left of each technique (None: not bought)."""
        start = {name: [None, *columns] for name, columns in self.instance.groups.items()}
        waiting: list[dict[str, list[int | None]]] = [start]
        for node in self.nodes:
            _need(bool(waiting), "the tree has nodes too many")
            open_ = waiting.pop()
            if isinstance(node, dict) and "branch" in node:
                j = _whole(node["branch"], "a branch")
                _need(0 <= j < len(self.instance.labels), "a branch on no option")
                technique = self.instance.labels[j][0]
                _need(j in open_[technique], "a branch on what is settled")
                rest = [choice for choice in open_[technique] if choice != j]
                if rest:
                    waiting.append({**open_, technique: rest})
                waiting.append({**open_, technique: [j]})
            else:
                self.leaf(node, open_)
        _need(not waiting, "the tree is not complete")

    def leaf(self, node: Any, open_: dict[str, list[int | None]]) -> None:
        self.leaves += 1
        rows = self.goal.rows
        prices = self._prices(_part(node, "prices"))
        number = _part(node, "weights")
        weights = None
        if number is not None:
            _need(0 <= _whole(number, "weights") < len(self.weights), "no such weights")
            weights = self.weights[_whole(number, "weights")]
        floor = 0 if weights is None else weights.constant
        added: dict[int, int] = {}
        for row, price in zip(rows, prices, strict=True):
            if price:
                floor -= price * (row.upper if price > 0 else row.lower)  # type: ignore[operator]
                for j, amount in row.amounts.items():
                    added[j] = added.get(j, 0) + price * amount
        defaults: list[int | None] = []
        others: list[tuple[int, int, int | None]] = []  # penalty, technique, choice
        for t, choices in enumerate(open_.values()):
            costs = [
                0 if j is None else added.get(j, 0) + (0 if weights is None else weights.slope(j))
                for j in choices
            ]
            least = min(costs)
            best = costs.index(least)
            floor += least
            defaults.append(choices[best])
            others += [
                (cost - least, t, choice)
                for k, (cost, choice) in enumerate(zip(costs, choices, strict=True))
                if k != best
            ]
        if floor <= 0:
            Listing(self, defaults, others, floor, prices).check()

    def _prices(self, given: Any) -> list[int]:
        """One price a rule; positive ones are paid on the upper bound, negative on the lower."""
        words = _text(given, "prices").split()
        _need(len(words) == len(self.goal.rows), "prices do not match the rules")
        prices = []
        for word, row in zip(words, self.goal.rows, strict=True):
            price = int(_double(word, "a price") * UNIT)
            side = row.upper if price > 0 else row.lower
            _need(
                not price or side is not None, f"{row.rule}: a price on a bound that is not there"
            )
            prices.append(price)
        return prices


class Listing:
    """The stacks of a leaf that its bound leaves open, each tried."""

    RATIO = 64  # fractional bits of a quotient of two failures

    def __init__(
        self,
        prover: Prover,
        defaults: list[int | None],
        others: list[tuple[int, int, int | None]],
        floor: int,
        prices: list[int],
    ) -> None:
        self.prover, self.defaults, self.floor, self.prices = prover, defaults, floor, prices
        self.others = sorted(
            (one for one in others if floor + one[0] <= 0), key=lambda one: one[:2]
        )
        self.instance, self.goal = prover.instance, prover.goal
        self.base = [j for j in defaults if j is not None]
        self.sums = [row.sum(self.base) for row in self.goal.rows]
        self._quotients: dict[int, list[int]] = {}
        self._losses: list[int] | None = None

    def check(self) -> None:
        """Every set of changes to the cheapest choices that leaves the bound at most 1."""
        others = self.others
        waiting: list[tuple[int, int, tuple[int, ...]]] = [(0, self.floor, ())]
        while waiting:
            start, bound, changed = waiting.pop()
            self.prover.listed += 1
            _need(self.prover.listed <= MOST_LISTED, "more stacks are left open than can be tried")
            self.try_one(changed, bound)
            techniques = [others[k][1] for k in changed]
            for k in range(start, len(others)):
                penalty, technique, _ = others[k]
                if bound + penalty > 0:
                    break
                if technique not in techniques:
                    waiting.append((k + 1, bound + penalty, (*changed, k)))

    def try_one(self, changed: tuple[int, ...], bound: int) -> None:
        """The stack breaks a rule, or it is out of reach by what its rules leave over, or its risk
        is large enough: by a bound in whole numbers, and where that is too near, exactly."""
        totals = list(self.sums)
        for k in changed:
            _, technique, choice = self.others[k]
            for r, row in enumerate(self.goal.rows):
                for j, sign in ((choice, 1), (self.defaults[technique], -1)):
                    if j is not None:
                        totals[r] += sign * row.amounts.get(j, 0)
        for row, total, price in zip(self.goal.rows, totals, self.prices, strict=True):
            if not row.holds(total):
                return
            if price:
                side = row.upper if price > 0 else row.lower
                bound += price * (side - total)  # type: ignore[operator]
        if bound > 0 or self._large_enough(changed):
            return
        chosen = dict(enumerate(self.defaults))
        chosen.update({self.others[k][1]: self.others[k][2] for k in changed})
        stack = [j for j in chosen.values() if j is not None]
        if not self.goal.met_by(self.instance.risk(stack)):
            names = ", ".join(":".join(self.instance.labels[j]) for j in sorted(stack)) or "nothing"
            raise Rejected(f"the bound does not hold: there is a better stack ({names})")

    def _large_enough(self, changed: tuple[int, ...]) -> bool:
        """A lower bound on the risk: whole numbers, every product rounded down."""
        losses = self._base_losses()
        for k in changed:
            losses = [(x * y) >> self.RATIO for x, y in zip(losses, self._quotient(k), strict=True)]
        numerator, denominator = self.instance.of(losses)
        return numerator >= self._edge * denominator

    def _base_losses(self) -> list[int]:
        """Losses of the cheapest choices, rounded down to `scale` bits."""
        if self._losses is None:
            instance, goal = self.instance, self.goal
            value = goal.value
            small = max(value.denominator.bit_length() - value.numerator.bit_length(), 0)
            self._scale = 128 + small
            losses, bits = instance.loss, instance.loss_bits
            for j in self.base:
                losses = list(map(mul, losses, instance.failure[j].whole))
                bits += instance.failure[j].bits
            drop = bits - self._scale
            self._losses = [x >> drop if drop >= 0 else x << -drop for x in losses]
            # From this whole number on, the goal is surely met (if strict, surpassed).
            self._edge = int(value * (1 << (self._scale + instance.probability.bits))) + 1
        return self._losses

    def _quotient(self, k: int) -> list[int]:
        """New failure over old, rounded down; 0 (a lower bound) where the old one is 0."""
        if k not in self._quotients:
            _, technique, choice = self.others[k]
            new, new_bits = self._numbers(choice)
            old, old_bits = self._numbers(self.defaults[technique])
            up = self.RATIO + old_bits
            self._quotients[k] = [
                (a << up) // (b << new_bits) if b else 0 for a, b in zip(new, old, strict=True)
            ]
        return self._quotients[k]

    def _numbers(self, choice: int | None) -> tuple[list[int], int]:
        if choice is None:
            return [1] * self.instance.count, 0
        failure = self.instance.failure[choice]
        return failure.whole, failure.bits


# The plan's own words -------------------------------------------------------------------------


def _equal(found: Any, expected: Any, what: str) -> None:
    same = type(found) is type(expected) or {type(found), type(expected)} <= {int, float}
    _need(same and found == expected, f"{what}: the plan says {found!r:.200}, it is {expected!r}")


def _near(found: Any, expected: float, least: float, what: str) -> None:
    """A number that was computed in floating point: equal up to 1e-12."""
    same = type(found) in (int, float) and abs(found - expected) <= 1e-12 * max(expected, least)
    _need(same, f"{what}: the plan says {found!r:.200}, it is {expected!r}")


def check_words(plan: dict[str, Any], instance: Instance, stack: list[int], goal: Goal) -> None:
    """The keys that people read say what the certificate says."""
    labels = [instance.labels[j] for j in stack]
    _equal(plan["stack"], [technique for technique, _ in labels], "stack")
    _equal(plan["levels"], dict(labels), "levels")
    # `debate:full`, or `debate` where there are no levels.
    said = [_text(label, "committed").partition(":") for label in _list(plan["committed"], "it")]
    paid = dict(label for label, _ in instance.committed)
    _equal({name: level or paid.get(name) for name, _, level in said}, paid, "committed")
    unit = 10**instance.decimals
    money = Fraction(instance.money(stack), unit)
    value = instance.risk(stack)
    _equal(plan["objective"], instance.measure, "objective")
    _equal(plan["cost"], float(money), "cost")
    _equal(plan["objective_value"], float(value), "objective_value")
    _check_budget(plan, instance)
    if instance.kind != "worst":  # its worlds are others than those of the risk
        _near(plan["risk"], float(instance.risk(stack, "expected")), 1e-300, "risk")
        p, loss = instance.probability, instance.given_loss
        empty = Fraction(sum(map(mul, p.whole, loss.whole)), 1 << (p.bits + loss.bits))
        _near(plan["risk_empty"], float(empty), 1e-300, "risk_empty")
    reached = value if instance.target is None else money
    bound = float(goal.bound if instance.target is None else goal.bound / unit)
    _equal(plan["proof"]["lower_bound"], bound, "lower_bound")
    gap = 1 - bound / float(reached) if float(reached) > 0 else 0.0
    _near(plan["proof"]["gap"], gap, 1.0, "gap")


def _check_budget(plan: dict[str, Any], instance: Instance) -> None:
    budgets = [row for row in instance.rows if row.where == "budget"]
    costs = {j: cost for j, cost in enumerate(instance.cost) if cost}
    for row in budgets:
        limits_costs = row.lower is None and row.upper is not None and row.amounts == costs
        _need(limits_costs, "the budget is not about the costs")
    limits = [float(Fraction(row.upper or 0, 10**instance.decimals)) for row in budgets]
    if instance.target is None:
        _need(plan.get("target_risk") is None, "target_risk: the certificate has none")
        _equal([] if plan["budget"] is None else [plan["budget"]], limits, "budget")
    else:
        _need(plan["budget"] is None, "budget: with a target it is null")
        _equal(plan.get("target_risk"), float(instance.target), "target_risk")


# The whole ------------------------------------------------------------------------------------

PROOF_KEYS = ("kind", "lower_bound", "gap")
KEYS = (
    "objective",
    "budget",
    "cost",
    "risk",
    "risk_empty",
    "objective_value",
    "stack",
    "levels",
    "committed",
    "proof",
)


def read(text: str) -> dict[str, Any]:
    """The plan as JSON. Raises NotAPlan."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            raise NotAPlan("a key stands twice")
        return table

    def no_number(word: str) -> None:
        raise NotAPlan(f"{word} is no JSON")

    try:
        plan = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except NotAPlan:
        raise
    except (ValueError, RecursionError) as error:
        raise NotAPlan(f"the file is no JSON ({error})") from None
    proof = plan.get("proof") if isinstance(plan, dict) else None
    for table, keys in ((plan, KEYS), (proof, PROOF_KEYS)):
        if not isinstance(table, dict) or set(keys) - set(table):
            raise NotAPlan("it lacks some of " + ", ".join(keys))
    return dict(plan)


def check(plan: dict[str, Any]) -> str:
    """A sentence on what was shown. Raises Rejected with the reason."""
    try:
        return _check(plan)
    except OverflowError:
        raise Rejected("a number is too large") from None


def _check(plan: dict[str, Any]) -> str:
    given = plan.get("certificate")
    if given is None:
        note = plan["proof"].get("note")
        raise Rejected("it carries no certificate" + (f" ({note})" if note else ""))
    kind = plan["proof"]["kind"]
    _need(kind in ("certified", "enumerated"), f"a plan with a certificate calls itself {kind!r}")
    instance = Instance(given)
    claim, tree = _part(given, "claim"), _part(given, "tree")
    stack = [_whole(j, "an option") for j in _list(_part(claim, "stack"), "the stack")]
    _need(all(0 <= j < len(instance.labels) for j in stack), "the stack holds no such option")
    _need(stack == sorted(set(stack)), "the stack is not in order")
    techniques = [instance.labels[j][0] for j in stack]
    _need(len(set(techniques)) == len(techniques), "two levels of one technique are bought")
    for row in instance.rows:
        _need(row.holds(row.sum(stack)), f"the stack breaks a rule: {row.rule}")
    _equal(_part(claim, "cost"), instance.money(stack), "the claimed cost")
    value = instance.risk(stack)
    if instance.target is not None:
        limit = instance.target * (1 + Fraction(1, 10**12))
        _need(value <= limit, "the stack does not meet the target")
    goal = Goal(instance, _part(claim, "bound"), value, tree)
    if instance.target is not None:
        _need(goal.bound <= instance.money(stack), "the bound is above the stack's own cost")
    check_words(plan, instance, stack, goal)
    shown = "the stack obeys every rule, costs and leaves what the plan says; "
    if goal.trivial:
        return shown + "nothing can be below the bound."
    prover = Prover(instance, goal, tree)
    prover.run()
    meets, what = (
        (" and meets the target", "costs less than") if goal.strict else ("", "leaves less than")
    )
    number = float(goal.bound / (10**instance.decimals if goal.strict else 1))
    return (
        f"{shown}no stack that obeys them{meets} {what} {number:.12g} "
        f"(leaves: {prover.leaves}, stacks tried one by one: {prover.listed})."
    )


def main(words: list[str]) -> int:
    if len(words) != 1:
        print("usage: python verify_plan.py plan.json", file=sys.stderr)
        return 2
    try:
        with open(words[0], "rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise NotAPlan(f"the file is larger than {MOST_BYTES} bytes")
        plan = read(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError, NotAPlan) as error:
        print(f"No plan: {error}.", file=sys.stderr)
        return 2
    try:
        print(f"Verified: {check(plan)}")
    except Rejected as reason:
        print(f"NOT verified: {reason}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
