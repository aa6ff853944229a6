"""A bounded number of solves at a time, each of which can be given up.

A client (one open page) has at most one job: a newer one takes the place of the older. A job is
given up between two steps of its search, by the progress report that every search makes; what lies
between sees that its time is over, and a solver is interrupted.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from planner.errors import LimitHit
from planner.solve.backend import STOP
from planner.solve.search import Progress


class GivenUp(Exception):
    """The job was cancelled, or a newer one of the same client took its place."""


@dataclass(eq=False)
class Job:
    """One piece of work. `client` may be blank: then it takes nobody's place."""

    client: str
    work: Callable[[Progress], Any]
    seconds: float
    future: Future[Any] = field(default_factory=Future)
    cancelled: threading.Event = field(default_factory=threading.Event)
    started: float | None = None

    def step(self, message: str = "") -> None:  # noqa: ARG002 - a progress report has a message
        """The progress report: ends the job where nobody waits for it, or its time is over."""
        if self.cancelled.is_set():
            raise GivenUp
        if self.started is not None and time.monotonic() - self.started > self.seconds:
            raise LimitHit(
                f"This took more than {self.seconds:.0f} seconds, the most that the page allows. "
                "Use the commands for it."
            )

    def run(self) -> None:
        if self.cancelled.is_set() or not self.future.set_running_or_notify_cancel():
            self.future.cancel()
            return
        self.started = time.monotonic()
        token = STOP.set(self.cancelled)
        try:
            found = self.work(self.step)
            self.step()
            self.future.set_result(found)
        except BaseException as error:
            # Whatever it is, it belongs to who waits for the future.
            self.future.set_exception(error)
        finally:
            STOP.reset(token)

    def cancel(self) -> None:
        """Give the job up: at once where it waits, within its step where it runs."""
        self.cancelled.set()
        self.future.cancel()


class Pool:
    """`workers` threads that take jobs in turn; `waiting` is how many may wait."""

    def __init__(self, workers: int, waiting: int, seconds: float) -> None:
        self.waiting = waiting
        self.seconds = seconds
        self._ready = threading.Condition()
        self._queue: deque[Job] = deque()
        self._latest: dict[str, Job] = {}
        self._open = True
        # Daemons: what a solver does within one step must not hold up the end of the program.
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(
        self, client: str, work: Callable[[Progress], Any], seconds: float | None = None
    ) -> Job:
        """Queue a job, in place of the client's older one. LimitHit where too many wait."""
        job = Job(client, work, seconds or self.seconds)
        with self._ready:
            if client:
                self._forget(client)
            if not self._open or len(self._queue) >= self.waiting:
                raise LimitHit("Too many answers are being worked out; try again in a moment.")
            if client:
                self._latest[client] = job
            self._queue.append(job)
            self._ready.notify()
        return job

    def cancel(self, client: str) -> None:
        """Give up what the client asked last."""
        with self._ready:
            self._forget(client)

    def stop(self, seconds: float = 2.0) -> None:
        """Give up everything, and wait a little for what runs."""
        with self._ready:
            self._open = False
            for job in (*self._queue, *self._latest.values()):
                job.cancel()
            self._queue.clear()
            self._ready.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))

    def _forget(self, client: str) -> None:
        job = self._latest.pop(client, None)
        if job is not None:
            job.cancel()
            if job in self._queue:
                self._queue.remove(job)

    def _serve(self) -> None:
        while True:
            with self._ready:
                while self._open and not self._queue:
                    self._ready.wait()
                if not self._queue:
                    return
                job = self._queue.popleft()
            job.run()
            with self._ready:
                if self._latest.get(job.client) is job:
                    del self._latest[job.client]
