"""The other side of `planner.solve.apart`: one solve by CP-SAT, and then the end.

    python -m planner.solve.apart_child BYTES    a program on stdin, its answer on stdout

CP-SAT's own libraries load only where it solves, after the limit on memory: they count too.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np

from planner.solve.apart import OUT_OF_MEMORY
from planner.solve.backend import Answer, Limits, LinearProgram
from planner.solve.cpsat import solve_here


def _unpacked(asked: bytes, stop: threading.Event) -> tuple[LinearProgram, Limits]:
    with np.load(io.BytesIO(asked), allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    seconds, gap, feasibility = arrays.pop("_limits").tolist()
    limits = Limits(None if np.isnan(seconds) else seconds, gap, feasibility, stop)
    return LinearProgram(**arrays), limits


def _told(answer: Answer) -> bytes:
    held = io.BytesIO()
    arrays = {"values": answer.values, "bound": answer.bound}
    known = {name: np.asarray(x) for name, x in arrays.items() if x is not None}
    np.savez(held, stop=np.array(answer.stop), **known)  # type: ignore[arg-type]
    return held.getvalue()


def _limit(room: int) -> None:
    """No more memory than this and what the process holds already."""
    try:
        import resource
    except ImportError:
        return  # a system without such limits
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    most = pages * resource.getpagesize() + room
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft in (-1, resource.RLIM_INFINITY) or most < soft:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _listen(stdin: BinaryIO, stop: threading.Event) -> None:
    while stdin.read(1):
        stop.set()
    os._exit(1)  # who asked has gone


def main() -> int:
    """One solve."""
    room = int(sys.argv[1])
    stop = threading.Event()
    try:
        if room:
            _limit(room)
        stdin = sys.stdin.buffer
        program, limits = _unpacked(stdin.read(int.from_bytes(stdin.read(8), "big")), stop)
        threading.Thread(target=_listen, args=(stdin, stop), daemon=True).start()
        answer = _told(solve_here(program, limits))
    except MemoryError:
        return OUT_OF_MEMORY
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    os._exit(0)  # the listening thread holds stdin, which an ordinary end would wait for


if __name__ == "__main__":
    sys.exit(main())
