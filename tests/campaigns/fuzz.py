"""Spoilt scenarios, workbooks, plans and command lines by the hundred thousand, in this very
process.

    python -m tests.campaigns.fuzz --count 1000000 --seconds 3600 --workers 2

Each input goes through the command line. What must hold, whatever it is: an exit code of the
contract and no other; no traceback, and no sentence that calls it a bug; with --json one JSON
document on stdout, with a finding or a reason where the code is not 0; an end within ten seconds
of work; the scenario's files as they were; nothing written where the code says that nothing was
done, and whole files without litter where it says that all was. Exit code 1 where anything does not
hold.

Nine tenths are folders whose tables or main file are spoilt, for `check`: quick, and held in memory
(`fuzzing/held.py`) instead of on a disk. The rest, over 20,000 of each kind in a million, goes
through files on a disk in memory. One input in 50 of every kind runs with no shortcut at all; in
the others what is sound is not parsed again, and figures are not drawn.

With --record FILE each finished chunk is a line of that file, and a run with the same file goes on
where the last one stopped.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import signal
import stat
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for place in (str(ROOT / "tests"), str(ROOT)):
    if place not in sys.path:
        sys.path.insert(0, place)

from fuzzing import books, others  # noqa: E402
from fuzzing.held import NOT_DRAWN, NotHeld, held, shortcuts  # noqa: E402
from fuzzing.inputs import KINDS, Spoilt, spoilt  # noqa: E402
from scenario_files import write  # noqa: E402

from planner.cli.commands import COMMANDS  # noqa: E402
from planner.cli.main import main as planner  # noqa: E402

#: Exit codes of the contract that a command may end with.
CODES = (0, 2, 3, 4, 5)
LONGEST = 10
#: Seconds of the clock, for what waits instead of working: a machine may be busy with other things.
WAITING = 600
CHUNK = 200
#: Solving stops early: what is tested is the input.
BRIEF = ("--time-limit", "2")
_SOLVE = ("recommend", "evaluate", "what-if", "frontier", "explain", "gaps", "robust", "report")


class TooLong(BaseException):
    """Not an Exception, so that nothing swallows it."""


#: Kinds that are about what a file says, not about what the file is.
IN_MEMORY = ("tables", "main file")


def faults(given: Spoilt, root: Path) -> tuple[int, list[str]]:
    """The exit code, and what does not hold, of a run on the disk. `root` is an empty folder."""
    # Deep enough that `../..` in a spoilt path stays inside.
    here = root / "a" / "b" / "c"
    inside = here / "in"
    inside.mkdir(parents=True)
    write(inside, given.files)
    for name, what in given.odd:
        _put(inside / name, what)
    before = _contents(inside)
    (here / "taken").write_text("mine")
    code, found = _ended(given, here)
    if not found and _contents(inside) != before:
        found.append("the scenario's folder is not as it was")
    if not found:
        # A sweep keeps what it has finished, whatever stops it.
        found += _written_faults(root, inside, 0 if given.command == "sweep" else code)
    return code, found


def _ended(given: Spoilt, here: Path) -> tuple[int, list[str]]:
    """How the command line ended in this folder, and what is wrong with what it said."""
    names = {"{in}": here / "in", "{out}": here / "out", "{taken}": here / "taken"}
    words = [_named(word, names) for word in given.words]
    if given.command in _SOLVE and "--time-limit" not in words:
        words += BRIEF
    out, err = io.StringIO(), io.StringIO()
    found: list[str] = []
    code = -1
    origin = Path.cwd()
    os.chdir(here)
    try:
        with _limited(LONGEST), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = planner(words)
    except TooLong:
        found.append(f"not done after {LONGEST} s")
    except NotHeld:
        raise
    except BaseException as error:
        found.append(f"raised {type(error).__name__}: {error}")
    finally:
        os.chdir(origin)
    if found:
        return code, found
    if code not in CODES and not (code == 1 and given.command == "verify"):
        found.append(f"exit code {code}")
    text = out.getvalue() + err.getvalue()
    if "Traceback" in text or "bug in the planner" in text:
        found.append(text.strip()[:500])
    if "--json" in given.words:
        found += _json_faults(out.getvalue(), code)
    elif code > 1 and not err.getvalue().strip():
        found.append("an exit code without a word")
    return code, found


def _named(word: str, names: dict[str, Path]) -> str:
    for name, path in names.items():
        word = word.replace(name, str(path))
    return word


def _put(path: Path, what: str) -> None:
    """What stands where a file should."""
    if path.exists() or path.is_symlink():
        return
    path.parent.mkdir(exist_ok=True)
    match what:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "link outside":
            path.symlink_to("/etc/hostname")
        case "link to itself":
            path.symlink_to(path.name)
        case _:
            path.symlink_to("nothing")


def _files(folder: str) -> Iterator[str]:
    """Everything below the folder that is no folder; links are not followed."""
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            else:
                yield entry.path


def _contents(folder: Path) -> dict[str, bytes | None]:
    """The bytes of every file, None for what is none."""
    found: dict[str, bytes | None] = {}
    for name in _files(str(folder)):
        found[name] = None
        if stat.S_ISREG(os.lstat(name).st_mode):
            with open(name, "rb") as file:
                found[name] = file.read()
    return found


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


def _written_faults(root: Path, inside: Path, code: int) -> list[str]:
    """What a command left behind outside its input that is no whole file."""
    found = []
    for text in _files(str(root)):
        if text.startswith(f"{inside}/"):
            continue
        path = Path(text)
        name = str(path.relative_to(root))
        if path.name == "taken":
            found += [] if path.read_text() == "mine" else ["it wrote over a file"]
        elif code not in (0, 1):
            found.append(f"exit code {code}, and it wrote {name}")
        elif path.name.endswith(".part"):
            found.append(f"it left {name}")
        elif not _whole(path):
            found.append(f"{name} is not whole")
    return found


def _whole(path: Path) -> bool:
    data = path.read_bytes()
    if data.startswith(b"PK") or path.suffix == ".xlsx":  # whatever its name: --format says so
        with zipfile.ZipFile(path) as book:
            return book.testzip() is None
    match path.suffix:
        case ".json":
            json.loads(data, parse_constant=_no_constant)
        case ".csv" | ".yaml" | ".md":
            return data.endswith(b"\n") and _is_text(data)
        case ".svg":
            return data.startswith(NOT_DRAWN) or data.rstrip().endswith(b"</svg>")
        case ".png":
            return data.startswith(NOT_DRAWN) or data.endswith(b"IEND\xaeB`\x82")
    return bool(data)


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@contextlib.contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong

    before = [signal.signal(number, stop) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(WAITING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for number, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(number, handler)


def judge(seed: int, place: Path | None = None) -> tuple[Spoilt, int, list[str]]:
    """The input of that seed, how it ended, and what does not hold."""
    given = spoilt(seed)
    with contextlib.ExitStack() as seams:
        if seed % 50:
            seams.enter_context(shortcuts())
            if given.kind in IN_MEMORY:
                with contextlib.suppress(NotHeld), held(given.files):
                    code, found = _ended(given, _nowhere())
                    if os.listdir(_nowhere()) != ["in"] or os.listdir(_nowhere() / "in"):
                        found.append("it wrote a file")
                    return given, code, found
        with tempfile.TemporaryDirectory(
            prefix="fuzz-", dir=place, ignore_cleanup_errors=True
        ) as name:
            code, found = faults(given, Path(name))
    return given, code, found


@lru_cache(maxsize=1)
def _nowhere() -> Path:
    """The folder, with an empty one inside, where inputs run that are held in memory."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    atexit.register(folder.cleanup)
    (Path(folder.name) / "in").mkdir()
    return Path(folder.name)


@lru_cache(maxsize=1)
def _warm() -> None:
    """Load what the commands load, so that no input waits for it."""
    for module in (
        "scipy.stats",
        "pandas",
        "matplotlib.pyplot",
        "highspy",
        "openpyxl",
        "xlsxwriter",
    ):
        importlib.import_module(module)
    for command in COMMANDS.values():
        importlib.import_module(command.module)
    books.whole(), others.plans(), others.sheets()
    gc.collect()
    gc.freeze()
    gc.disable()  # collected after every chunk


def run(first: int, count: int) -> tuple[int, Counter[str], list[str]]:
    """A chunk of inputs: its first seed, how they ended, and every fault with its seed."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() else None
    _warm()
    for seed in range(first, first + count):
        given, code, found = judge(seed, place)
        counts[f"{given.kind}: {code}"] += 1
        wrong += [f"seed {seed} [{' '.join(given.words)}]: {f}" for f in found]
    gc.collect()
    return first, counts, wrong


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=" ".join((__doc__ or "").split("\n\n")[0].split()))
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--seconds", type=float, default=3600.0, help="stop after these")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--record", type=Path, help="a file of finished chunks, to go on from")
    given = parser.parse_args(arguments)
    start = time.perf_counter()
    counts, wrong, finished = _recorded(given.record)
    before = counts.total()
    last = given.first + given.count
    firsts = (k for k in range(given.first, last, CHUNK) if k not in finished)
    with ProcessPoolExecutor(max_workers=given.workers) as pool:
        waiting: set[Future[tuple[int, Counter[str], list[str]]]] = set()
        while True:
            while len(waiting) < 2 * given.workers and time.perf_counter() - start < given.seconds:
                first = next(firsts, None)
                if first is None:
                    break
                waiting.add(pool.submit(run, first, min(CHUNK, last - first)))
            if not waiting:
                break
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for chunk in done:
                _record(given.record, *chunk.result())
                counts += chunk.result()[1]
                wrong += chunk.result()[2]
                print(*(f"{line}\n" for line in chunk.result()[2]), sep="", end="", flush=True)
    _print_table(counts)
    spent = time.perf_counter() - start
    print(
        f"{counts.total():,} inputs from seed {given.first}: {len(wrong)} faults, {spent:.0f} s, "
        f"{(counts.total() - before) / max(spent, 1e-9):.0f} inputs a second"
    )
    return 1 if wrong else 0


def _recorded(path: Path | None) -> tuple[Counter[str], list[str], set[int]]:
    """What a run before this one has written down: how inputs ended, faults, chunks."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    finished: set[int] = set()
    if path is not None and path.exists():
        for line in path.read_text().splitlines():
            chunk = json.loads(line)
            finished.add(chunk["first"])
            counts.update(chunk["ended"])
            wrong += chunk["faults"]
    return counts, wrong, finished


def _record(path: Path | None, first: int, counts: Counter[str], wrong: list[str]) -> None:
    if path is not None:
        with path.open("a") as file:
            file.write(json.dumps({"first": first, "ended": counts, "faults": wrong}) + "\n")


def _print_table(counts: Counter[str]) -> None:
    """How many of each kind ended with which exit code."""
    codes = sorted({name.rpartition(": ")[2] for name in counts})
    print(f"{'':<12}{'inputs':>10}" + "".join(f"{f'exit {code}':>10}" for code in codes))
    for kind in (*KINDS, ""):
        ended = [
            sum(n for name, n in counts.items() if name.startswith(kind) and name.endswith(f" {c}"))
            for c in codes
        ]
        print(f"{kind or 'all':<12}{sum(ended):>10,}" + "".join(f"{n:>10,}" for n in ended))


if __name__ == "__main__":
    sys.exit(main())
