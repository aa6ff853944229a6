"""Processes that a campaign starts, kills and looks for afterwards. Linux only: it reads /proc.

A process is marked by an entry in its environment, which everything that it starts inherits; so
what is left of it is found however it came to lose its parent.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MARK = "PLANNER_CAMPAIGN_MARK"


def new_mark() -> str:
    return f"{MARK}={secrets.token_hex(8)}"


def start(command: Sequence[str], mark: str, **words: Any) -> subprocess.Popen[bytes]:
    """A Python command of this repository in the background; silent, with the mark in its
    environment."""
    name, _, value = mark.partition("=")
    paths = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    environment = {**os.environ, "PYTHONPATH": paths, name: value, **words.pop("env", {})}
    words = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **words}
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, **words)


def living(mark: str) -> set[int]:
    """Ids of the processes with the mark that run now; the dead that nobody buried are not."""
    found = set()
    for place in Path("/proc").iterdir():
        if not place.name.isdigit() or int(place.name) == os.getpid():
            continue
        try:
            marked = mark.encode() in (place / "environ").read_bytes().split(b"\0")
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue  # it ended while we looked, or is not ours to read
        if marked and state not in "ZX":
            found.add(int(place.name))
    return found


def peak_memory(process: int) -> int:
    """The most bytes of memory that a process held at once so far, 0 where it is gone."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in text.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0][1]) * 1024 if lines else 0


def wait_until(what: Callable[[], object], seconds: float, step: float = 0.02) -> bool:
    """Whether it came true within so many seconds."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True
