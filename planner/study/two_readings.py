"""Both readings of the modes beside each other: which stack, which risk, and why they differ.

Under `together` one technique has to withstand all modes that strike at once; under `by-mode`
every mode has to be withstood by some technique (docs/model.md, "From what the funder wrote to
worlds"). What is least is the expected residual risk R of each reading, at the same budget and
rules. The two risks are in different units where losses are stacked: by-mode counts every mode
that is not withstood, so it may exceed 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.plan import Question
from planner.program.build import build_program
from planner.risk.cutsets import cut_sets
from planner.risk.drivers import Drivers, drivers
from planner.risk.measures import Expected
from planner.risk.stack import effective_layers, risk
from planner.scenario.settle import Settled, amount
from planner.scenario.types import ExplicitWorlds, Reading
from planner.solve.search import Progress, Search, silent
from planner.study.dependence import Choice, least
from planner.study.labels import in_words
from planner.worlds.build import build
from planner.worlds.types import Worlds

if TYPE_CHECKING:
    import pandas as pd

READINGS: tuple[Reading, Reading] = ("together", "by-mode")
#: Differences below this share are rounding.
SAME = 1e-12


@dataclass(frozen=True)
class ReadingRow:
    """The stack that one reading chooses, under both; None where none was found in time."""

    reading: str
    stack: tuple[str, ...] | None
    cost: Decimal | None
    risk_together: float | None
    risk_by_mode: float | None
    layers_together: float | None
    layers_by_mode: float | None
    proven: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "reading": self.reading,
            "stack": None if self.stack is None else list(self.stack),
            "cost": None if self.cost is None else float(self.cost),
            "risk_together": self.risk_together,
            "risk_by_mode": self.risk_by_mode,
            "effective_layers_together": self.layers_together,
            "effective_layers_by_mode": self.layers_by_mode,
            "proven": self.proven,
        }


@dataclass(frozen=True)
class TwoReadings:
    """One row a reading (`together`, `by-mode`); `same`: both choose the same stack."""

    rows: tuple[ReadingRow, ReadingRow]
    same: bool | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "sentence": self.sentence,
            "readings": [row.to_dict() for row in self.rows],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a reading; stacks as text."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [
            row.to_dict() | {"stack": None if row.stack is None else ", ".join(row.stack)}
            for row in self.rows
        ]
        return pd.DataFrame(rows)


@dataclass(frozen=True, eq=False)
class Side:
    """One reading: its numbers, its worlds, the same with every set of modes apart, its choice."""

    settled: Settled
    worlds: Worlds
    apart: Worlds
    choice: Choice | None


def two_readings(
    question: Question,
    budget: int,
    search: Search,
    *,
    chosen: Choice | None = None,
    progress: Progress = silent,
) -> TwoReadings | None:
    """Both readings at one budget (units of account); None for explicit worlds.

    `chosen` is the choice under the scenario's own reading where it is known. Raises LimitHit
    where the other reading's worlds would not fit in memory.
    """
    scenario = question.scenario
    if isinstance(scenario.threats, ExplicitWorlds):
        return None
    sides = []
    for reading in READINGS:
        progress(f"readings: the stack chosen under {reading}")
        own = reading == scenario.reading
        settled = question.settled
        if not own:
            settled = replace(settled, scenario=replace(scenario, reading=reading))
        worlds = question.worlds if own else build(settled, seed=question.seed)
        choice = chosen if own else None
        if choice is None:
            choice = least(settled, worlds, budget, search, progress)
        apart = build(settled, seed=question.seed, merge=False)
        sides.append(Side(settled, worlds, apart, choice))
    together, by_mode = sides
    rows = tuple(_row(question, sides, k) for k in range(2))
    if together.choice is None or by_mode.choice is None:
        sentence = "Not every search was finished in its time."
        return TwoReadings((rows[0], rows[1]), None, sentence)
    same = together.choice.columns == by_mode.choice.columns
    return TwoReadings((rows[0], rows[1]), same, _sentence(question, together, by_mode))


def _row(question: Question, sides: Sequence[Side], k: int) -> ReadingRow:
    choice = sides[k].choice
    if choice is None:
        return ReadingRow(READINGS[k], None, None, None, None, None, None, False)
    program = build_program(question.settled, question.worlds, Expected(), budget=None)
    options = question.options(program, choice.columns)
    return ReadingRow(
        reading=READINGS[k],
        stack=tuple(sorted(program.labels[j] for j in choice.columns)),
        cost=amount(program.stack_cost(choice.columns), question.scenario.decimals),
        risk_together=risk(sides[0].worlds, options),
        risk_by_mode=risk(sides[1].worlds, options),
        layers_together=effective_layers(sides[0].worlds, options),
        layers_by_mode=effective_layers(sides[1].worlds, options),
        proven=choice.proven,
    )


def _sentence(question: Question, together: Side, by_mode: Side) -> str:
    """Why the readings differ, from the numbers of the stacks that they choose."""
    assert together.choice is not None
    assert by_mode.choice is not None
    program = build_program(question.settled, question.worlds, Expected(), budget=None)
    names, stacks = [], []
    for side in (together.choice, by_mode.choice):
        names.append(in_words(sorted(program.labels[j] for j in side.columns)))
        stacks.append(question.options(program, side.columns))
    jointly = [drivers(together.settled, together.apart, stack) for stack in stacks]
    alone = [drivers(by_mode.settled, by_mode.apart, stack) for stack in stacks]
    if together.choice.columns == by_mode.choice.columns:
        return (
            f"Both readings choose {names[0]}. Together it leaves {_left(jointly[0])}"
            f"{_combinations(question, stacks[0])}; by-mode asks of each mode alone that some "
            f"technique withstands it, and counts {alone[0].risk:.4g}."
        )
    if names[0] == names[1]:  # two long stacks of one size
        names = [f"{names[0]} (its own)", f"{names[1]} (by-mode's)"]
    mode, first, second = _largest(alone[0], alone[1])
    return (
        f"Together one technique has to withstand all modes that strike at once: {names[0]} leaves "
        f"{jointly[0].risk:.4g} and {names[1]} {_left(jointly[1])}"
        f"{_combinations(question, stacks[1])}. By-mode "
        f"every mode has to be withstood by some technique: {names[1]} leaves {alone[1].risk:.4g} "
        f"and {names[0]} {alone[0].risk:.4g}, and they differ most in {mode} ({second:.4g} "
        f"against {first:.4g})."
    )


def _left(found: Drivers) -> str:
    if found.risk <= 0:
        return "nothing"
    share = 100 * found.multiple / found.risk
    return f"{found.risk:.4g}, {share:.0f}% of it where two modes or more strike at once"


def _combinations(question: Question, stack: Sequence[int]) -> str:
    """Pairs of modes that defeat the stack though it withstands each of the two."""
    found = cut_sets(question.settled, stack)
    pairs = 0 if found is None else dict(found.counts).get(2, 0)
    if not stack or not pairs:
        return ""
    what = "one pair of modes defeats" if pairs == 1 else f"{pairs} pairs of modes defeat"
    return f" ({what} it though it withstands each of the two)"


def _largest(first: Drivers, second: Drivers) -> tuple[str, float, float]:
    """The mode, or no mode, in which two stacks differ most under by-mode."""
    parts = [("the worlds without a mode", first.baseline, second.baseline)]
    parts += [
        (a.mode, a.residual, b.residual) for a, b in zip(first.modes, second.modes, strict=True)
    ]
    return max(parts, key=lambda part: round(abs(part[1] - part[2]), 12))
