"""A small sweep, and calls that misbehave in a worker process."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from planner.scenario.read import read
from planner.study.what_if import Axis
from planner.sweep.cases import Named, Sweep
from planner.sweep.chunk import Chunk, Span, answer_span

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "scenarios" / "dung-mai-2025"


def small(draws: int | None = 40, seed: int = 5) -> Sweep:
    """The paper's scenario: two named states, three budgets (one of them too small for what must
    be bought), and draws."""
    scenario = read(str(PAPER))
    dear = Named("dear", (("techniques.debate.cost", "6"), ("rules.fund", "debate")))
    return Sweep(
        (scenario,),
        named=(Named(""), dear),
        axes=(Axis("budget", ("5", "9", "12")),),
        draws=draws,
        seed=seed,
    )


def die(sweep: Sweep, span: Span, deadly: frozenset[int] = frozenset()) -> Chunk:
    """Answer a span, unless a deadly case is in it: then the worker kills itself."""
    if deadly & set(range(span.start, span.stop)):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer_span(sweep, span)


def pid() -> int:
    return os.getpid()


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def refuse(message: str) -> None:
    raise ValueError(message)


def unpicklable() -> object:
    return lambda: None


def with_seed(sweep: Sweep, seed: int) -> Sweep:
    return replace(sweep, seed=seed)
