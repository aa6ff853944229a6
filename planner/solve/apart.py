"""A solve in a process of its own, with a limit on its memory: for solvers that enforce none.

Where that process runs out of memory, or the system kills it, this one lives and can say so. Not
`multiprocessing`: its children run the caller's main module again, and hand over pickles. What
crosses here are arrays (`.npz` without pickles). The child stops at a byte on stdin, and ends where
stdin ends: it never outlives the one who asked.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from planner.solve.backend import Answer, Limits, LinearProgram

#: Seconds that a child gets to start, and to answer once its time is up or it was asked to stop.
GRACE = 4.0
#: The share of the memory that is free now which a child may take.
SHARE = 0.8
#: What runs there.
CHILD = "planner.solve.apart_child"
#: Exit code of a child that ran out of memory.
OUT_OF_MEMORY = 3


def solve_apart(program: LinearProgram, limits: Limits) -> Answer:
    """CP-SAT's answer from a process of its own; "failed" where that broke off.

    Raises MemoryError where the process needed more memory than is free.
    """
    room = _room()
    command = [sys.executable, "-m", CHILD, str(room or 0)]
    # The child looks for the planner where this one was found, wherever it stands.
    here = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    # A session of its own: Ctrl-C in a terminal is for the one who asked.
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as child:
        try:
            said, stopped = _talk(child, _packed(program, limits), limits)
        finally:
            child.kill()
    if child.returncode == 0:
        return _answer(said)
    if stopped is not None:
        return Answer(stopped, None, None)
    # CP-SAT aborts where it gets no memory; the system kills.
    if child.returncode in (OUT_OF_MEMORY, -signal.SIGABRT, -_KILL):
        raise MemoryError
    return Answer("failed", None, None)


_KILL = getattr(signal, "SIGKILL", 9)


def _talk(child: Any, asked: bytes, limits: Limits) -> tuple[bytes, Any]:
    """What the child said, and why it was stopped from here, if it was."""
    said: list[bytes] = []

    def listen() -> None:
        try:
            child.stdin.write(len(asked).to_bytes(8, "big") + asked)
            child.stdin.flush()
        except BrokenPipeError:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
        said.append(child.stdout.read())

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    stopped = None
    end = None if limits.seconds is None else time.monotonic() + max(limits.seconds, 0.0) + GRACE
    while listener.is_alive():
        listener.join(0.05)
        if stopped is None and limits.stop is not None and limits.stop.is_set():
            stopped, end = "interrupted", time.monotonic() + GRACE
            _ask_to_stop(child.stdin)
        if end is not None and time.monotonic() > end:
            child.kill()
            stopped, end = stopped or "time", None
    child.wait()
    return (said or [b""])[0], stopped


def _ask_to_stop(stdin: BinaryIO) -> None:
    with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended by itself
        stdin.write(b"s")
        stdin.flush()


def _room() -> int | None:
    """Bytes that a child may take; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    free = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return int(free[0] * 1024 * SHARE) if free else None


def _packed(program: LinearProgram, limits: Limits) -> bytes:
    seconds = np.nan if limits.seconds is None else limits.seconds
    held = io.BytesIO()
    arrays = {field.name: getattr(program, field.name) for field in fields(program)}
    np.savez(held, _limits=np.array([seconds, limits.gap, limits.feasibility]), **arrays)
    return held.getvalue()


def _answer(said: bytes) -> Answer:
    with np.load(io.BytesIO(said), allow_pickle=False) as held:
        values = held["values"] if "values" in held.files else None
        bound = float(held["bound"]) if "bound" in held.files else None
        return Answer(str(held["stop"]), values, bound)  # type: ignore[arg-type]
