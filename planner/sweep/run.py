"""The driver: hands out chunks of about a second, and writes every finished case down.

It knows an executor and a ledger, and nothing of what runs behind the one or lies behind the
other. A chunk whose worker died goes out again; one whose worker died twice goes out in pieces;
a single case that keeps killing its worker is set aside.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass

from planner.errors import EnvironmentFailed
from planner.sweep.cases import Sweep
from planner.sweep.chunk import Chunk, Span, answer_span
from planner.sweep.ledger import Ledger, Record
from planner.sweep.outcomes import SET_ASIDE, Failed, encode

#: Seconds that a chunk should take.
AIM = 1.0
#: Largest chunk, and how much larger than the last ones a chunk may be.
MOST_CASES, GROWTH = 32_768, 4
#: Seconds between two commits, and between two looks at the progress.
COMMIT, LOOK = 0.5, 0.25
#: Deaths of its worker after which a chunk goes out in pieces, and into how many.
PATIENCE, PIECES = 2, 8
#: Deaths of its worker after which a single case is set aside.
MOST_DEATHS = 3


@dataclass
class Progress:
    """Where a run stands: cases of the sweep; those done before it began; done, failed and set
    aside in it; workers lost; seconds since it began."""

    cases: int
    before: int
    done: int = 0
    failed: int = 0
    set_aside: int = 0
    deaths: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Hands:
    """Who does the work: an executor, and what the driver must know of it.

    `window` is how many chunks may be out at a time; `lost` are the exceptions by which a call
    says that its worker died, after `deaths` of them; `check` raises where the executor as a whole
    is gone.
    """

    executor: Executor
    window: Callable[[], int]
    lost: tuple[type[BaseException], ...] = (BrokenExecutor, MemoryError)
    deaths: int = 1
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class _Task:
    """A chunk to do, and how often a worker died over it."""

    span: Span
    deaths: int = 0


def run_sweep(
    sweep: Sweep,
    hands: Hands,
    ledger: Ledger,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Answer every case that has no record yet, or set it aside.

    On any exception, Ctrl-C included, what is finished is written down first. Raises
    EnvironmentFailed where the disk, the ledger or the executor fails.
    """
    return _Driver(sweep, hands, ledger, progress).run()


class _Driver:
    def __init__(
        self, sweep: Sweep, hands: Hands, ledger: Ledger, progress: Callable[[Progress], None]
    ) -> None:
        self.sweep = sweep
        self.hands = hands
        self.ledger = ledger
        self.progress = progress
        self.fresh = deque(Span(gap.start, gap.stop) for gap in ledger.unfinished())
        self.again: deque[_Task] = deque()
        self.out: dict[Future[Chunk], _Task] = {}
        self.finished: list[Record] = []
        self.size = 1
        cases = len(sweep)
        self.state = Progress(cases, cases - sum(map(len, self.fresh)))

    def run(self) -> Progress:
        started = last = time.monotonic()
        try:
            while self.fresh or self.again or self.out:
                self._hand_out()
                done, _ = wait(self.out, timeout=LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    self._take(future)
                self.hands.check()
                now = time.monotonic()
                if now - last >= COMMIT:
                    self._commit()
                    last = now
                self._tell(now - started)
        finally:
            self._commit()
        self._tell(time.monotonic() - started)
        return self.state

    def _hand_out(self) -> None:
        """Keep as many chunks out as there are hands."""
        try:
            window = max(1, self.hands.window())
            while len(self.out) < window and (self.again or self.fresh):
                task = self.again.popleft() if self.again else _Task(self._next())
                self.out[self.hands.executor.submit(answer_span, self.sweep, task.span)] = task
        except Exception:
            self.hands.check()  # what an executor says that is gone is no word for people
            raise

    def _next(self) -> Span:
        """The next cases that have not been out yet."""
        span = self.fresh.popleft()
        stop = min(span.start + self.size, span.stop)
        if stop < span.stop:
            self.fresh.appendleft(Span(stop, span.stop))
        return Span(span.start, stop)

    def _take(self, future: Future[Chunk]) -> None:
        """What came of a chunk: records, or a death."""
        task = self.out.pop(future)
        try:
            chunk = future.result()
        except CancelledError as error:
            self.again.append(task)
            self.hands.check()
            raise EnvironmentFailed(
                "The executor dropped a chunk of this sweep. What is finished is in the ledger; "
                "go on with --resume."
            ) from error
        except self.hands.lost:
            self._died(task)
            return
        self.finished += zip(range(task.span.start, task.span.stop), chunk.outcomes, strict=True)
        self.state.done += len(chunk.outcomes)
        self.state.failed += chunk.failed
        self._learn(chunk)

    def _learn(self, chunk: Chunk) -> None:
        """Move to the size of a chunk that takes about a second."""
        count = len(chunk.outcomes)
        fitting = count * AIM / max(chunk.seconds, 1e-6)
        self.size = int(max(1, min(fitting, max(self.size, count) * GROWTH, MOST_CASES)))

    def _died(self, task: _Task) -> None:
        """Try again, in pieces, or give up the one case that it must be."""
        self.state.deaths += self.hands.deaths
        deaths = task.deaths + self.hands.deaths
        if len(task.span) > 1:
            pieces = task.span.pieces(PIECES if deaths >= PATIENCE else 1)
            self.again += (_Task(piece, deaths if len(pieces) == 1 else 0) for piece in pieces)
        elif deaths < MOST_DEATHS:
            self.again.append(_Task(task.span, deaths))
        else:
            self.state.set_aside += 1
            message = "Every worker that took this case died over it."
            self.ledger.set_aside(task.span.start, encode(Failed(SET_ASIDE, message)))

    def _commit(self) -> None:
        finished, self.finished = self.finished, []
        if finished:
            self.ledger.record(finished)

    def _tell(self, seconds: float) -> None:
        self.state.seconds = seconds
        self.progress(self.state)
