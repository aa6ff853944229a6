"""`planner app` as a program of its own, started and stopped by tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAPER = ROOT / "scenarios" / "dung-mai-2025"
#: What the page's own script sends with every request.
OWN = {"X-Planner": "1"}


def start(
    *words: str, program: tuple[str, ...] = ("-m", "planner")
) -> tuple[subprocess.Popen[str], str]:
    """`planner app` as a program of its own, and its address; `program` is how Python finds the
    planner."""
    server = subprocess.Popen(
        [sys.executable, *program, "app", *words, "--no-browser", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert server.stdout is not None
    line = ""
    while not line.rstrip().endswith("}"):
        more = server.stdout.readline()
        if not more:
            raise AssertionError(f"it did not start: {server.communicate()[1]}")
        line += more
    return server, json.loads(line)["url"].rstrip("/")


def stop(server: subprocess.Popen[str]) -> tuple[int, str]:
    """Ctrl-C; its exit code, and what it wrote to stderr."""
    server.send_signal(signal.SIGINT)
    try:
        _, said = server.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.communicate()
        raise
    return server.returncode, said
