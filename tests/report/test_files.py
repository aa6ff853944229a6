"""Files are whole or absent, safe to open, and the same bytes wherever they are written."""

import hashlib
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from planner import files
from planner.errors import EnvironmentFailed
from planner.report.tables import csv_text

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "planner", "recommend", "scenarios/three", "--out")


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, step):
    path = files.write_text(tmp_path / "plan.json", "old")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(EnvironmentFailed, match="No space left on device"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_while_writing_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = files.write_text(tmp_path / "plan.json", "old")

    def stopped(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_readable_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        path = files.write_text(tmp_path / "plan.json", "text")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_text_that_a_spreadsheet_would_run_is_neutralised():
    words = ["=cmd|x", "+1", "-1", "@sum", "\tx", "\rx", "plain", "a=b"]
    lines = csv_text(["name", "=head"], [[word, -0.5] for word in words]).split("\n")
    assert lines[0] == "name,'=head"
    assert [line.split(",")[0].strip('"')[:1] for line in lines[1:7]] == ["'"] * 6
    assert lines[7] == "plain,-0.5"
    assert lines[8] == "a=b,-0.5"


def test_cells_keep_every_digit():
    assert csv_text(["x"], [[0.1 + 0.2]]) == "x\n0.30000000000000004\n"
    assert csv_text(["x"], [[Decimal("9.10")]]) == "x\n9.1\n"


EXPLAIN = (
    *(sys.executable, "-m", "planner", "explain", "scenarios/dung-mai-2025"),
    *("--draws", "5", "--out"),
)


def written(command, folder, **environment):
    """Digests of all files of a command run in a fresh process."""
    settings = {**os.environ, **environment}
    subprocess.run(
        [*command, str(folder)], cwd=ROOT, env=settings, check=True, capture_output=True, timeout=90
    )
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize(("command", "files"), [(COMMAND, 4), (EXPLAIN, 22)])
def test_the_same_bytes_in_another_place_time_and_language(tmp_path, command, files):
    here = written(command, tmp_path / "a", TZ="UTC", LANG="C", PYTHONHASHSEED="1")
    there = written(
        command,
        tmp_path / "b",
        TZ="Asia/Tokyo",
        LANG="de_DE.UTF-8",
        PYTHONHASHSEED="2",
        COLUMNS="60",
    )
    assert len(here) == files
    assert here == there


def test_an_unwritable_home_is_no_trouble(tmp_path):
    home = tmp_path / "home"
    home.write_text("a file, not a folder")
    settings = {**os.environ, "HOME": str(home), "TMPDIR": str(tmp_path)}
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        settings.pop(name, None)
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "out")],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0
    assert done.stderr.startswith("Written to")
    assert len(done.stderr.splitlines()) == 1
