"""Executors in the sense of concurrent.futures: in this process, and in processes of this machine.

Each worker runs one call at a time and has a line of its own to the driver, so that the death of a
worker fails exactly the call that it was running.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from planner.errors import EnvironmentFailed

T = TypeVar("T")

#: Seconds that a worker has to end by itself.
PATIENCE = 2.0


class WorkerDied(BrokenExecutor):
    """The process that ran this call ended before it answered."""


class Serial(Executor):
    """Runs a call where it is submitted."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # a future keeps whatever its call raises
            future.set_exception(error)
        return future


class Workers(Executor):
    """So many worker processes, each started afresh where it died.

    Ctrl-C is the driver's alone. Workers end when the driver does, however it ends.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._calls: queue.SimpleQueue[tuple[Future[Any], tuple[Any, ...]] | None]
        self._calls = queue.SimpleQueue()
        self._closed = threading.Event()
        self._lines: dict[int, _Line] = {}
        self._threads = [
            threading.Thread(target=self._serve, args=(place,), daemon=True)
            for place in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        if self._closed.is_set():
            raise RuntimeError("the executor is shut down")
        future: Future[T] = Future()
        self._calls.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; with `cancel_futures` at once, whatever they are doing."""
        self._closed.set()
        if cancel_futures:
            for line in list(self._lines.values()):
                line.process.kill()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now."""
        return [line.process.pid for line in list(self._lines.values()) if line.process.pid]

    def _serve(self, place: int) -> None:
        """One worker's side of the driver: hand it a call, wait for the answer or its death."""
        if hasattr(signal, "pthread_sigmask"):
            # Inherited by the worker from its first moment: it never sees a Ctrl-C.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while (call := self._calls.get()) is not None:
            future, work = call
            if self._closed.is_set() or not future.set_running_or_notify_cancel():
                future.cancel()
                continue
            if place not in self._lines:
                try:
                    self._lines[place] = _Line()
                except Exception as error:  # no memory or no number for one more process
                    future.set_exception(_not_started(error))
                    continue
            line = self._lines[place]
            try:
                fine, value = line.ask(work)
            except (EOFError, OSError):
                del self._lines[place]
                future.set_exception(WorkerDied(f"a worker {line.ended()}"))
                continue
            except Exception as error:  # what cannot cross the pipe
                future.set_exception(error)
                continue
            if fine:
                future.set_result(value)
            else:
                future.set_exception(value)
        if place in self._lines:
            self._lines.pop(place).close()


class _Line:
    """A worker process and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, work: tuple[Any, ...]) -> tuple[bool, Any]:
        self.pipe.send(work)
        found: tuple[bool, Any] = self.pipe.recv()
        return found

    def ended(self) -> str:
        """How the worker came to its end."""
        self.pipe.close()
        self.process.join()
        code = self.process.exitcode
        return f"was killed by signal {-code}" if code and code < 0 else f"ended with code {code}"

    def close(self) -> None:
        """Let it end by itself, and see that it does."""
        self.pipe.close()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _not_started(error: Exception) -> EnvironmentFailed:
    return EnvironmentFailed(
        f"A worker process could not be started: {error}. What is finished is kept; go on with "
        "fewer --workers."
    )


def _work(pipe: Connection) -> None:
    """What a worker process does: answer calls until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_driver, daemon=True).start()
    while True:
        try:
            fn, args, kwargs = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = (True, fn(*args, **kwargs))
        except Exception as error:  # it goes to whoever asked
            answer = (False, error)
        with suppress(OSError):
            pipe.send(answer)


def _end_with_driver() -> None:
    """However the driver ends, the worker does too, whatever it is computing."""
    driver = multiprocessing.parent_process()
    if driver is not None:
        wait([driver.sentinel])
        os._exit(1)
