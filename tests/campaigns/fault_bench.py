"""What the faults campaign asks, what it came to undisturbed, and how a folder is judged."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from planner.cli.main import main as planner
from planner.sweep import run as driver
from planner.sweep.chunk import answer_span
from planner.sweep.ledger import NAME, status
from tests.campaigns.processes import living, wait_until

#: Seconds after which nothing that a killed run started may live.
GRACE = 10.0

FILES = {
    "scenario.yaml": """planner: 1
name: Small, with uncertain cells
currency: USD million
budget: 3
reading: together
techniques: techniques.csv
modes: modes.csv
vulnerability: vulnerability.csv
scale:
  ok: 0.05
  "?": {uniform: [0.05, 0.75]}
  prone: 0.8
what_if:
  dear: {techniques.critics.cost: 2, rules.fund: critics}
""",
    "techniques.csv": "id,name,cost\napproval,A,2\ncritics,B,1\nprobes,C,1\naudits,D,1\n",
    "modes.csv": "id,name,probability\ndeceit,E,0.2\ndrift,F,0.1\nhaste,G,0.5\n",
    "vulnerability.csv": "technique,deceit,drift,haste\napproval,?,ok,?\ncritics,?,ok,?\n"
    "probes,ok,?,prone\naudits,?,?,ok\n",
}
#: Some cells with some draws, one of them without a stack; and cases that take their time.
QUICK = ("--draws", "20", "--budget", "1,3", "--named", "dear")
SLOW = ("--draws", "200", "--objective", "cvar:0.9")
#: Most cases of a chunk, and bytes of a ledger that holds more than its empty tables.
CHUNK, BEGUN = 8, 6 * 4096


class Fault(Exception):
    """An invariant that does not hold."""


@dataclass(frozen=True)
class Grid:
    """A sweep as words of the command line, and the files and cases of its undisturbed run."""

    words: tuple[str, ...]
    files: dict[str, bytes]
    cases: int


@dataclass
class Bench:
    """A folder to work in, the two sweeps, and what happened so far.

    `mark` is in the environment of this very process, and so of everything that it starts;
    `helpers` are the processes that are meant to live on.
    """

    folder: Path
    mark: str
    helpers: set[int] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)
    answered: int = 0

    def prepare(self) -> None:
        self.folder.chmod(0o755)
        scenario = self.folder / "scenario"
        scenario.mkdir()
        for name, text in FILES.items():
            (scenario / name).write_text(text)
        self.quick, self.slow = (self._grid(words) for words in (QUICK, SLOW))

    def _grid(self, words: tuple[str, ...]) -> Grid:
        words = ("sweep", str(self.folder / "scenario"), *words, "--seed", "5")
        out = self.folder / "undisturbed"
        code, said = self.ask(words, out)
        if code:
            raise Fault(f"the undisturbed run failed: {said}")
        cases = status(out).cases
        files = {path.name: path.read_bytes() for path in out.iterdir() if path.name != NAME}
        shutil.rmtree(out)
        return Grid(words, files, cases)

    def ask(self, words: tuple[str, ...], out: Path) -> tuple[int, str]:
        """Run the command in this process: its exit code, and what it said to people."""
        said = io.StringIO()
        with redirect_stdout(io.StringIO()), redirect_stderr(said):
            code = planner([*words, "--out", str(out)])
        if "bug in the planner" in said.getvalue():
            raise Fault(said.getvalue())
        return code, said.getvalue()

    def resume(self, grid: Grid, out: Path) -> tuple[int, str]:
        return self.ask((*grid.words, "--resume"), out)

    def finish(self, grid: Grid, out: Path) -> None:
        """Go on until the sweep is done, and judge what came of it. What is in the ledger is not
        computed again."""
        if out.joinpath(NAME).exists() and out.joinpath(NAME).stat().st_size:
            before, data = status(out), (out / NAME).read_bytes()
        else:
            before, data = None, b""
        self.answered = 0
        code, said = self.resume(grid, out)
        if code == 2 and "damaged beyond repair" in said:
            if (out / NAME).read_bytes() != data:
                raise Fault("a ledger that was refused was changed")
            self.tally["ledgers refused"] += 1
            (out / NAME).unlink()
            self.answered, before = 0, None
            code, said = self.resume(grid, out)
        if code:
            raise Fault(f"--resume ended with exit code {code}: {said}")
        self.tally["ledgers mended"] += "was damaged" in said
        kept = 0 if before is None else before.finished
        known = before is None or before.damaged is not None
        if known and self.answered != grid.cases - kept:
            raise Fault(f"{kept} cases were kept and {self.answered} computed of {grid.cases}")
        self.judge(grid, out)

    def judge(self, grid: Grid, out: Path) -> None:
        """The files byte for byte, every case once, nothing else in the folder, nobody left."""
        found = {path.name: path.read_bytes() for path in out.iterdir() if path.name != NAME}
        if found.keys() != grid.files.keys():
            raise Fault(f"in the folder: {sorted(found)}")
        for name, data in grid.files.items():
            if found[name] != data:
                raise Fault(f"{name} differs from the undisturbed run")
        seen = status(out)
        if (seen.cases, seen.finished, seen.damaged) != (grid.cases, grid.cases, 0):
            raise Fault(f"the ledger holds {seen.finished} of {grid.cases} cases")
        self.nobody_left()

    def nobody_left(self) -> None:
        if not wait_until(lambda: not living(self.mark) - self.helpers, GRACE):
            raise Fault(f"processes left over: {living(self.mark) - self.helpers}")

    def fork(self, call: Callable[[], int]) -> int:
        """A copy of this process that makes the call and ends: the cheapest driver to kill."""
        process = os.fork()
        if process == 0:
            code = 70
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                code = call()
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(code)
        return process

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Small chunks, each written down at once, and counted: many moments to be hit at."""

        def counted(sweep, span):  # type: ignore[no-untyped-def]
            self.answered += len(span)
            return answer_span(sweep, span)

        with (
            mock.patch.object(driver, "MOST_CASES", CHUNK),
            mock.patch.object(driver, "COMMIT", 0.0),
            mock.patch.object(driver, "answer_span", counted),
        ):
            yield


def partly(bench: Bench, grid: Grid, out: Path, rng: random.Random) -> None:
    """A run that was stopped after some chunks; sometimes one that was not."""
    stop = rng.randrange(1, grid.cases // CHUNK + 3)
    calls = 0

    def stopped(sweep, span):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        if calls > stop:
            raise KeyboardInterrupt
        return answer_span(sweep, span)

    with mock.patch.object(driver, "answer_span", stopped):
        bench.resume(grid, out)
