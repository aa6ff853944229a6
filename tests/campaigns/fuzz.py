"""Spoilt scenarios and command lines by the hundred thousand, in this very process.

    python -m tests.campaigns.fuzz --count 1000000 --seconds 3600 --workers 2

Each input goes through the command line. What must hold, whatever it is: an exit code of the
contract and no other; no traceback, and no sentence that calls it a bug; with --json one JSON
document on stdout, with a finding or a reason where the code is not 0; an end within ten seconds;
the scenario's files as they were. Exit code 1 where anything does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for place in (str(ROOT / "tests"), str(ROOT)):
    if place not in sys.path:
        sys.path.insert(0, place)

from fuzz_inputs import Spoilt, spoilt  # noqa: E402
from scenario_files import write  # noqa: E402

from planner.cli.main import main as planner  # noqa: E402

#: Exit codes of the contract that a command may end with (1 belongs to `verify` alone).
CODES = (0, 2, 3, 4, 5)
LONGEST = 10
CHUNK = 200
#: Solving stops early: what is tested is the input.
BRIEF = ("--time-limit", "2")


class TooLong(BaseException):
    """Not an Exception, so that nothing swallows it."""


def faults(given: Spoilt, folder: Path) -> tuple[int, list[str]]:
    """The exit code, and what does not hold."""
    write(folder, given.files)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    words = [given.command, str(folder), *given.words]
    if given.command != "check" and "--time-limit" not in words:
        words += BRIEF
    out, err = io.StringIO(), io.StringIO()
    found: list[str] = []
    code = -1
    try:
        with _limited(LONGEST), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = planner(words)
    except TooLong:
        found.append(f"not done after {LONGEST} s")
    except BaseException as error:
        found.append(f"raised {type(error).__name__}: {error}")
    if found:
        return code, found
    if code not in CODES:
        found.append(f"exit code {code}")
    text = out.getvalue() + err.getvalue()
    if "Traceback" in text or "bug in the planner" in text:
        found.append(text.strip()[:500])
    if "--json" in given.words:
        found += _json_faults(out.getvalue(), code)
    elif code and not err.getvalue().strip():
        found.append("an exit code without a word")
    if {path.name: path.read_bytes() for path in folder.iterdir()} != before:
        found.append("the scenario's folder is not as it was")
    return code, found


def _json_faults(text: str, code: int) -> list[str]:
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        return [f"stdout is no JSON document: {error}: {text[:200]}"]
    if (code != 0) != ("error" in document):
        return ["an error document and an exit code that differ"]
    if code == 2 and not document["error"]["findings"]:
        return ["bad input without a finding"]
    return []


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@contextlib.contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(first: int) -> tuple[Counter[str], list[str]]:
    """A chunk of inputs: how they ended, and every fault with its seed."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    memory = Path("/dev/shm")
    for seed in range(first, first + CHUNK):
        given = spoilt(seed)
        place = memory if memory.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="fuzz-", dir=place) as name:
            code, found = faults(given, Path(name))
        counts[f"{given.command} {code}"] += 1
        wrong += [f"seed {seed} [{given.command} {' '.join(given.words)}]: {f}" for f in found]
    return counts, wrong


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--seconds", type=float, default=3600.0, help="stop after these")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    start = time.perf_counter()
    counts: Counter[str] = Counter()
    faulty = 0
    firsts = range(given.first, given.first + given.count, CHUNK)
    with ProcessPoolExecutor(max_workers=given.workers) as pool:
        waiting = {}
        rest = iter(firsts)
        while True:
            while len(waiting) < 2 * given.workers and time.perf_counter() - start < given.seconds:
                first = next(rest, None)
                if first is None:
                    break
                waiting[first] = pool.submit(run, first)
            if not waiting:
                break
            some, wrong = waiting.pop(min(waiting)).result()
            counts += some
            faulty += len(wrong)
            for line in wrong:
                print(line, flush=True)
            done, spent = counts.total(), time.perf_counter() - start
            if done % (50 * CHUNK) == 0:
                print(f"{done} in {spent:.0f} s", file=sys.stderr, flush=True)
    for name, count in sorted(counts.items()):
        print(f"{name:<14}{count:>9}")
    spent = time.perf_counter() - start
    print(f"{counts.total()} inputs from seed {given.first}: {faulty} faults, {spent:.0f} s")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
