"""How to search, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

#: Called now and then with a sentence about where the search stands.
Progress: TypeAlias = Callable[[str], None]


def silent(message: str) -> None:
    """The progress report of those who want none."""


@dataclass(frozen=True)
class Search:
    """Parameters of one search.

    solver      "auto" looks at the instance; "enumerate" tries every stack; "highs" cuts
    gap         relative gap at which to stop (enumeration always reaches 0)
    time_limit  seconds, None for no limit
    """

    solver: str = "auto"
    gap: float = 1e-4
    time_limit: float | None = None


StopReason: TypeAlias = Literal["proven", "time limit", "interrupted", "solver failed"]
ProofKind: TypeAlias = Literal["enumerated", "certified", "bounded", "none"]


@dataclass(frozen=True)
class Outcome:
    """What a search found.

    `stack` are column numbers, None where no stack meets the rules or none was found in time;
    `infeasible` says that it is proven that none does. `bound` is a proven lower bound on the
    objective (on the cost in units, where a target was set), None where none is known.
    """

    stack: tuple[int, ...] | None
    bound: float | None
    kind: ProofKind
    stop: StopReason
    route: str
    infeasible: bool = False
    evaluated: int = 0
