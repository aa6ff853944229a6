"""The kinds of faults that cost little: in this process, in a copy of it, or in its workers."""

from __future__ import annotations

import errno
import math
import os
import random
import resource
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from unittest import mock

from planner.sweep import executors, ledger
from planner.sweep import run as driver
from planner.sweep.chunk import answer_span
from planner.sweep.ledger import NAME, Ledger, status
from planner.sweep.outcomes import Answered, Failed, decode, encode
from tests.campaigns.fault_bench import BEGUN, Bench, Fault, partly
from tests.campaigns.processes import wait_until

NOBODY = 65534


def driver_killed(bench: Bench, rng: random.Random, out: Path) -> None:
    """SIGKILL at any moment after the first cases are written down."""
    grid = bench.quick
    process = bench.fork(lambda: bench.resume(grid, out)[0])
    path = out / NAME
    wait_until(lambda: path.exists() and path.stat().st_size > BEGUN, 60, step=0.001)
    time.sleep(rng.random() * 0.12)
    _kill(bench, process, out)


def driver_killed_while_it_writes(bench: Bench, rng: random.Random, out: Path) -> None:
    """SIGKILL inside a transaction of which some pages are in the file already."""
    real, steps = ledger._prepare, rng.randrange(200, 9000)

    def deadly(connection):  # type: ignore[no-untyped-def]
        real(connection)
        connection.execute("PRAGMA cache_size = 2")
        connection.execute("PRAGMA cache_spill = 1")
        calls = 0

        def count() -> int:
            nonlocal calls
            calls += 1
            if calls == steps:
                os.kill(os.getpid(), signal.SIGKILL)
            return 0

        connection.set_progress_handler(count, 5)

    if rng.random() < 0.3:  # while it mends
        partly(bench, bench.quick, out, rng)
        _damage(rng, out / NAME)
    with mock.patch.object(ledger, "_prepare", deadly):
        process = bench.fork(lambda: bench.resume(bench.quick, out)[0])
    _bury(bench, process, out)


def driver_interrupted(bench: Bench, rng: random.Random, out: Path) -> None:
    """Ctrl-C: exit code 130, or what the run came to before it."""
    process = bench.fork(lambda: bench.resume(bench.quick, out)[0])
    wait_until(lambda: (out / NAME).exists(), 60, step=0.001)
    time.sleep(rng.random() * 0.3)
    os.kill(process, signal.SIGINT)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code not in (0, 130):
        raise Fault(f"exit code {code} after Ctrl-C")
    bench.tally["stopped by Ctrl-C under way"] += code == 130
    bench.finish(bench.quick, out)


def worker_killed(bench: Bench, rng: random.Random, out: Path) -> None:
    """SIGKILL to one or two busy workers; the run goes on by itself."""
    deadly = set(rng.sample(range(10), rng.choice((1, 2))))
    calls = iter(range(10**6))

    def ask(self, work):  # type: ignore[no-untyped-def]
        self.pipe.send(work)
        if next(calls) in deadly:
            time.sleep(rng.random() * 0.02)
            os.kill(self.process.pid, signal.SIGKILL)
            bench.tally["processes killed"] += 1
        return self.pipe.recv()

    with (
        mock.patch.object(executors._Line, "ask", ask),
        mock.patch.object(driver, "answer_span", answer_span),  # by its name, for other processes
    ):
        code, said = bench.ask((*bench.quick.words, "--workers", "2"), out)
    if code:
        raise Fault(f"exit code {code} after a worker died: {said}")
    bench.judge(bench.quick, out)


def disk_full(bench: Bench, rng: random.Random, out: Path) -> None:
    """No file may be longer than so many bytes: as a full disk, the journal included."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (rng.randrange(60_000), limits[1]))
    try:
        code, said = bench.resume(bench.quick, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    _failed_or_done(bench, code, said)
    bench.finish(bench.quick, out)


def disk_of_some_blocks(bench: Bench, rng: random.Random, out: Path) -> None:
    """A file system of its own that is full, and then grows."""
    out.mkdir()
    size = 4 * rng.randrange(1, 40)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(out)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        bench.tally["skipped, because nothing may be mounted here"] += 1
        disk_full(bench, rng, out)
        return
    try:
        code, said = bench.resume(bench.quick, out)
        _failed_or_done(bench, code, said)
        subprocess.run(["mount", "-o", "remount,size=8m", str(out)], check=True)
        bench.finish(bench.quick, out)
    finally:
        subprocess.run(["umount", str(out)], check=True)


def disk_fails(bench: Bench, rng: random.Random, out: Path) -> None:
    """The n-th time that something is put on the disk, the system refuses."""
    name = rng.choice(("fsync", "replace"))
    code, left, real = rng.choice((errno.ENOSPC, errno.EIO)), rng.randrange(3), getattr(os, name)

    def refuse(*words):  # type: ignore[no-untyped-def]
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(code, os.strerror(code))
        return real(*words)

    with mock.patch.object(os, name, refuse):
        code, said = bench.resume(bench.quick, out)
    _failed_or_done(bench, code, said)
    bench.finish(bench.quick, out)


def ledger_torn(bench: Bench, rng: random.Random, out: Path) -> None:
    """The ledger cut, flipped, or with a block of something else, at random places."""
    partly(bench, bench.quick, out, rng)
    for _ in range(rng.choice((1, 1, 3))):
        _damage(rng, out / NAME)
    bench.finish(bench.quick, out)


def answered_twice(bench: Bench, rng: random.Random, out: Path) -> None:
    """The same cases are handed in again, with the same answers."""
    real, past = Ledger.record, []

    def again(self, records):  # type: ignore[no-untyped-def]
        past.extend(records)
        twice = [*records, *rng.sample(past, rng.randrange(len(past) + 1))]
        rng.shuffle(twice)
        real(self, twice)

    with mock.patch.object(Ledger, "record", again):
        bench.finish(bench.quick, out)


def answered_otherwise(bench: Bench, rng: random.Random, out: Path) -> None:
    """A case is handed in again with another answer: the run stops, and says which case."""
    real, left = Ledger.record, rng.randrange(1, 12)
    number = -1

    def again(self, records):  # type: ignore[no-untyped-def]
        nonlocal left, number
        left -= 1
        if left == 0:
            number, text = rng.choice(records)
            records = [*records, (number, _other(text))]
        real(self, records)

    with mock.patch.object(Ledger, "record", again):
        code, said = bench.resume(bench.quick, out)
    if number >= 0 and (code != 5 or f"Case {number:,} was answered twice" not in said):
        raise Fault(f"two answers that differ: exit code {code}: {said}")
    if number >= 0 and number in _numbers(out):
        raise Fault("of two answers that differ one was kept")
    bench.finish(bench.quick, out)


def folder_not_writable(bench: Bench, rng: random.Random, out: Path) -> None:
    """The folder and the ledger belong to somebody else; nothing is changed."""
    partly(bench, bench.quick, out, rng)
    names = {path.name: path.read_bytes() for path in out.iterdir()}
    out.chmod(0o555)
    for path in out.iterdir():
        path.chmod(0o444)

    def as_nobody() -> int:
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        return bench.resume(bench.quick, out)[0]

    process = bench.fork(as_nobody)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code != 5 or names != {path.name: path.read_bytes() for path in out.iterdir()}:
        raise Fault(f"a folder that is not writable: exit code {code}")
    out.chmod(0o755)
    for path in out.iterdir():
        path.chmod(0o644)
    bench.finish(bench.quick, out)


def two_runs(bench: Bench, rng: random.Random, out: Path) -> None:
    """A second run begins while the first is under way: the one that opened the ledger last
    goes on, and the other one stops, unless it had finished."""
    first = bench.fork(lambda: bench.resume(bench.quick, out)[0])
    time.sleep(rng.random() * 0.3)
    second = bench.fork(lambda: bench.resume(bench.quick, out)[0])
    codes = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in (first, second)]
    if sorted(codes) not in ([0, 0], [0, 5]):
        raise Fault(f"two runs in one folder ended with {codes}")
    bench.tally["runs that another one took over"] += codes.count(5)
    bench.finish(bench.quick, out)


#: Those that kill come twice.
CHEAP = (
    *(driver_killed, driver_killed_while_it_writes, worker_killed) * 2,
    driver_interrupted,
    disk_full,
    disk_of_some_blocks,
    disk_fails,
    ledger_torn,
    answered_twice,
    answered_otherwise,
    folder_not_writable,
    two_runs,
)


def _kill(bench: Bench, process: int, out: Path) -> None:
    os.kill(process, signal.SIGKILL)
    _bury(bench, process, out)


def _bury(bench: Bench, process: int, out: Path) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    bench.tally["processes killed"] += code == -signal.SIGKILL
    bench.tally["ended before they were killed"] += code == 0
    if code == 2:  # beyond repair before it could be killed; `finish` sees to it that it is so
        bench.tally["refused before they were killed"] += 1
        refused = bench.tally["ledgers refused"]
        bench.finish(bench.quick, out)
        if bench.tally["ledgers refused"] == refused:
            raise Fault("a ledger that can be mended was refused")
        return
    if code not in (0, -signal.SIGKILL):
        raise Fault(f"exit code {code} of a driver that was to be killed")
    bench.tally["killed inside a transaction"] += (out / f"{NAME}-journal").exists()
    bench.finish(bench.quick, out)


def _failed_or_done(bench: Bench, code: int, said: str) -> None:
    """A disk that is full is said, with exit code 5; a large one is not full."""
    if code not in (0, 5) or (code == 5 and not said.strip()):
        raise Fault(f"exit code {code}: {said}")
    bench.tally["stopped by the disk"] += code == 5


def _damage(rng: random.Random, path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    how = rng.random()
    if how < 0.3:
        del data[at:]
    elif how < 0.7:
        data[at] ^= rng.randrange(1, 256)
    else:
        block = rng.randbytes(rng.choice((16, 512, 4096)))
        data[at : at + len(block)] = block
    path.write_bytes(data)


def _other(text: str) -> str:
    """Another outcome of the same case: a last digit, or another reason."""
    found = decode(text)
    if isinstance(found, Failed):
        return encode(Failed(found.kind, found.message + "!"))
    assert isinstance(found, Answered)
    risk = math.nextafter(found.risk, math.inf)
    return encode(replace(found, risk=risk))


def _numbers(out: Path) -> set[int]:
    """Numbers of the cases in the ledger."""
    found = status(out)
    connection = ledger._connect(str(out / NAME))
    numbers = {number for (number,) in connection.execute("SELECT number FROM record")}
    connection.close()
    if found.damaged or len(numbers) != found.finished:
        raise Fault("the ledger does not verify")
    return numbers
