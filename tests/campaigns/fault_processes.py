"""The kinds of faults that need the real command in processes of its own, or a Dask cluster."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from planner.sweep import run as driver
from planner.sweep.chunk import answer_span
from planner.sweep.ledger import NAME
from tests.campaigns.fault_bench import BEGUN, Bench, Fault, Grid
from tests.campaigns.processes import living, start, wait_until

#: Seconds for which a busy machine is waited for.
PATIENCE = 180.0


def command_killed(bench: Bench, rng: random.Random, out: Path) -> None:
    """`planner sweep --workers 2` is killed while work is under way; its workers end too."""
    process = _under_way(bench, rng, out)
    bench.tally["processes killed"] += process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    bench.nobody_left()
    bench.finish(bench.slow, out)


def command_interrupted(bench: Bench, rng: random.Random, out: Path) -> None:
    """Ctrl-C, as a terminal sends it: to the driver and to its workers."""
    process = _under_way(bench, rng, out)
    os.killpg(process.pid, signal.SIGINT)
    code = process.wait(PATIENCE)
    if code not in (0, 130):
        raise Fault(f"exit code {code} after Ctrl-C")
    bench.tally["stopped by Ctrl-C under way"] += code == 130
    bench.nobody_left()
    bench.finish(bench.slow, out)


def command_loses_a_worker(bench: Bench, rng: random.Random, out: Path) -> None:
    """A worker of `planner sweep --workers 2` is killed; the run ends well by itself."""
    process = _under_way(bench, rng, out)
    workers = _children(process.pid)
    if workers:
        os.kill(rng.choice(workers), signal.SIGKILL)
        bench.tally["processes killed"] += 1
    if code := process.wait(PATIENCE):
        raise Fault(f"exit code {code} after a worker died")
    bench.judge(bench.slow, out)


def _under_way(bench: Bench, rng: random.Random, out: Path) -> subprocess.Popen[bytes]:
    """The command, at a random moment after it has written down its first cases."""
    words = ["-m", "planner", *bench.slow.words, "--workers", "2", "--out", str(out)]
    process = start(words, bench.mark, start_new_session=True)
    path = out / NAME
    if not wait_until(lambda: path.exists() and path.stat().st_size > BEGUN, PATIENCE):
        raise Fault("a run did not begin in time")
    # The positive control of every search for processes left over: it finds those that run.
    seen = living(bench.mark) - bench.helpers
    if process.poll() is None and len(seen) < 3:
        raise Fault(f"of a driver with two workers only {seen} were found")
    time.sleep(rng.random() * 2)
    return process


def _children(process: int) -> list[int]:
    """Workers of a driver: its children that multiprocessing has spawned to work."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            words = (place / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == process and b"spawn_main" in words:
            found.append(int(place.name))
    return sorted(found)


class Cluster:
    """A Dask scheduler and two workers, each a process; started when first asked for."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.nanny: subprocess.Popen[bytes] | None = None
        self.address = ""

    def up(self) -> None:
        if self.scheduler is not None and self.scheduler.poll() is None:
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        port = self.address.rpartition(":")[2]
        common = ["--no-dashboard", "--host", "127.0.0.1"]
        folder = self.bench.folder / "dask"
        folder.mkdir(exist_ok=True)
        self.scheduler = start(
            ["-m", "distributed.cli.dask_scheduler", "--port", port, *common], self.bench.mark
        )
        each = ["--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder)]
        self.nanny = start(
            ["-m", "distributed.cli.dask_worker", self.address, *each, *common], self.bench.mark
        )
        if not wait_until(lambda: len(self.workers()) == 2, PATIENCE):
            raise Fault("the workers of Dask did not start in time")
        self._remember()

    def workers(self) -> list[int]:
        return [] if self.nanny is None else _children(self.nanny.pid)

    def _remember(self) -> None:
        """What is meant to live on."""
        self.bench.helpers |= living(self.bench.mark)

    def down(self) -> None:
        for process in (self.nanny, self.scheduler):
            if process is not None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.scheduler = self.nanny = None

    def dask_worker_killed(self, bench: Bench, rng: random.Random, out: Path) -> None:
        """One of its workers is killed while it works; the run ends well by itself."""
        self.up()

        def kill() -> None:
            workers = self.workers()
            if workers:
                os.kill(rng.choice(workers), signal.SIGKILL)
                bench.tally["processes killed"] += 1

        code, said = self._disturbed(bench.slow, rng, out, kill)
        if code:
            raise Fault(f"exit code {code} after a worker of Dask died: {said}")
        # Its nanny starts another one, which is meant to live on too.
        wait_until(lambda: len(self.workers()) == 2, PATIENCE)
        self._remember()
        bench.judge(bench.slow, out)

    def dask_scheduler_killed(self, bench: Bench, rng: random.Random, out: Path) -> None:
        """The scheduler is killed while work is under way: said, with exit code 5."""
        self.up()
        scheduler = self.scheduler
        assert scheduler is not None

        def kill() -> None:
            scheduler.kill()
            bench.tally["processes killed"] += 1

        code, said = self._disturbed(bench.slow, rng, out, kill)
        self.down()
        if code not in (0, 5) or (code == 5 and "--resume" not in said):
            raise Fault(f"exit code {code} after the scheduler died: {said}")
        bench.tally["stopped by the scheduler's death"] += code == 5
        bench.nobody_left()
        bench.finish(bench.slow, out)

    def _disturbed(
        self, grid: Grid, rng: random.Random, out: Path, harm: Callable[[], None]
    ) -> tuple[int, str]:
        """Run on the cluster, and do harm once the first cases are written down."""
        path = out / NAME
        over = threading.Event()

        def begun() -> bool:
            return over.is_set() or (path.exists() and path.stat().st_size > BEGUN)

        def wait() -> None:
            wait_until(begun, PATIENCE, step=0.005)
            time.sleep(rng.random() * 0.7)
            if not over.is_set():
                harm()

        thread = threading.Thread(target=wait)
        thread.start()
        with mock.patch.object(driver, "answer_span", answer_span):  # by its name, for others
            found = self.bench.ask((*grid.words, "--cluster", self.address), out)
        over.set()
        thread.join()
        return found


REAL = (command_killed, command_interrupted, command_loses_a_worker)
