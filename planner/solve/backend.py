"""The seam to solvers of small mixed-integer programs: plain arrays cross it, nothing else.

A backend says three things apart: why it stopped, what it found, what is proven.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from planner.worlds.types import Floats

Stop: TypeAlias = Literal["finished", "infeasible", "time", "interrupted", "failed"]


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """minimise objective . x with row_lower <= A x <= row_upper, lower <= x <= upper.

    A stands row by row: row r has `columns[starts[r]:starts[r+1]]` and the values beside them.
    `integer` marks the columns that must be whole. Columns and rows have no names.
    """

    objective: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    starts: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: Floats


@dataclass(frozen=True)
class Limits:
    """When to stop: after `seconds`, at an absolute `gap` of the objective, or when `stop` is set.

    `feasibility` is what a row may be violated by.
    """

    seconds: float | None = None
    gap: float = 0.0
    feasibility: float = 1e-6
    stop: threading.Event | None = None


#: An event of whoever may want the searches of this thread to end: once it is set they do, as if
#: their time were over. Not a field of a search: a plan keeps its search for further questions,
#: and those have other askers.
STOP: ContextVar[threading.Event | None] = ContextVar("STOP", default=None)


@dataclass(frozen=True, eq=False)
class Answer:
    """Why the solver stopped, what it found (None: nothing), and a valid lower bound (or None)."""

    stop: Stop
    values: Floats | None
    bound: float | None


@dataclass(frozen=True)
class Features:
    """What a backend can do, as data."""

    bound: bool
    warm_start: bool
    lazy_cuts: bool
    integers_only: bool
    note: str = ""


class Backend(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def features(self) -> Features: ...

    def version(self) -> str | None:
        """Version of the solver here, None where it is not installed."""
        ...

    def solve(self, program: LinearProgram, limits: Limits) -> Answer: ...
