"""What a priced bound leaves open: one penalty for every choice but the default."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from planner.solve.relaxation import Priced, Relaxation
from planner.worlds.types import Floats

#: Choices other than the defaults that are taken up at one node.
MOST_ALTERNATIVES = 4096
#: Sets of one half, and pairs of both, where halves are joined.
MOST_HALF, MOST_PAIRS = 50_000, 2_000_000
#: Steps into which a cap is cut to count the sets below it.
STEPS = 128


class Penalties:
    """At one node: the default choice of every technique, and what each other choice costs."""

    #: (S,) log of the loss that the defaults leave, once it was asked for
    _left: Floats | None = None

    def __init__(
        self, relaxation: Relaxation, lower: Floats, upper: Floats, priced: Priced
    ) -> None:
        """`lower` and `upper` (n,) are the node's bounds on the columns."""
        self.relaxation = relaxation
        self.priced = priced
        table = self._table = relaxation.table
        padded = np.append(priced.reduced, np.inf)
        closed = upper <= 0.5
        if closed.any():
            padded[:-1][closed] = np.inf
        costs = np.empty((len(table), table.shape[1] + 1))
        costs[:, 0] = 0.0
        costs[:, 1:] = padded[table]
        if lower.any():
            forced = np.append(lower > 0.5, False)
            costs[forced[table].any(axis=1), 0] = np.inf
        every = np.arange(len(table))
        self._default = costs.argmin(axis=1)
        least = costs[every, self._default]
        self.floor = priced.base + float(least.sum())
        self._penalty = costs - least[:, None]
        self._penalty[every, self._default] = np.inf

    def caps(self, gap: float) -> list[float]:
        """Rising sums of penalties to list up to: shares of the gap, or where nothing is known
        yet, what the cheapest few alternatives cost."""
        if math.isfinite(gap):
            return [0.1 * gap, 0.4 * gap, gap]
        cheapest = np.sort(self._penalty[np.isfinite(self._penalty)])
        return [float(cheapest[k]) for k in (4, 8, 12) if k < cheapest.size] + [math.inf]

    def few(self, cap: float, most: int) -> bool:
        """Whether about `most` sets of choices at the most stay below the cap."""
        if not math.isfinite(cap):
            return False
        price = np.sort(self._penalty[self._penalty < cap])
        # All sets of the cheapest few: many of them is the usual answer, and soon seen.
        together = int(np.searchsorted(np.cumsum(price), cap))
        if price.size > most or 2.0**together > most:
            return False
        return _at_least(price, cap) <= most

    def narrow(self, count: int) -> float:
        """A cap that about `count` sets of choices stay below."""
        price = np.sort(self._penalty[np.isfinite(self._penalty)])
        return narrow(price, count)

    def count(self, cap: float, most: int) -> int | None:
        """Sets of choices whose penalties stay below the cap, whatever the rules say; None where
        there are more than `most`."""
        groups, places = np.nonzero(self._penalty < cap)
        order = np.argsort(-self._penalty[groups, places], kind="stable")
        self.groups, self.places = groups[order], places[order]
        price = self._penalty[self.groups, self.places]
        if self.groups.size > min(MOST_ALTERNATIVES, most) or _at_least(price, cap) > most:
            return None
        listed = self._sums(np.arange(self.groups.size), cap, most)
        return None if listed is None else len(listed[0])

    def within(self, cap: float, most: int) -> tuple[NDArray[np.bool_], Floats] | None:
        """(stacks, alternatives) which alternatives each stack takes, and its bound; None where
        there are more than `most`. Stacks that break a rule are left out."""
        groups, places = np.nonzero(self._penalty < cap)
        # Dearest first keeps the lists short until the end.
        order = np.argsort(-self._penalty[groups, places], kind="stable")
        self.groups, self.places = groups[order], places[order]
        if self.groups.size > MOST_ALTERNATIVES:
            return None
        price = self._penalty[self.groups, self.places]
        everything = np.arange(self.groups.size)
        if _at_least(price, cap) <= most:
            listed = self._sums(everything, cap, most)
            return None if listed is None else self._holding(*listed)
        return self._joined(cap, most)

    def _sums(
        self, chosen: NDArray[np.intp], cap: float, most: int
    ) -> tuple[NDArray[np.bool_], Floats] | None:
        """All sets of the chosen alternatives whose penalties stay below the cap, at most one of a
        technique: (sets, all alternatives) and their sums; None where there are too many."""
        price = self._penalty[self.groups, self.places]
        moves = np.zeros((1, self.groups.size), np.bool_)
        sums = np.zeros(1)
        for place, k in enumerate(chosen):
            fits = sums + price[k] < cap
            same = chosen[:place][self.groups[chosen[:place]] == self.groups[k]]
            if same.size:
                fits &= ~moves[:, same].any(axis=1)
            if not fits.any():
                continue
            fresh = moves[fits]
            fresh[:, k] = True
            moves = np.concatenate([moves, fresh])
            sums = np.concatenate([sums, sums[fits] + price[k]])
            if len(moves) > most:
                return None
        return moves, sums

    def _joined(self, cap: float, most: int) -> tuple[NDArray[np.bool_], Floats] | None:
        """Meet in the middle: half the alternatives against the other half.

        The dearest rule must be nearly used up: its slack costs its price. So a set of one half
        goes only with those of the other whose use of that rule falls into a narrow window.
        """
        prices = self.priced.prices
        if not prices.any():
            return None
        row = int(np.abs(prices).argmax())
        price = float(prices[row])
        side = self.relaxation.lower[row] if price > 0 else self.relaxation.upper[row]
        names = np.unique(self.groups)
        left_half = np.isin(self.groups, names[::2])
        halves = []
        for half in (left_half, ~left_half):
            listed = self._sums(np.flatnonzero(half), cap, MOST_HALF)
            if listed is None:
                return None
            halves.append(listed)
        steps = self._steps(self.relaxation.matrix[row : row + 1])[:, 0]
        (left, left_sums), (right, right_sums) = halves
        base = float(self.relaxation.matrix[row, self._columns()].sum())
        # What the rule has left over (by the sign of its price, zero or more) is split in two.
        left_room = (base - side + left @ steps) * np.sign(price)
        right_room = (right @ steps) * np.sign(price)
        order = np.argsort(right_room, kind="stable")
        rooms = right_room[order]
        tiny = 1e-9 * max(1.0, abs(float(side)))
        low = np.searchsorted(rooms, -left_room - tiny, side="left")
        high = np.searchsorted(rooms, -left_room + (cap - left_sums) / abs(price) + tiny)
        counts = np.maximum(high - low, 0)
        pairs = int(counts.sum())
        if pairs > MOST_PAIRS:
            return None
        first = np.repeat(np.arange(len(left)), counts)
        starts = np.repeat(low - np.append(0, np.cumsum(counts)[:-1]), counts)
        second = order[np.arange(pairs) + starts]
        worth = np.maximum(left_room[first] + right_room[second], 0.0) * abs(price)
        sums = left_sums[first] + right_sums[second]
        kept = np.flatnonzero(sums + worth < cap)
        if kept.size > most:
            return None
        return self._holding(left[first[kept]] | right[second[kept]], sums[kept])

    def _holding(self, moves: NDArray[np.bool_], sums: Floats) -> tuple[NDArray[np.bool_], Floats]:
        """The stacks that obey every rule exactly, and their bounds."""
        matrix, lower, upper = self.relaxation.rules
        # Sums of whole amounts below 2^53: exact in doubles, and quick.
        activity = matrix[:, self._columns()].sum(axis=1) + moves @ self._steps(matrix)
        ok = ((activity >= lower) & (activity <= upper)).all(axis=1)
        moves = moves[ok]
        return moves, self.floor + sums[ok] + self._slack(moves)

    def _slack(self, moves: NDArray[np.bool_]) -> Floats:
        """(stacks,) what the rules' unused room is worth at their prices."""
        relaxation, prices = self.relaxation, self.priced.prices
        live = np.flatnonzero(prices)
        if not live.size:
            return np.zeros(len(moves))
        matrix = relaxation.matrix[live]
        sides = np.where(prices[live] > 0, relaxation.lower[live], relaxation.upper[live])
        room = matrix[:, self._columns()].sum(axis=1) + moves @ self._steps(matrix) - sides
        worth: Floats = np.maximum(room @ prices[live], 0.0)
        return worth

    def _steps(self, table: Floats) -> Floats:
        """(alternatives, rows) what each alternative adds to sums over columns (rows, n), taken in
        place of its technique's default."""
        padded = np.column_stack([table, np.zeros(len(table))])
        columns = np.column_stack([np.full(len(self._table), -1), self._table])
        taken = columns[self.groups, self.places]
        left = columns[self.groups, self._default[self.groups]]
        steps: Floats = (padded[:, taken] - padded[:, left]).T
        return steps

    def _columns(self) -> list[int]:
        """Columns of the default choices."""
        chosen = np.flatnonzero(self._default > 0)
        return [int(j) for j in self._table[chosen, self._default[chosen] - 1]]

    def stack(self, moves: NDArray[np.bool_]) -> tuple[int, ...]:
        choice = self._default.copy()
        choice[self.groups[moves]] = self.places[moves]
        chosen = np.flatnonzero(choice > 0)
        return tuple(sorted(int(j) for j in self._table[chosen, choice[chosen] - 1]))

    def costs(self, moves: NDArray[np.bool_]) -> Floats:
        """(stacks,) what each costs: whole amounts, which doubles hold exactly."""
        cost = self.relaxation.cost
        steps = self._steps(cost[None, :])[:, 0]
        total: Floats = cost[self._columns()].sum() + moves @ steps
        return total

    def values(self, moves: NDArray[np.bool_]) -> Floats:
        """(stacks,) the measure above the constant, in floating point."""
        program, logs = self.relaxation.program, self.relaxation.logs
        if self._left is None:
            self._left = logs.left(self._columns())
        left = self._left
        used = np.flatnonzero(moves.any(axis=0))
        steps = np.zeros((used.size, left.size))
        for k, at in enumerate(used):
            g, place = self.groups[at], self.places[at]
            steps[k] = self._logs(g, int(place)) - self._logs(g, int(self._default[g]))
        left = left + moves[:, used].astype(np.float64) @ steps
        return program.measure.values(program.worlds, np.exp(left))

    def _logs(self, g: int, place: int) -> Floats | float:
        if place == 0:
            return 0.0
        row: Floats = self.relaxation.logs.failure[self._table[g, place - 1]]
        return row


def _at_least(price: Floats, cap: float) -> float:
    """A number of sets below the cap that there surely is (techniques with several alternatives
    apart): penalties rounded up to whole steps, and the sets counted step by step."""
    if not (math.isfinite(cap) and cap > 0):
        return math.inf if price.size > 14 else 2.0**price.size
    return float(_counts(price, cap).sum())


def _counts(price: Floats, cap: float) -> Floats:
    """(steps + 1,) sets by their sum, in steps of cap / STEPS."""
    counts = np.zeros(STEPS + 1)
    counts[0] = 1.0
    for width in np.ceil(price / cap * STEPS).astype(int):
        counts[width:] += counts[: STEPS + 1 - width].copy()
    return counts


def narrow(price: Floats, count: int) -> float:
    """A cap that about `count` sets of the rising penalties stay below."""
    some = price[: 2 * count.bit_length()]
    some = some[some > 0]
    if not some.size:
        return 0.0
    # With each of these alone and the cheapest together there are more than enough.
    cap = float(some.sum())
    for _ in range(3):
        within = price[price < cap]
        fits = int(np.searchsorted(np.cumsum(_counts(within, cap)), count, side="right"))
        if fits > STEPS // 4:
            return cap * min(fits, STEPS) / STEPS
        cap *= max(fits, 1) / STEPS
    return cap
