"""Whatever happens while files are written, each is the old one or the new one, whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner import files
from planner.cli.main import main
from planner.errors import EnvironmentFailed

ROOT = Path(__file__).parents[2]

#: Runs the planner, and kills its own process at the n-th step of writing.
KILLED = """
import os, signal, sys
left = int(sys.argv[1])
def counted(real):
    def step(*words, **more):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **more)
    return step
for name in ("fsync", "chmod", "replace"):
    setattr(os, name, counted(getattr(os, name)))
import tempfile
tempfile.mkstemp = counted(tempfile.mkstemp)
from planner.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
WORDS = ["recommend", str(ROOT / "scenarios" / "three"), "--out"]


def run(at: int, folder: Path, budget: str) -> int:
    words = [sys.executable, "-c", KILLED, str(at), *WORDS, str(folder), "--budget", budget]
    return subprocess.run(words, cwd=ROOT, capture_output=True, check=False).returncode


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_killed_at_any_step_of_writing_every_file_is_the_old_or_the_new_one(
    tmp_path: Path,
) -> None:
    assert main([*WORDS, str(tmp_path / "old"), "--budget", "2"]) == 0
    assert main([*WORDS, str(tmp_path / "new"), "--budget", "3"]) == 0
    old, new = contents(tmp_path / "old"), contents(tmp_path / "new")
    folder, steps = tmp_path / "out", 0
    folder.mkdir()
    # Four files of five steps each (made, flushed, readable, renamed, the folder flushed).
    for at in (2, 5, 8, 14, 20):
        for name, data in old.items():
            (folder / name).write_bytes(data)
        assert run(at, folder, "3") == -signal.SIGKILL
        steps += 1
        found = {k: v for k, v in contents(folder).items() if not k.endswith(".part")}
        assert set(found) == set(old)
        assert all(found[name] in (old[name], new[name]) for name in found)
    # The next run that is not killed leaves all new, and nothing of what was cut off.
    assert run(0, folder, "3") == 0
    assert contents(folder) == new
    assert steps == 5


def test_what_a_killed_process_left_is_swept_away_and_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = tmp_path / f".plan.json.{gone.pid}.abc.part"
    alive = tmp_path / f".plan.json.{os.getppid()}.abc.part"
    other = tmp_path / f".other.json.{gone.pid}.abc.part"
    # No process has such a number, and none such a name: nothing that the planner wrote.
    beyond = tmp_path / f".plan.json.{2**80}.abc.part"
    named = tmp_path / ".plan.json.mine.abc.part"
    for path in (dead, alive, other, beyond, named):
        path.write_text("half")
    files.write_text(tmp_path / "plan.json", "whole")
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()
    assert beyond.exists()
    assert named.exists()


def test_a_write_that_is_broken_off_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    files.write_text(path, "old")

    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_pieces(path, pieces())
    assert contents(tmp_path) == {"plan.json": b"old"}
    with pytest.raises(EnvironmentFailed, match=r"none/plan.json cannot be written: No such file"):
        files.write_text(tmp_path / "none" / "plan.json", "new")


def test_a_full_disk_is_said_and_leaves_the_old_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*WORDS, str(tmp_path), "--budget", "2"]) == 0
    before = contents(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    capsys.readouterr()
    assert main([*WORDS, str(tmp_path), "--budget", "3", "--json"]) == 5
    error = json.loads(capsys.readouterr().out)["error"]
    assert "No space left on device" in error["message"]
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every folder")
def test_a_folder_that_may_not_be_written_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    assert main([*WORDS, str(tmp_path)]) == 5
    assert "ermission" in capsys.readouterr().err


def test_a_folder_that_the_system_does_not_let_write_is_said_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a folder without permission answers; also where the tests run as root, who may write all.
    assert main([*WORDS, str(tmp_path), "--budget", "2"]) == 0
    before = contents(tmp_path)

    def forbidden(**_: object) -> tuple[int, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "mkstemp", forbidden)
    capsys.readouterr()
    assert main([*WORDS, str(tmp_path), "--budget", "3", "--json"]) == 5
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == 5
    assert error["message"].endswith("plan.json cannot be written: Permission denied.")
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_two_runs_in_one_folder_leave_whole_files_of_one_or_the_other(tmp_path: Path) -> None:
    budgets, folder = ("2", "3"), tmp_path / "both"
    alone = []
    for budget in budgets:
        assert main([*WORDS, str(tmp_path / budget), "--budget", budget]) == 0
        alone.append(contents(tmp_path / budget))
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "planner", *WORDS, str(folder), "--budget", budget],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for budget in budgets
    ]
    assert [run.communicate()[1].count(b"Traceback") for run in runs] == [0, 0]
    assert [run.returncode for run in runs] == [0, 0]
    found = contents(folder)
    assert found.keys() == alone[0].keys() == alone[1].keys()
    assert [n for n, data in found.items() if data not in (alone[0][n], alone[1][n])] == []


def test_output_into_a_file_a_device_or_below_a_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for place in (taken, taken / "below", Path("/dev/null")):
        assert main([*WORDS, str(place)]) == 5
        assert capsys.readouterr().err.strip()
    assert taken.read_text() == "mine"
