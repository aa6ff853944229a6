"""Shapley shares: how much of the fall in risk each technique of the stack brings.

The players are the techniques of the stack; what a part T of the stack is worth is how much lower
the objective is with T than without it, beside what others pay for:

    v(T) = rho(committed) - rho(committed and T)

The share of a technique is its contribution v(T and i) - v(T), averaged over all orders in which
the stack could be put together (Shapley 1953). Shares sum to v(stack). Techniques that fail alike
get alike, one that lowers the risk beside nothing gets 0. As a technique helps less the more is
there, a share lies between the rise if dropped and the fall by the technique alone.

Exact over all 2^n parts while these are few; else a mean over random orders, each with its
reverse, with its standard error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.program.types import Program
from planner.risk.measures import Expected
from planner.worlds.types import Floats

#: Techniques whose parts are all looked at, and parts times worlds where no matrix product helps.
MOST_PLAYERS = 16
MOST_CELLS = 4 * 10**7
#: Random orders (half of them reverses), where parts are many.
ORDERS = 1024


@dataclass(frozen=True)
class Shares:
    """One share a column, in the order given.

    total   v(stack); the amounts sum to it
    errors  standard errors; 0 where exact
    orders  number of random orders, None where exact
    """

    columns: tuple[int, ...]
    total: float
    amounts: tuple[float, ...]
    errors: tuple[float, ...]
    orders: int | None

    def amount(self, column: int) -> float:
        return self.amounts[self.columns.index(column)]

    def error(self, column: int) -> float:
        return self.errors[self.columns.index(column)]

    def share(self, column: int) -> float | None:
        """Of the total; None where there is nothing to share."""
        return self.amount(column) / self.total if self.total > 0 else None


def shares(
    program: Program, columns: Sequence[int], *, seed: int = 0, orders: int = ORDERS
) -> Shares:
    """The Shapley shares of some columns, which are a stack or part of one."""
    players = tuple(columns)
    total = program.value(()) - program.value(players)
    if not players:
        return Shares((), 0.0, (), (), None)
    if _affordable(program, len(players)):
        amounts = _exact(_parts(program, players), len(players))
        return Shares(players, total, tuple(amounts.tolist()), (0.0,) * len(players), None)
    amounts, errors, count = _sampled(program, players, seed, orders)
    return Shares(players, total, tuple(amounts.tolist()), tuple(errors.tolist()), count)


def _affordable(program: Program, players: int) -> bool:
    if players > MOST_PLAYERS:
        return False
    return isinstance(program.measure, Expected) or 2**players * program.loss.size <= MOST_CELLS


def _parts(program: Program, players: Sequence[int]) -> Floats:
    """(2^n,) the measure of every part; bit i of its number says whether player i is in."""
    half = len(players) // 2
    low, high = _products(program, players[:half]), _products(program, players[half:])
    if isinstance(program.measure, Expected):
        weight = program.loss * program.worlds.probability
        table: Floats = (high * weight) @ low.T
        return table.ravel()
    values = program.measure.values
    return np.concatenate([values(program.worlds, program.loss * one * low) for one in high])


def _products(program: Program, players: Sequence[int]) -> Floats:
    """(2^n, S) product of the failures of every part."""
    table = np.ones((1, program.loss.size))
    for j in players:
        table = np.concatenate([table, table * program.failure[j]])
    return table


def _exact(values: Floats, players: int) -> Floats:
    """Shapley values of the falls, from the measure of all parts by number."""
    number = np.arange(values.size)
    size = np.zeros(values.size, np.int64)
    for i in range(players):
        size += number >> i & 1
    weight = np.array([1 / (players * math.comb(players - 1, k)) for k in range(players)])
    found = np.empty(players)
    for i in range(players):
        without = number[(number >> i & 1) == 0]
        falls = values[without] - values[without | 1 << i]
        found[i] = math.fsum(weight[size[without]] * falls)
    return found


def _sampled(
    program: Program, players: Sequence[int], seed: int, orders: int
) -> tuple[Floats, Floats, int]:
    """Mean contribution over random orders and their reverses, and its standard error.

    An order and its reverse are one draw: they are not independent of one another.
    """
    rng = np.random.default_rng(seed)
    pairs = max(orders // 2, 2)
    draws = np.zeros((pairs, len(players)))
    for k in range(pairs):
        order = rng.permutation(len(players))
        for way in (order, order[::-1]):
            factors = np.vstack([program.loss, program.failure[[players[i] for i in way]]])
            left: Floats = np.multiply.accumulate(factors, axis=0)
            draws[k, way] -= np.diff(program.measure.values(program.worlds, left)) / 2
    errors = draws.std(axis=0, ddof=1) / math.sqrt(pairs)
    return draws.mean(axis=0), errors, 2 * pairs
