"""What a method gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Claim = Literal["proven", "limit", "heuristic", "failed"]


@dataclass(frozen=True)
class Answer:
    """`claim` is the method's own word; `bound` a lower bound on the objective, None for none.

    `seconds` (of the processor) only where building the model, no part of the solve, was timed
    apart.
    """

    claim: Claim
    stack: tuple[int, ...] | None
    bound: float | None
    nodes: int | None = None
    evaluations: int | None = None
    note: str = ""
    seconds: float | None = None
