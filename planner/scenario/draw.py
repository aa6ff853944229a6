"""Draws of a scenario from its stated uncertainty, and the scenario settled at one of them.

Scrambled Sobol points, one coordinate for each number that moves by itself, through exact
quantiles. Draw k
depends on the scenario, the seed, the correlation of judgement and k alone: never on how many are
drawn, from where on, or by whom.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from planner.scenario.quantiles import Floats, quantile
from planner.scenario.read_techniques import MOST_LOADING
from planner.scenario.settle import (
    LARGEST_AMOUNT,
    ModeNumbers,
    Settled,
    WorldNumbers,
    settle,
    units,
)
from planner.scenario.types import Scenario
from planner.scenario.uncertain import CELLS, Field, Uncertain, uncertain_numbers

#: Most coordinates of a Sobol sequence (scipy's table of direction numbers); beyond, plain
#: pseudo-random numbers are drawn.
MOST_COORDINATES = 21_201
_BITS = 30


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws `start`, `start` + 1, ... of a scenario.

    numbers      what is uncertain, one for each column of `values`
    values       (count, numbers) drawn values; amounts are rounded half-even to the unit of account
    correlation  of one expert's errors of judgement, over all of her cells
    """

    scenario: Scenario
    seed: int
    start: int
    correlation: float
    numbers: tuple[Uncertain, ...]
    values: Floats

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(number.path for number in self.numbers)

    @cached_property
    def central(self) -> Settled:
        """Every value at its mean."""
        return settle(self.scenario)

    def columns(self, field: Field) -> list[int]:
        """Columns of `values` that go to a field of the settled numbers."""
        return [k for k, number in enumerate(self.numbers) if number.field == field]

    @cached_property
    def _patches(self) -> dict[Field, tuple[NDArray[np.int64], tuple[NDArray[np.int64], ...]]]:
        """For each field the columns, and the index arrays of where they go."""
        pairs: dict[Field, list[tuple[int, tuple[int, ...]]]] = {}
        for k, number in enumerate(self.numbers):
            for place in number.places:
                pairs.setdefault(number.field, []).append((k, place))
        return {
            field: (
                np.array([k for k, _ in rows], np.int64),
                tuple(np.array(axis, np.int64) for axis in zip(*(p for _, p in rows), strict=True)),
            )
            for field, rows in pairs.items()
        }

    def block(self, field: Field, base: Floats, part: slice = slice(None)) -> Floats:
        """(draws of the part, *base.shape): the settled array with the field's drawn values."""
        rows = self.values[part]
        found = np.broadcast_to(base, (len(rows), *base.shape))
        if field not in self._patches:
            return found
        found = found.copy()
        columns, places = self._patches[field]
        where: Any = (slice(None), *places)
        found[where] = rows[:, columns] if places else rows[:, columns[0]]
        return found


def draw(
    scenario: Scenario,
    count: int,
    seed: int = 0,
    *,
    start: int = 0,
    correlation: float | None = None,
    given: Mapping[str, float] | None = None,
) -> Draws:
    """Draws `start` .. `start + count - 1`.

    With a `correlation` r (the scenario's `judgement_correlation` where it is None) one expert's
    errors move all her cells together: each cell's normal score is sqrt(r) times one that all
    cells share plus sqrt(1 - r) times its own (a one-factor Gaussian copula), so that every cell
    keeps its own distribution. Amounts above what can be counted are cut off there.

    `given` settles at most one number, by its name (`Uncertain.name`), at a share of its
    distribution strictly inside 0..1; the others are drawn given that.
    """
    numbers = uncertain_numbers(scenario)
    r = scenario.judgement_correlation.mean if correlation is None else correlation
    names = {name: k for k, name in enumerate(dict.fromkeys(n.name for n in numbers))}
    points = _points(len(names) + 1, count, seed, start)
    values = np.empty((count, len(numbers)))
    shared = ndtri(points[:, -1])
    for name, share in (given or {}).items():
        points[:, names[name]] = share
        if r > 0 and any(n.name == name and n.field in CELLS for n in numbers):
            # The common score given one cell's score: normal, mean sqrt(r) z, variance 1 - r.
            score = float(ndtri(share))
            shared = math.sqrt(r) * score + math.sqrt(1 - r) * shared
    for k, number in enumerate(numbers):
        u = points[:, names[number.name]]
        if r > 0 and number.field in CELLS and number.name not in (given or {}):
            u = ndtr(math.sqrt(r) * shared + math.sqrt(1 - r) * ndtri(u))
            u = np.clip(u, 2.0**-53, 1 - 2.0**-53)
        column = quantile(number.value, u)
        if number.field in ("cost", "budget"):
            column = _rounded(column, scenario)
        values[:, k] = column
    return Draws(scenario, seed, start, r, numbers, values)


def at_shares(draws: Draws, rows: Sequence[Mapping[str, float]]) -> Draws:
    """One "draw" a row: the named numbers at a share of their distributions, the others at their
    means. For tornadoes and maps."""
    scenario = draws.scenario
    values = np.array([[number.value.mean for number in draws.numbers]] * len(rows))
    for k, number in enumerate(draws.numbers):
        inside = [d for d, row in enumerate(rows) if number.name in row]
        if inside:
            shares = np.array([rows[d][number.name] for d in inside])
            values[inside, k] = quantile(number.value, shares)
        if number.field in ("cost", "budget"):
            values[:, k] = _rounded(values[:, k], scenario)
    values = values.reshape(len(rows), len(draws.numbers))
    return replace(draws, start=0, values=values)


def settle_at(draws: Draws, k: int) -> Settled:
    """The scenario with every uncertain number at its value in the k-th of these draws.

    Loadings of a technique that sum to more than 0.99 are scaled down to it.
    """
    central, part = draws.central, slice(k, k + 1)

    def at(field: Field, base: Floats) -> Floats:
        return base if field not in draws._patches else draws.block(field, base, part)[0]

    return replace(
        central,
        cost=tuple(_costs(draws, part)[0].tolist()),
        success=at("success", central.success),
        budget=_budget(draws, k),
        attributes=_attributes(draws, k),
        threats=_threats(draws, at),
        unlisted=min(float(at("unlisted", np.array(central.unlisted))), math.nextafter(1, 0)),
        baseline_loss=float(at("baseline_loss", np.array(central.baseline_loss))),
    )


def costs(draws: Draws) -> NDArray[np.int64]:
    """(count, options) drawn costs in units of account."""
    return _costs(draws, slice(None))


def budgets(draws: Draws) -> list[int | None]:
    """The scenario's own budget in every draw, in units of account; None where it has none."""
    return [_budget(draws, k) for k in range(draws.count)]


def _costs(draws: Draws, part: slice) -> NDArray[np.int64]:
    base = np.array(draws.central.cost, np.int64)
    rows = draws.values[part]
    found = np.repeat(base[None], len(rows), axis=0)
    if "cost" in draws._patches:
        columns, (options,) = draws._patches["cost"]
        scale = 10.0**draws.scenario.decimals
        found[:, options] = np.rint(rows[:, columns] * scale).astype(np.int64)
    return found


def _budget(draws: Draws, k: int) -> int | None:
    columns = draws.columns("budget")
    if not columns:
        return draws.central.budget
    return int(np.rint(draws.values[k, columns[0]] * 10.0**draws.scenario.decimals))


def _attributes(draws: Draws, k: int) -> dict[str, tuple[Decimal, ...]]:
    columns = draws.columns("attribute")
    if not columns:
        return draws.central.attributes
    table = {name: list(row) for name, row in draws.central.attributes.items()}
    for column in columns:
        number = draws.numbers[column]
        value = Decimal(float(draws.values[k, column]))
        table[number.attribute][number.places[0][0]] = value.quantize(
            Decimal("1e-9"), rounding=ROUND_HALF_EVEN
        )
    return {name: tuple(row) for name, row in table.items()}


def _threats(draws: Draws, at: Any) -> ModeNumbers | WorldNumbers:
    threats = draws.central.threats
    if isinstance(threats, WorldNumbers):
        return WorldNumbers(
            weight=at("weight", threats.weight),
            loss=None if threats.loss is None else at("world_loss", threats.loss),
            failure=at("failure", threats.failure),
        )
    loading = at("loading", threats.loading)
    total = loading.sum(axis=1, keepdims=True)
    correlation = threats.correlation
    if isinstance(correlation, float):
        correlation = float(at("factor", np.array(correlation)))
    return ModeNumbers(
        probability=at("probability", threats.probability),
        loss=at("loss", threats.loss),
        vulnerability=at("vulnerability", threats.vulnerability),
        background=at("background", threats.background),
        loading=np.where(total > MOST_LOADING, loading * (MOST_LOADING / total.clip(1)), loading)
        if total.size and total.max() > MOST_LOADING
        else loading,
        correlation=correlation,
    )


def _rounded(column: Floats, scenario: Scenario) -> Floats:
    """Amounts in whole units of account, half-even, still as amounts of the currency."""
    scale = 10.0**scenario.decimals
    most = LARGEST_AMOUNT // (4 * sum(len(t.levels) for t in scenario.techniques) + 4)
    scaled = np.minimum(column * scale, float(most))
    found = np.rint(scaled)
    # Multiplying may round onto a tie that the drawn number is not at: those are decided exactly.
    close = np.flatnonzero(np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < 1e-6)
    for k in close:
        found[k] = units(Decimal(float(column[k])), scenario.decimals)
    result: Floats = found / scale
    return result


def _points(dimensions: int, count: int, seed: int, start: int) -> Floats:
    """(count, dimensions) points strictly inside the unit cube."""
    rng: Any = np.random.default_rng(np.random.SeedSequence([seed, 0xD2A5]))
    if count == 0:
        return np.empty((0, dimensions))
    if dimensions > MOST_COORDINATES:
        rng.bit_generator.advance(start * dimensions)
        found: Floats = rng.random((count, dimensions)).clip(2.0**-53)
        return found
    from scipy.stats import qmc  # a second to import: only where something is drawn

    # scipy renamed the argument in 1.15.
    keyword = "rng" if "rng" in inspect.signature(qmc.Sobol.__init__).parameters else "seed"
    arguments: dict[str, Any] = {"scramble": True, "bits": _BITS, keyword: rng}
    sobol = qmc.Sobol(dimensions, **arguments)
    parts = []
    if start:
        sobol.fast_forward(start)
    else:
        # The first point alone: a number that is no power of two would be warned about.
        parts.append(sobol.random(1))
    if count > len(parts):
        parts.append(sobol.random(count - len(parts)))
    # Points are multiples of 2^-30: half a cell further they are off 0 and 1.
    shifted: Floats = np.concatenate(parts) + 0.5 / 2**_BITS
    return shifted
