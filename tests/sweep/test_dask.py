"""A sweep on a Dask cluster of separate processes: the same bytes, whatever dies."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from helpers_sweep import PAPER, die, small

from planner.cli import sweep as command
from planner.cli.main import main
from planner.sweep import cluster as cluster_module
from planner.sweep import run as driver
from planner.sweep.hands import on_cluster
from planner.sweep.ledger import Ledger
from planner.sweep.outcomes import SET_ASIDE, decode
from planner.sweep.run import run_sweep

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.local_dask import local_dask  # noqa: E402, found by the path

#: Cases of some milliseconds each, so that work is under way when somebody dies.
WORDS = ["sweep", str(PAPER), "--draws", "120", "--objective", "cvar:0.9", "--seed", "2"]


def test_without_dask_the_option_says_what_to_install(capsys, monkeypatch, tmp_path):
    """None in sys.modules makes the import fail, as where Dask is not installed."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = [*WORDS, "--cluster", "tcp://127.0.0.1:1", "--out", str(tmp_path / "out")]
    assert main(words) == 5
    said = capsys.readouterr().err
    assert 'pip install "alignment-planner[cluster]"' in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_whoever_dies(capsys, tmp_path):
    """One story, so that one cluster serves: an undisturbed run against one in this process; a
    worker killed under way; a case that kills every worker; the scheduler killed, and --resume.

    The scheduler gives a chunk up at the first death of its worker (KilledWorker), so that the
    driver has to deal with every one of them.
    """
    distributed = pytest.importorskip("distributed", reason="NO CLUSTER TESTED: Dask is missing")
    paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    impatient = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0", "PYTHONPATH": paths}
    assert main([*WORDS, "--out", str(tmp_path / "serial")]) == 0
    undisturbed = files(tmp_path / "serial")
    folder = tmp_path / "dask"
    folder.mkdir()
    with local_dask(folder, 2, impatient) as cluster:
        with distributed.Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=180)
            workers = list(client.run(os.getpid).values())
        here = [*WORDS, "--cluster", cluster.address, "--out"]
        assert main([*here, str(tmp_path / "cluster")]) == 0
        assert files(tmp_path / "cluster") == undisturbed

        with mock.patch.object(command, "Bar", Harm(partial(os.kill, workers[0], signal.SIGKILL))):
            assert main([*here, str(tmp_path / "robbed")]) == 0
        assert files(tmp_path / "robbed") == undisturbed

        _deadly_case(cluster.address)

        capsys.readouterr()
        with (
            mock.patch.object(cluster_module, "PATIENCE", 5.0),
            mock.patch.object(command, "Bar", Harm(cluster.scheduler.kill)) as harm,
        ):
            assert main([*here, str(tmp_path / "orphaned")]) == 5
        said = capsys.readouterr().err
        assert 0 < harm.done < 120
        assert "is gone" in said
        assert "--resume" in said
        assert "Traceback" not in said
    assert main([*WORDS, "--out", str(tmp_path / "orphaned"), "--resume"]) == 0
    assert files(tmp_path / "orphaned") == undisturbed


def _deadly_case(address):
    """Case 17 kills whoever computes it; all others are in the ledger already."""
    sweep = small(10)
    with Ledger.in_memory(sweep.identity()) as ledger:
        ledger.record([(k, '["NoStack","x"]') for k in range(len(sweep)) if k != 17])
        deadly = partial(die, deadly=frozenset({17}))
        with mock.patch.object(driver, "answer_span", deadly), on_cluster(address) as hands:
            state = run_sweep(sweep, hands, ledger)
        (aside,) = [decode(text) for number, text in ledger.records() if number == 17]
    assert aside.kind == SET_ASIDE
    assert (state.set_aside, state.deaths) == (1, 4)


class Harm:
    """In the place of the progress bar: does harm once, when the first cases are finished."""

    def __init__(self, harm):
        self.harm = harm
        self.done = 0

    def __call__(self):
        return nullcontext(self.look)

    def look(self, progress):
        if progress.done and not self.done:
            self.done = progress.done
            self.harm()


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".sqlite"}
