"""From a scenario with uncertain values to plain numbers: every value settled at one number.

`settle` uses the mean of each distribution (the point answer). An *option* is a technique at one
of its levels; options are numbered technique by technique (by id), level by level (by name).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.errors import BadInput
from planner.scenario.room import check_room
from planner.scenario.types import ExplicitWorlds, FailureModes, Scenario
from planner.scenario.values import Number, Value

Floats = NDArray[np.float64]

#: Amounts stay below this many units of account, so that 64-bit sums are exact.
LARGEST_AMOUNT = 2**52


@dataclass(frozen=True)
class Option:
    """A technique (by index) at a level (by name). `label` is how files and commands write it."""

    technique: int
    level: str
    label: str


@dataclass(frozen=True, eq=False)
class ModeNumbers:
    """Settled modes: `probability`, `loss` (m,), `vulnerability` (n, m), `loading` (n, groups);
    `correlation` is None (independent), one factor's correlation, or an (m, m) matrix."""

    probability: Floats
    loss: Floats
    vulnerability: Floats
    background: Floats
    loading: Floats
    correlation: float | Floats | None


@dataclass(frozen=True, eq=False)
class WorldNumbers:
    """Settled explicit worlds: `weight` (S,), `loss` (S,) or None, `failure` (n, S)."""

    weight: Floats
    loss: Floats | None
    failure: Floats


@dataclass(frozen=True, eq=False)
class Settled:
    """A scenario with every value a plain number.

    `cost` is in units of account, one integer an option; `success` (options,); `budget` in units,
    or None. `attributes[name]` holds one exact Decimal a technique.
    """

    scenario: Scenario
    options: tuple[Option, ...]
    cost: tuple[int, ...]
    success: Floats
    budget: int | None
    attributes: dict[str, tuple[Decimal, ...]]
    threats: ModeNumbers | WorldNumbers
    unlisted: float
    baseline_loss: float

    @cached_property
    def option_index(self) -> dict[str, int]:
        """Label -> number of the option."""
        return {option.label: k for k, option in enumerate(self.options)}

    @cached_property
    def options_of(self) -> dict[str, tuple[int, ...]]:
        """Technique id -> numbers of its options."""
        table: dict[str, list[int]] = {t.id: [] for t in self.scenario.techniques}
        for k, option in enumerate(self.options):
            table[self.scenario.techniques[option.technique].id].append(k)
        return {id: tuple(numbers) for id, numbers in table.items()}

    @cached_property
    def committed(self) -> tuple[int, ...]:
        """Options that others pay for. A committed technique without a level named counts at its
        dearest level (ties: the last name)."""
        found = []
        for choice in self.scenario.committed:
            options = self.options_of[choice.technique]
            if choice.level is not None:
                options = tuple(k for k in options if self.options[k].level == choice.level)
            found.append(max(options, key=lambda k: (self.cost[k], self.options[k].level)))
        return tuple(sorted(found))


def units(amount: Decimal, decimals: int) -> int:
    """An amount in units of account, rounded half-even (exact for amounts as written)."""
    with localcontext() as context:
        context.prec = 60
        return int((amount.scaleb(decimals)).to_integral_value(rounding=ROUND_HALF_EVEN))


def money(value: Value, decimals: int) -> int:
    """A written amount is exact; the mean of a distribution rounds half-even to the unit."""
    amount = value.value if isinstance(value, Number) else Decimal(value.mean)
    result = units(amount, decimals)
    if abs(result) > LARGEST_AMOUNT:
        raise BadInput.option(
            "amount",
            f"{value} is too large to count exactly in units of 10^-{decimals}.",
            "Give amounts in a larger currency unit (millions), or with fewer decimals.",
        )
    return result


def amount(units: int, decimals: int) -> Decimal:
    """Units of account back to an amount of the currency, exactly."""
    return Decimal(units).scaleb(-decimals)


def settle(scenario: Scenario) -> Settled:
    """Every value at its mean.

    Raises BadInput where an amount cannot be counted exactly in 64 bits.
    """
    options, cost, success = [], [], []
    for i, technique in enumerate(scenario.techniques):
        for level in technique.levels:
            label = f"{technique.id}:{level.name}" if technique.has_levels else technique.id
            options.append(Option(i, level.name, label))
            cost.append(money(level.cost, scenario.decimals))
            success.append(level.success.mean)
    names = sorted({name for t in scenario.techniques for name, _ in t.attributes})
    return Settled(
        scenario=scenario,
        options=tuple(options),
        cost=tuple(cost),
        success=np.array(success),
        budget=None if scenario.budget is None else money(scenario.budget, scenario.decimals),
        attributes={name: _attribute(scenario, name) for name in names},
        threats=_threats(scenario),
        unlisted=scenario.unlisted.mean,
        baseline_loss=scenario.baseline_loss.mean,
    )


def _attribute(scenario: Scenario, name: str) -> tuple[Decimal, ...]:
    amounts = []
    for technique in scenario.techniques:
        value = dict(technique.attributes).get(name)
        if value is None:
            amounts.append(Decimal(0))
        else:
            amounts.append(exact(value))
    return tuple(amounts)


def exact(value: Value) -> Decimal:
    """A written number as it is; the mean of a distribution to nine decimals, half-even."""
    if isinstance(value, Number):
        return value.value
    with localcontext() as context:
        context.prec = 400  # a mean may be as large as 1e308
        return Decimal(value.mean).quantize(Decimal("1e-9"), rounding=ROUND_HALF_EVEN)


def _threats(scenario: Scenario) -> ModeNumbers | WorldNumbers:
    threats = scenario.threats
    if isinstance(threats, ExplicitWorlds):
        check_room(len(scenario.techniques), len(threats.worlds))
        failure = np.ones((len(scenario.techniques), len(threats.worlds)))
        for i, s, value in threats.failure:
            failure[i, s] = value.mean
        losses = [world.loss for world in threats.worlds]
        return WorldNumbers(
            weight=np.array([world.weight.mean for world in threats.worlds]),
            loss=None if None in losses else np.array([v.mean for v in losses if v is not None]),
            failure=failure,
        )
    return _modes(scenario, threats)


def _modes(scenario: Scenario, threats: FailureModes) -> ModeNumbers:
    names = [name for name, _ in scenario.groups]
    loading = np.zeros((len(scenario.techniques), len(names)))
    for i, technique in enumerate(scenario.techniques):
        for name, value in technique.loadings:
            loading[i, names.index(name)] = value.mean
    joint = threats.joint
    correlation: float | Floats | None = None
    if joint.matrix is not None:
        correlation = np.array(joint.matrix)
    elif joint.factor is not None and joint.factor.mean > 0:
        correlation = joint.factor.mean
    return ModeNumbers(
        probability=np.array([mode.probability.mean for mode in threats.modes]),
        loss=np.array([mode.loss.mean for mode in threats.modes]),
        vulnerability=np.array([[c.value.mean for c in row] for row in threats.cells]).reshape(
            len(scenario.techniques), len(threats.modes)
        ),
        background=np.array([t.background.mean for t in scenario.techniques]),
        loading=loading,
        correlation=correlation,
    )
