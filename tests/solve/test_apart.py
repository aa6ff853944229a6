"""A solve in a process of its own: the same answers, and no harm from what becomes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from factory import scenario
from solve.test_backends import assert_early, assert_right, hard, program, random_binary, tangents

from planner.cli.main import main
from planner.plan import recommend
from planner.scenario.write_folder import write_folder
from planner.solve import apart, cpsat
from planner.solve.apart import solve_apart
from planner.solve.backend import Limits
from planner.solve.search import Search

ROOT = Path(__file__).resolve().parents[2]
MIB = 2**20

needs_limits = pytest.mark.skipif(
    not Path("/proc/meminfo").exists(), reason="free memory is read from /proc"
)


@pytest.mark.parametrize(
    "given",
    [tangents(3), random_binary(5), random_binary(7)],
    ids=["tangents", "rows", "infeasible"],
)
def test_answers_are_those_of_enumeration_and_of_this_process(given) -> None:
    answer = solve_apart(given, Limits(gap=0.0))
    assert_right(given, answer)
    here = cpsat.solve_here(given, Limits(gap=0.0))
    assert (answer.stop, answer.bound) == (here.stop, here.bound)
    if here.values is not None:
        assert answer.values.tolist() == here.values.tolist()


def test_what_cannot_be_put_in_integers_is_said() -> None:
    given = program([1.0], whole=[False], lower=[-float("inf")], upper=[float("inf")])
    assert solve_apart(given, Limits()).stop == "failed"


def test_time_and_the_stop_event_end_it() -> None:
    answer = solve_apart(hard(), Limits(seconds=0.5))
    assert answer.stop == "time"
    assert_early(hard(), answer)
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    started = time.monotonic()
    answer = solve_apart(hard(), Limits(seconds=60, stop=stop))
    assert time.monotonic() - started < 1.5 + 5
    assert answer.stop == "interrupted"
    assert_early(hard(), answer)


@needs_limits
@pytest.mark.parametrize("room", [20, 150])
def test_where_memory_runs_out_this_process_lives(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    # CP-SAT's libraries alone take more than 20 MiB; with 150 they load and the search has none.
    monkeypatch.setattr(apart, "_room", lambda: room * MIB)
    with pytest.raises(MemoryError):
        solve_apart(hard(3000), Limits(seconds=60))


@needs_limits
def test_a_recommendation_that_ran_out_of_memory_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cpsat, "LARGE", 0)
    rows = [[f"0.{1 + (7 * i + 3 * j) % 9}" for j in range(6)] for i in range(25)]
    given = scenario(rows, ["0.2"] * 6, costs=list(range(1, 26)), budget=60)
    assert recommend(given, search=Search(solver="cp-sat")).proof.kind != "none"
    write_folder(given, tmp_path / "one")
    monkeypatch.setattr(apart, "_room", lambda: 30 * MIB)
    assert main(["recommend", str(tmp_path / "one"), "--solver", "cp-sat"]) == 4
    said = capsys.readouterr()
    assert "too small for 25 options" in said.out + said.err
    assert "Traceback" not in said.out + said.err


ASKS = """
    import sys
    sys.path.insert(0, {tests!r})
    from solve.test_backends import Limits, hard
    from planner.solve.apart import solve_apart
    print("ready", flush=True)
    try:
        solve_apart(hard(), Limits(seconds=60))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are read from /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_child_ends_with_the_one_who_asked(how: signal.Signals) -> None:
    code = textwrap.dedent(ASKS.format(tests=str(ROOT / "tests")))
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert process.stdout is not None
    process.stdout.readline()
    end = time.monotonic() + 20
    while not (children := _children(process.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1)  # into the search
    process.send_signal(how)
    said, _ = process.communicate(timeout=10)
    assert said == ("interrupted\n" if how == signal.SIGINT else "")
    while any(_alive(pid) for pid in children) and time.monotonic() < end:
        time.sleep(0.05)
    assert children
    assert not any(_alive(pid) for pid in children)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def _alive(pid: int) -> bool:
    """Whether it runs: what has ended and is not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
