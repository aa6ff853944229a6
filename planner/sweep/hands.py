"""Which executor a sweep runs on: this process, processes of this machine, or a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from planner.errors import EnvironmentFailed
from planner.sweep.cluster import Cluster
from planner.sweep.executors import Serial, Workers
from planner.sweep.run import Hands

#: Seconds for which the size of a cluster is remembered.
LOOK = 1.0


@contextmanager
def serial() -> Iterator[Hands]:
    """This process does all the work."""
    yield Hands(Serial(), lambda: 1)


@contextmanager
def local(workers: int) -> Iterator[Hands]:
    """So many worker processes; on an exception they are ended at once."""
    executor = Workers(workers)
    done = False
    try:
        # A chunk more for each waits its turn, so that no worker does.
        yield Hands(executor, lambda: 2 * workers)
        done = True
    finally:
        executor.shutdown(cancel_futures=not done)


@contextmanager
def on_cluster(address: str) -> Iterator[Hands]:
    """A Dask cluster. Raises MissingExtra, BadInput, and EnvironmentFailed where none answers."""
    cluster = Cluster(address)

    def check() -> None:
        if cluster.lost:
            raise EnvironmentFailed(
                f"The scheduler at {address} is gone. What is finished is in the ledger: start "
                "a scheduler and workers, then go on with --resume."
            )

    try:
        yield Hands(
            cluster.executor,
            _remembered(cluster.threads),
            lost=(*cluster.worker_losses, MemoryError),
            deaths=2,  # the scheduler has tried several workers by itself
            check=check,
        )
    finally:
        cluster.close()


def _remembered(count: Callable[[], int]) -> Callable[[], int]:
    """Twice what is counted, asked for once in a while."""
    asked, found = float("-inf"), 0

    def window() -> int:
        nonlocal asked, found
        if time.monotonic() - asked > LOOK:
            found, asked = 2 * count(), time.monotonic()
        return found

    return window
