"""The page under load and sweeps without end, for hours: does anything grow?

    python -m tests.campaigns.soak --minutes 20

One program is `planner app`, asked by several browsers at once: answers of every part, uploads
(sound, bad, as a workbook), files to take away, cancelled and abandoned requests. The other runs
sweep after sweep in one process, each with two worker processes, in a folder that is then removed.
Every ten seconds both are looked at, with all that they have started: resident memory, open files,
threads, processes, and files in their temporary folder.

A quarter of the time is warm-up: caches fill. Over the rest a line is fitted through each measure
(Theil and Sen: the median slope between any two samples, so that a peak says nothing). Growth from
end to end must stay below `LIMITS`; every request must end with a status that it may have, and
every sweep with 0. Exit code 1 where not. Linux only.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from scipy.stats import theilslopes

ROOT = Path(__file__).resolve().parents[2]
for place in (str(ROOT / "tests"), str(ROOT)):
    if place not in sys.path:
        sys.path.insert(0, place)

from app_server import OWN, PAPER  # noqa: E402

from tests.campaigns import processes  # noqa: E402

MIB = 2**20
#: Growth allowed from the end of the warm-up to the end, by the fitted line: a share of the median
#: and so much more.
LIMITS: dict[str, tuple[float, float]] = {
    "memory": (0.05, 8 * MIB),
    "open files": (0.0, 2),
    "threads": (0.0, 2),
    "processes": (0.0, 1),
    "temporary files": (0.0, 2),
}
WARM_UP = 0.25
BROWSERS = 4
#: Seconds that a browser may wait for an answer, above what a file to take away may take.
PATIENCE = 600
#: What an answer may say: done, bad input or no stack, given up, too busy.
STATUSES = (200, 409, 422, 499, 503)

#: Sweeps one after the other in one process, until it is told to stop.
SWEEPS = """
import contextlib, io, pathlib, shutil, signal, sys, tempfile
from planner.cli.main import main
go = True
def stop(*_):
    global go
    go = False
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    seed = 0
    while go:
        seed += 1
        out = tempfile.mkdtemp(prefix="soak-sweep-")
        words = ["sweep", sys.argv[1], "--draws", "200", "--seed", str(seed), "--budget", "5,9"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = main([*words, "--workers", "2", "--out", out, "--json"])
        shutil.rmtree(out)
        pathlib.Path(sys.argv[2]).open("a").write(f"{code}\\n")
"""


class Watched:
    """A program with all that it has started, and what was seen of it."""

    def __init__(self, name: str, command: Sequence[str], home: Path) -> None:
        self.name = name
        self.mark = processes.new_mark()
        self.home = home / name
        self.home.mkdir()
        self.process = processes.start(
            command, self.mark, env={"TMPDIR": str(self.home)}, stdout=subprocess.PIPE
        )
        self.seen: dict[str, list[float]] = {measure: [] for measure in LIMITS}

    def look(self) -> None:
        now: Counter[str] = Counter()
        for process in processes.living(self.mark):
            folder = Path(f"/proc/{process}")
            with contextlib.suppress(OSError, ValueError, AttributeError):
                status = (folder / "status").read_text()
                now["memory"] += 1024 * _number(r"VmRSS:\s+(\d+)", status)
                now["threads"] += _number(r"Threads:\s+(\d+)", status)
                now["open files"] += len(os.listdir(folder / "fd"))
                now["processes"] += 1
        now["temporary files"] = sum(len(files) for _, _, files in os.walk(self.home))
        for measure, values in self.seen.items():
            values.append(float(now[measure]))

    def stop(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


class Browser(threading.Thread):
    """One page that asks for this and that until told to stop; `told` counts the statuses."""

    def __init__(self, address: str, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.address = address
        self.random = random.Random(seed)
        self.name = f"soak-{seed}"
        self.ended = stop
        self.told: Counter[str] = Counter()

    def run(self) -> None:
        while not self.ended.is_set():
            with httpx.Client(base_url=self.address, headers=OWN, timeout=PATIENCE) as page:
                for _ in range(20):
                    if self.ended.is_set():
                        break
                    try:
                        self._one(page)
                    except httpx.TimeoutException:
                        self.told["gone before the answer"] += 1
                    except httpx.HTTPError as error:
                        self.told[f"failed: {type(error).__name__}"] += 1

    def _one(self, page: httpx.Client) -> None:
        draw = self.random
        digest = page.post("/api/start", json={}).json()["scenario"]["digest"]
        asked: dict[str, Any] = {
            "scenario": digest,
            "client": self.name,
            "changes": [["budget", f"{draw.uniform(1, 20):.2f}"]],
            "part": draw.choice(("plan", "plan", "ranking", "alternatives", "explain")),
        }
        kind = draw.random()
        if kind < 0.55:
            self._count("answer", page.post("/api/answer", json=asked))
        elif kind < 0.7:
            self._count("upload", page.post("/api/open", json={"files": self._files()}))
        elif kind < 0.85:
            # The reports draw figures, and take as long as a hundred answers.
            names = ("scenario", "workbook", "plan", "ranking") * 8 + ("report", "book")
            got = page.post(f"/api/download/{draw.choice(names)}", json=asked)
            self._count("download", got)
        elif kind < 0.93:
            other = threading.Timer(draw.uniform(0, 0.3), self._cancel)
            other.start()
            self._count("cancelled", page.post("/api/answer", json=asked))
            other.join()
        else:
            page.post("/api/answer", json=asked, timeout=draw.uniform(0.01, 0.2))

    def _cancel(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(f"{self.address}/api/cancel", json={"client": self.name}, headers=OWN)

    def _files(self) -> list[dict[str, str]]:
        files = {p.name: p.read_bytes() for p in PAPER.iterdir() if p.suffix in (".yaml", ".csv")}
        name = self.random.choice(sorted(files))
        if self.random.random() < 0.7:
            at = self.random.randrange(len(files[name]))
            files[name] = files[name][:at] + b"7" + files[name][at:]
        return [{"name": n, "data": base64.b64encode(d).decode()} for n, d in files.items()]

    def _count(self, what: str, got: httpx.Response) -> None:
        self.told[f"{what} {got.status_code}"] += 1
        if got.status_code not in STATUSES:
            self.told[f"failed: {got.status_code} {got.text[:200]}"] += 1


def growth(times: Sequence[float], values: Sequence[float]) -> float:
    """What the fitted line rises from the first time to the last."""
    return float(theilslopes(values, times).slope) * (times[-1] - times[0])


def verdict(program: Watched, times: Sequence[float]) -> list[str]:
    """One line a measure, as printed; those too large begin with `GREW`."""
    lines = []
    first = next((k for k, t in enumerate(times) if t >= WARM_UP * times[-1]), 0)
    for measure, values in program.seen.items():
        share, more = LIMITS[measure]
        rise, median = growth(times[first:], values[first:]), float(np.median(values[first:]))
        most = share * median + more
        scale, unit = (MIB, " MiB") if measure == "memory" else (1, "")
        lines.append(
            f"{'GREW' if rise > most else 'holds'}  {program.name:<7}{measure:<16}"
            f"median {median / scale:8,.1f}{unit}, "
            f"highest {max(values[first:]) / scale:,.1f}{unit}, "
            f"growth {rise / scale:+.2f}{unit} (at most {most / scale:.1f}{unit})"
        )
    return lines


def _address(app: Watched) -> str:
    assert app.process.stdout is not None
    text = b""
    while not text.rstrip().endswith(b"}"):
        line = app.process.stdout.readline()
        if not line:
            raise SystemExit("planner app did not start")
        text += line
    return str(json.loads(text)["url"]).rstrip("/")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two samples")
    given = parser.parse_args(arguments)
    # Started in the background of a shell it ignores Ctrl-C, and so would the page that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        return soak(Path(name), given.minutes * 60, given.every)


def soak(home: Path, seconds: float, every: float) -> int:
    ended = home / "ended"
    script = home / "sweeps.py"
    script.write_text(SWEEPS)
    app = Watched(
        "app", ("-m", "planner", "app", str(PAPER), "--port", "0", "--no-browser", "--json"), home
    )
    sweeps = Watched("sweeps", (str(script), str(PAPER), str(ended)), home)
    halt = threading.Event()
    browsers: list[Browser] = []
    times: list[float] = []
    try:
        address = _address(app)
        browsers = [Browser(address, k, halt) for k in range(BROWSERS)]
        for browser in browsers:
            browser.start()
        start = time.monotonic()
        while not times or times[-1] < seconds:
            time.sleep(every)
            times.append(time.monotonic() - start)
            app.look()
            sweeps.look()
    finally:
        halt.set()
        for browser in browsers:
            browser.join(PATIENCE)
        app.stop(signal.SIGINT)
        sweeps.stop(signal.SIGTERM)
    marks = (app.mark, sweeps.mark)
    processes.wait_until(lambda: not any(map(processes.living, marks)), 10)
    left = {process for mark in marks for process in processes.living(mark)}
    told: Counter[str] = sum((browser.told for browser in browsers), Counter())
    codes = Counter(ended.read_text().split()) if ended.exists() else Counter[str]()
    lines = [*verdict(app, times), *verdict(sweeps, times)]
    print(*lines, sep="\n")
    print(", ".join(f"{count:,} {what}" for what, count in sorted(told.items())))
    bad = [line for line in lines if line.startswith("GREW")]
    bad += [what for what in told if what.startswith("failed")]
    bad += [f"a sweep ended with {code}" for code in codes if code != "0"]
    bad += ["no sweep came to an end"] if not codes else []
    bad += [f"{len(left)} processes were left over"] if left else []
    print(
        f"{times[-1] / 60:.1f} minutes, {len(times)} samples, {told.total():,} requests, "
        f"{codes.total():,} sweeps of 400 cases: {'; '.join(bad) or 'nothing grew'}"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
