"""A Dask cluster on this machine, each part a process of its own: a scheduler, and workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Seconds for which a busy machine is waited for.
PATIENCE = 180.0


@dataclass(frozen=True)
class LocalDask:
    """What runs: the scheduler, who keeps the workers alive, and the address to name."""

    address: str
    scheduler: subprocess.Popen[bytes]
    nanny: subprocess.Popen[bytes]


@contextmanager
def local_dask(
    folder: Path, workers: int, environment: Mapping[str, str] | None = None
) -> Iterator[LocalDask]:
    """So many workers of one thread each, on the loopback address, for as long as it is open.

    `folder` takes what Dask writes; `environment` is added to that of every process. TimeoutError
    where nothing answers within PATIENCE seconds.
    """
    told = folder / "scheduler.json"
    words = {
        "env": {**os.environ, **(environment or {})},
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    here = ["--no-dashboard", "--host", "127.0.0.1"]
    begun: list[subprocess.Popen[bytes]] = []

    def start(module: str, *more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *more, *here]
        begun.append(subprocess.Popen(command, **words))  # type: ignore[call-overload]
        return begun[-1]

    try:
        scheduler = start("dask_scheduler", "--port", "0", "--scheduler-file", str(told))
        each = ["--nworkers", str(workers), "--nthreads", "1", "--local-directory", str(folder)]
        nanny = start("dask_worker", "--scheduler-file", str(told), *each)
        yield LocalDask(_address(told), scheduler, nanny)
    finally:
        for process in reversed(begun):
            process.terminate()
        for process in begun:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(told: Path) -> str:
    """What the scheduler wrote into its file, once it has."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            return str(json.loads(told.read_text())["address"])
        except (OSError, ValueError):  # not there, or not whole yet
            time.sleep(0.05)
    raise TimeoutError("Dask's scheduler did not start in time")
