"""The progress bar of a sweep, on a terminal; elsewhere nothing is said while it runs."""

from __future__ import annotations

import sys
import time
from collections import deque
from types import TracebackType
from typing import TextIO

from planner.sweep.run import Progress

#: Seconds between two looks of the bar, and over which the rate is measured.
PAUSE, SPAN = 0.5, 20.0
WIDTH = 20


class Bar:
    """Called with the progress now and then; rewrites one line, and wipes it at the end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty()
        self.last = float("-inf")
        self.seen: deque[tuple[float, int]] = deque()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if not self.terminal or now - self.last < PAUSE:
            return
        self.last = now
        self.seen.append((progress.seconds, progress.done))
        while len(self.seen) > 2 and self.seen[1][0] < progress.seconds - SPAN:
            self.seen.popleft()
        print(f"\r\x1b[K{line(progress, self._rate())}", end="", file=self.stream, flush=True)

    def _rate(self) -> float | None:
        """Cases a second, lately; None where nothing is known yet."""
        (start, before), (end, after) = self.seen[0], self.seen[-1]
        return (after - before) / (end - start) if end > start and after > before else None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.last > float("-inf"):
            print("\r\x1b[K", end="", file=self.stream, flush=True)


def line(progress: Progress, rate: float | None) -> str:
    """One line of at most 79 columns.

    >>> line(Progress(1000, 0, done=250, failed=2), 125.0)
    ' 25% [#####               ] 250 of 1,000, 125/s, 6 s left, 2 failed'
    """
    finished = progress.before + progress.done
    share = finished / progress.cases if progress.cases else 1.0
    full = int(share * WIDTH)
    parts = [f"{finished:,} of {progress.cases:,}"]
    if rate is not None:
        left = progress.cases - finished - progress.set_aside
        parts += [f"{rate:,.{0 if rate >= 10 else 1}f}/s", f"{duration(left / rate)} left"]
    elif not progress.done:
        parts.append("starting")
    for count, what in (
        (progress.failed, "failed"),
        (progress.set_aside, "set aside"),
        (progress.deaths, "workers lost"),
    ):
        if count:
            parts.append(f"{count:,} {what}")
    bar = "#" * full + " " * (WIDTH - full)
    return f"{int(share * 100):3d}% [{bar}] {', '.join(parts)}"[:79]


def duration(seconds: float) -> str:
    """
    >>> duration(59.2), duration(150), duration(9000), duration(400000)
    ('59 s', '2.5 min', '2.5 h', '4.6 days')
    """
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size * 2:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.0f} s"
