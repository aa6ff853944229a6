"""Progress on stderr, where a solve takes more than a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

from planner.cli.failures import visible

#: Seconds before the first message, and between any two.
PAUSE = 1.0


class Progress:
    """Called with a sentence now and then; writes at most one a second, the first after one.

    On a terminal it rewrites one line and wipes it at the end; elsewhere it writes plain lines.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty()
        self.last = time.monotonic()
        self.shown = False

    def __call__(self, message: str) -> None:
        now = time.monotonic()
        if now - self.last < PAUSE:
            return
        self.last = now
        message = visible(message)
        if self.terminal:
            print(f"\r\x1b[K{message[:78]}", end="", file=self.stream, flush=True)
            self.shown = True
        else:
            print(message, file=self.stream, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.shown:
            print("\r\x1b[K", end="", file=self.stream, flush=True)
