"""A slice of the faults campaign: one fault of every cheap kind, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="the campaign reads /proc")
def test_after_every_kind_of_fault_the_tables_are_those_of_an_undisturbed_run():
    """The campaign compares files byte for byte, counts the ledger, and looks for processes and
    files left over; its first 15 faults are of every kind that is cheap."""
    command = [sys.executable, "-m", "tests.campaigns.faults", "--count", "15", "--dear", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 faults" in done.stdout
    assert " 0 broken" in done.stdout
    assert ", 0 killed processes" not in done.stdout
