"""Seeded families of instances.

    family("agenda", "240x512", 0.2, seed=3)    # a Program

A size is "options x worlds". The budget is a share of the total cost: the sum of the dearest level
of every technique. The same arguments give the same instance on every machine with the same NumPy
generator (PCG64); each family draws from a stream of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.worlds.joint import set_probabilities
from planner.worlds.types import Worlds

Floats = NDArray[np.float64]
Generator = np.random.Generator

#: Budgets, as shares of the total cost.
SHARES = (0.05, 0.2, 0.5)
#: Where the scenario of the real family stands, from the root of the repository.
REAL = Path(__file__).resolve().parents[1] / "scenarios" / "agendas-2025"


class NotHere(Exception):
    """The data of a family are not in this clone."""


@dataclass(frozen=True)
class Family:
    """One family.

    `shares` is (1.0,) where there is no budget. `sparse` picks the peers: one row a world is a
    peer there and hopeless elsewhere. `quick` are the sizes of `--quick`, the first one also that
    of the smoke test.
    """

    name: str
    sizes: tuple[str, ...]
    shares: tuple[float, ...]
    quick: tuple[str, ...]
    sparse: bool
    make: Callable[[int, int, float, Generator], Program]


def family(name: str, size: str, share: float, seed: int) -> Program:
    """The instance. Raises NotHere where its data are missing, ValueError for an odd size."""
    options, _, worlds = size.partition("x")
    stream = [zlib.crc32(f"{name} {size}".encode()), seed]
    return FAMILIES[name].make(
        int(options), int(worlds), share, np.random.default_rng(np.random.SeedSequence(stream))
    )


def assemble(
    failure: Floats,
    weight: Floats,
    cost: Sequence[int],
    share: float,
    technique: Sequence[int] | None = None,
    *,
    budget: bool = True,
) -> Program:
    """A program from arrays; `weight` (S,) is probability times loss, up to a factor."""
    n, count = failure.shape
    technique = tuple(range(n)) if technique is None else tuple(technique)
    groups: dict[int, list[int]] = {}
    for j, t in enumerate(technique):
        groups.setdefault(t, []).append(j)
    rows = [
        Row(tuple(columns), (1,) * len(columns), None, 1, f"one level of t{t:04d}", "levels")
        for t, columns in groups.items()
        if len(columns) > 1
    ]
    if budget:
        total = sum(max(cost[j] for j in columns) for columns in groups.values())
        limit = int(Decimal(str(share)) * total)
        rows.append(Row(tuple(range(n)), tuple(cost), None, limit, f"budget {limit}", "budget"))
    worlds = Worlds(
        probability=np.full(count, 1 / count),
        loss=np.ascontiguousarray(weight, np.float64),
        failure=np.ascontiguousarray(failure, np.float64),
        state=np.arange(count),
    )
    return Program(
        labels=tuple(f"t{t:04d}:{j:05d}" for j, t in enumerate(technique)),
        technique=technique,
        cost=tuple(int(c) for c in cost),
        rows=tuple(rows),
        worlds=worlds,
        measure=Expected(),
        option=tuple(range(n)),
    )


# Dense families.


def paper(options: int, count: int, share: float, rng: Generator) -> Program:
    """Seven techniques, seven modes, all 128 sets of modes; 2,048: x 16 nodes of a common cause.

    pi ~ U(0.1, 0.4), one-factor Gaussian copula with rho ~ U(0.1, 0.6); vulnerabilities "ok" 0.05,
    "?" U(0.05, 0.75) and "prone" 0.8, a third each; f = 1 - prod over active modes (1 - v); loss
    1. The common cause loads U(0.1, 0.5) on every technique; its 16 nodes are the midpoints of
    16 equally likely parts of the normal. Costs are whole numbers from 1 to 5 (in units of 100).
    """
    modes = 7
    nodes = count // 2**modes
    if nodes * 2**modes != count:
        raise ValueError(f"{count} worlds are not a multiple of {2**modes}")
    pi = rng.uniform(0.1, 0.4, modes)
    chance = set_probabilities(pi, float(rng.uniform(0.1, 0.6)))
    kind = rng.integers(0, 3, (options, modes))
    v = np.choose(kind, [0.05, rng.uniform(0.05, 0.75, (options, modes)), 0.8])
    sets = (np.arange(2**modes)[:, None] >> np.arange(modes)) & 1
    failure = 1 - np.exp(np.log1p(-v) @ sets.T)
    weight = chance.copy()
    weight[0] = 0.0
    keep = np.arange(2**modes)
    if nodes > 1:
        loading = rng.uniform(0.1, 0.5, options)[:, None]
        z = ndtri((np.arange(nodes) + 0.5) / nodes)
        failure = np.concatenate(
            [ndtr((ndtri(failure) - np.sqrt(loading) * one) / np.sqrt(1 - loading)) for one in z],
            axis=1,
        )
        weight = np.tile(weight, nodes) / nodes
        keep = np.arange(count)
    cost = rng.integers(1, 6, options) * 100
    # With no mode active there is no loss; such a world stays, with a loss that no stack changes.
    failure = np.where(weight == 0, 1.0, failure)
    weight = np.where(weight == 0, 1e-12, weight)
    return assemble(failure[:, keep], weight[keep], cost.tolist(), share)


#: Funding levels of the agenda family: factors of the cost and of the effect.
LEVEL_COST, LEVEL_EFFECT = (1.0, 1.9, 3.2), (0.55, 0.85, 1.0)


def agenda(options: int, count: int, share: float, rng: Generator) -> Program:
    """Techniques at three levels against 13 modes; worlds are draws of the modes and 8 groups.

    pi ~ U(0.05, 0.35), one-factor Gaussian copula with rho = 0.4; draws without an active mode are
    drawn again. Loss (k / 13)^1.5 with k modes active, scaled by U(0.5, 1.5) a world. A technique
    really mitigates a third of the modes (v ~ U(0.05, 0.35)) and the rest hardly (U(0.6, 0.97)).
    With s ~ U(0.6, 0.95) its success and e the effect of the level, f = 1 - s e prod (1 - v) over
    the active modes. It belongs to one of 8 groups with loading U(0.1, 0.4); a world has one normal
    latent variable a group, which shifts f as docs/model.md says (reading: together). Costs:
    lognormal, median 1,000 units, sigma 0.6, times the level's factor.
    """
    return _agenda(options, count, share, rng, whole=True)


def agenda_partial(options: int, count: int, share: float, rng: Generator) -> Program:
    """As agenda, but a technique helps in part whatever is active: f = 1 - s e (1 - mean of v).

    Not in the goals: a harder relative, with risks of 1e-6 and root gaps near 1e-2.
    """
    return _agenda(options, count, share, rng, whole=False)


def _agenda(options: int, count: int, share: float, rng: Generator, *, whole: bool) -> Program:
    modes, groups, levels = 13, 8, len(LEVEL_COST)
    if options % levels:
        raise ValueError(f"{options} options are not {levels} levels of whole techniques")
    m = options // levels
    pi = rng.uniform(0.05, 0.35, modes)
    active = np.zeros((0, modes), np.bool_)
    while len(active) < count:
        common, own = rng.standard_normal((count, 1)), rng.standard_normal((count, modes))
        draw = np.sqrt(0.4) * common + np.sqrt(0.6) * own < ndtri(pi)
        active = np.concatenate([active, draw[draw.any(axis=1)]])
    active = active[:count]
    number = active.sum(axis=1)
    loss = (number / modes) ** 1.5 * rng.uniform(0.5, 1.5, count)
    v = rng.uniform(0.6, 0.97, (m, modes))
    for i in range(m):
        good = rng.choice(modes, round(modes / 3), replace=False)
        v[i, good] = rng.uniform(0.05, 0.35, good.size)
    withstood = np.exp(np.log1p(-v) @ active.T) if whole else 1 - v @ active.T / number
    success = rng.uniform(0.6, 0.95, m)
    member, loading = rng.integers(0, groups, m), rng.uniform(0.1, 0.4, m)[:, None]
    latent = rng.standard_normal((groups, count))[member]
    base = 1000 * np.exp(0.6 * rng.standard_normal(m))
    failure = np.empty((options, count))
    for k, effect in enumerate(LEVEL_EFFECT):
        plain = 1 - (success * effect)[:, None] * withstood
        shifted = (ndtri(plain) - np.sqrt(loading) * latent) / np.sqrt(1 - loading)
        failure[k::levels] = ndtr(shifted)
    cost = np.rint(np.outer(base, LEVEL_COST)).astype(int).ravel()
    return assemble(failure, loss, cost.tolist(), share, np.repeat(np.arange(m), levels).tolist())


def utility(options: int, count: int, share: float, rng: Generator) -> Program:
    """Expected utility of capital budgeting, after Ahmed and Atamturk (2011).

    Investment j costs a ~ U(0, 0.2); in scenario s it is worth a exp(alpha + beta ln f + eps) with
    alpha ~ U(0.05, 0.1), beta ~ U(0, 1), ln f[s] ~ N(0.05, 0.0025), eps ~ N(0, 0.0025), the second
    parameter a variance. (The generator that Shi, Prokopyev and Zeng published takes it as a
    deviation, which makes the scenarios nearly equal.) Utility 1 - exp(-v / lambda) with lambda
    0.8, so F = exp(-v / lambda) and R is one minus the expected utility. Their budget of 1 is 5%
    of the total at 200 options, 10% at 100. A gap of 1e-4 is one of R, stricter than of the
    utility. Costs in units of 1e-4.
    """
    price = rng.uniform(0.0, 0.2, options)
    alpha, beta = rng.uniform(0.05, 0.1, options), rng.uniform(0.0, 1.0, options)
    market = rng.normal(0.05, 0.05, count)
    noise = rng.normal(0.0, 0.05, (options, count))
    worth = price[:, None] * np.exp(alpha[:, None] + beta[:, None] * market + noise)
    cost = np.maximum(np.rint(price * 1e4), 1).astype(int)
    return assemble(np.exp(-worth / 0.8), np.ones(count), cost.tolist(), share)


def few_worlds(options: int, count: int, share: float, rng: Generator) -> Program:
    """A few exclusive worlds: F ~ Beta(2, 1), weights Dirichlet(1), costs U{10..100}."""
    failure = np.clip(rng.beta(2.0, 1.0, (options, count)), 1e-9, 1.0)
    weight = rng.dirichlet(np.ones(count))
    return assemble(failure, weight, rng.integers(10, 101, options).tolist(), share)


def large(options: int, count: int, share: float, rng: Generator) -> Program:
    """F = 1 / (1 + exp(-z)), z = 1 + u v / sqrt(5) of rank 5 with standard normal u and v; weights
    Dirichlet(1), costs U{10..100}."""
    left, right = rng.standard_normal((options, 5)), rng.standard_normal((5, count))
    failure = expit(1.0 + left @ right / np.sqrt(5.0))
    weight = rng.dirichlet(np.ones(count))
    return assemble(failure, weight, rng.integers(10, 101, options).tolist(), share)


# Sparse families.


def coverage(options: int, count: int, share: float, rng: Generator) -> Program:
    """F ~ U(0.02, 0.3) where a technique covers a world, else 1: density 6% (1% from 1,000 worlds
    on), every world covered at least once, weights U(0.5, 1.5), costs U{10..100}."""
    return _covering(options, count, share, rng, zeros=0.0)


def coverage_zeros(options: int, count: int, share: float, rng: Generator) -> Program:
    """As coverage, with 30% of the covered cells exactly zero."""
    return _covering(options, count, share, rng, zeros=0.3)


def _covering(options: int, count: int, share: float, rng: Generator, zeros: float) -> Program:
    density = 0.01 if count >= 1000 else 0.06
    covered = rng.random((options, count)) < density
    covered[rng.integers(0, options, count), np.arange(count)] = True
    failure = np.where(covered, rng.uniform(0.02, 0.3, (options, count)), 1.0)
    failure[covered & (rng.random((options, count)) < zeros)] = 0.0
    weight = rng.uniform(0.5, 1.5, count)
    return assemble(failure, weight, rng.integers(10, 101, options).tolist(), share)


def weapon_target(weapons: int, targets: int, share: float, rng: Generator) -> Program:
    """Weapons x targets: a weapon (a technique) fires at one target (a level) or not at all.

    F = 1 - q at its target, q ~ U(0.6, 0.9), else 1; values of the targets U(25, 100). There is no
    budget: every weapon has one shot. The size is weapons x targets; there are as many options as
    their product.
    """
    del share
    hit = rng.uniform(0.6, 0.9, (weapons, targets))
    failure = np.ones((weapons, targets, targets))
    own = np.arange(targets)
    failure[:, own, own] = 1 - hit
    value = rng.uniform(25, 100, targets)
    technique = np.repeat(np.arange(weapons), targets).tolist()
    flat = failure.reshape(weapons * targets, targets)
    return assemble(flat, value, [1] * (weapons * targets), 1.0, technique, budget=False)


# The real one.


def real(options: int, count: int, share: float, rng: Generator) -> Program:
    """The shipped scenario of 74 agendas, under the reading with as many worlds as the size says
    (14 or so: by mode; 8,192: together). The seed only moves the budget by up to 5% of itself."""
    if not (REAL / "scenario.yaml").exists():
        raise NotHere(f"the scenario {REAL.name} is not in this clone")
    from dataclasses import replace

    from planner.plan import Question
    from planner.scenario.read import read

    del options
    scenario = replace(read(REAL), reading="together" if count > 100 else "by-mode")
    question = Question.of(scenario)
    program = question.program(None)
    dearest: dict[int, int] = {}
    for j, t in enumerate(program.technique):
        dearest[t] = max(dearest.get(t, 0), program.cost[j])
    limit = int(share * sum(dearest.values()) * rng.uniform(0.95, 1.05))
    everything = tuple(range(program.size))
    row = Row(everything, program.cost, None, limit, f"budget {limit}", "budget")
    return program.with_rows([row])


_ALL = (
    Family("paper", ("7x128", "7x2048"), SHARES, ("7x128",), False, paper),
    Family("agenda", ("240x512", "240x4096", "240x8192"), SHARES, ("240x512",), False, agenda),
    Family("agenda partial", ("240x512",), SHARES, (), False, agenda_partial),
    Family("utility", ("50x100", "100x100", "200x100"), SHARES, ("50x100",), False, utility),
    Family("few worlds", ("100x7",), SHARES, ("100x7",), False, few_worlds),
    Family("coverage", ("200x100", "1000x1000"), SHARES, ("40x25",), True, coverage),
    Family("coverage zeros", ("200x100", "1000x1000"), SHARES, ("40x25",), True, coverage_zeros),
    Family(
        "weapon-target",
        ("20x20", "40x20", "60x20", "40x40"),
        (1.0,),
        ("10x10",),
        True,
        weapon_target,
    ),
    Family("large", ("1000x10000",), SHARES, (), False, large),
    Family("real", ("222x14", "222x8192"), SHARES, ("222x14",), False, real),
)

#: Every family by its name. A new one is a function and a line above.
FAMILIES: dict[str, Family] = {one.name: one for one in _ALL}

#: Sizes of the agenda family for the plot of how cost grows.
GROW_TECHNIQUES = ("30x512", "60x512", "120x512", "240x512", "480x512")
GROW_WORLDS = ("240x128", "240x512", "240x2048", "240x8192", "240x16384")
