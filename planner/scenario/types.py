"""What the funder wrote, as frozen values.

Techniques, modes and explicit worlds are kept sorted by id, whatever the order of the rows: the
same content is the same scenario, gives the same digest and the same bytes of every result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from planner.errors import Finding
from planner.scenario.values import Number, Value

Reading: TypeAlias = Literal["together", "by-mode"]

#: Name of the level of a technique that has no funding levels.
FULL = "full"

#: In a source: every row, or every column.
ALL = "*"

ZERO = Number(Decimal(0))
ONE = Number(Decimal(1))
HALF = Number(Decimal("0.5"))


@dataclass(frozen=True)
class Level:
    """One way to fund a technique: what it costs, and the chance that it delivers."""

    name: str
    cost: Value
    success: Value = ONE


@dataclass(frozen=True)
class Technique:
    """An asset that money can buy.

    `levels` holds at least one level, sorted by name; a technique without funding levels has the
    single level `full`. `background` is the probability of failing though no mode is active.
    `loadings` are (group, loading) pairs, sorted; `attributes` (name, amount) pairs, sorted.
    """

    id: str
    name: str
    levels: tuple[Level, ...]
    background: Value = ZERO
    loadings: tuple[tuple[str, Value], ...] = ()
    attributes: tuple[tuple[str, Value], ...] = ()

    @property
    def has_levels(self) -> bool:
        return [level.name for level in self.levels] != [FULL]


@dataclass(frozen=True)
class Mode:
    """A condition under which techniques fail."""

    id: str
    name: str
    probability: Value
    loss: Value = ONE


@dataclass(frozen=True)
class Cell:
    """One vulnerability: its value, and the symbol of the scale where one was written."""

    value: Value
    symbol: str | None = None


@dataclass(frozen=True)
class Joint:
    """How the modes' activity hangs together: a Gaussian copula, or independence.

    At most one of the two is set: `factor`, the correlation of one shared factor (0..1), or
    `matrix`, a full correlation matrix in the order of the scenario's modes.
    """

    factor: Value | None = None
    matrix: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True)
class FailureModes:
    """Modes (sorted by id), and `cells[i][j]`: vulnerability of technique i to mode j."""

    modes: tuple[Mode, ...]
    cells: tuple[tuple[Cell, ...], ...]
    joint: Joint = Joint()


@dataclass(frozen=True)
class World:
    id: str
    name: str
    weight: Value
    loss: Value | None = None


@dataclass(frozen=True)
class ExplicitWorlds:
    """Worlds of the funder's own making (sorted by id).

    `failure` holds (technique index, world index, probability of failing), sorted; a pair that is
    not there fails with 1. Either every world has a loss or none has.
    """

    worlds: tuple[World, ...]
    failure: tuple[tuple[int, int, Value], ...]


@dataclass(frozen=True, order=True)
class Choice:
    """A technique, at a level or (None) at any."""

    technique: str
    level: str | None = None

    def __str__(self) -> str:
        return self.technique if self.level is None else f"{self.technique}:{self.level}"


@dataclass(frozen=True)
class AtMost:
    """At most `count` techniques of a set."""

    of: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Limit:
    """A bound on the sum of an attribute (or of `cost`) over all techniques, or over `of`."""

    attribute: str
    of: tuple[str, ...] | None = None
    at_least: Value | None = None
    at_most: Value | None = None


@dataclass(frozen=True)
class Rules:
    """What a stack must obey beside the budget. `requires`: each needs all of its list."""

    fund: tuple[Choice, ...] = ()
    exclude: tuple[Choice, ...] = ()
    requires: tuple[tuple[Choice, tuple[Choice, ...]], ...] = ()
    at_most: tuple[AtMost, ...] = ()
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Written:
    """Where a rule (or the budget) stands: in the words of `rule_words.py`, and as a finding says
    it (file, line or None, key or sheet and cell)."""

    rule: str
    file: str
    row: int | None
    column: str | None


@dataclass(frozen=True)
class Source:
    """Where a number comes from. `column` is a mode, or a column of the table named; `*` stands for
    all rows, or for all columns."""

    table: str
    row: str
    column: str
    source: str
    note: str = ""
    judged_by: str = ""
    date: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class Expert:
    """One expert's own vulnerability table: `cells[i][j]` in the order of the scenario's techniques
    and modes. `weight` (above 0) counts only where beliefs are pooled."""

    name: str
    cells: tuple[tuple[Cell, ...], ...]
    weight: Value = ONE


@dataclass(frozen=True)
class Scenario:
    """All that the funder wrote.

    `decimals` is k: the unit of account is 10**-k of the currency. `groups` are (name, default
    loading) pairs. `judgement_correlation` is how far one expert's errors of judgement move all
    her cells together (docs/scenario-format.md). `experts` are sorted by name. `warnings` are what
    reading found odd but accepted, `places` where the rules stand in the files; neither is part of
    the content, nor of the digest.
    """

    name: str
    currency: str
    decimals: int
    budget: Value | None
    techniques: tuple[Technique, ...]
    threats: FailureModes | ExplicitWorlds
    rules: Rules = Rules()
    committed: tuple[Choice, ...] = ()
    reading: Reading = "together"
    groups: tuple[tuple[str, Value], ...] = ()
    unlisted: Value = ZERO
    baseline_loss: Value = ONE
    threshold: Value = HALF
    samples: int = 8192
    scale: tuple[tuple[str, Value], ...] = ()
    sources: tuple[Source, ...] = ()
    experts: tuple[Expert, ...] = ()
    judgement_correlation: Value = ZERO
    what_if: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    warnings: tuple[Finding, ...] = field(default=(), compare=False)
    places: tuple[Written, ...] = field(default=(), compare=False, repr=False)

    def technique(self, id: str) -> Technique:
        """The technique of that id; KeyError where there is none."""
        for technique in self.techniques:
            if technique.id == id:
                return technique
        raise KeyError(id)
