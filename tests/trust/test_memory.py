"""Where memory is too small, a sentence says what was too large: no traceback, no kill, no hang."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scenario_files import write

from planner.errors import LimitHit
from planner.scenario.room import check_room

resource = pytest.importorskip("resource", reason="limits of a process are POSIX's")

ROOT = Path(__file__).parents[2]
MIB = 2**20

#: The planner's command line with so many bytes more than it holds once its libraries are loaded.
LIMITED = """
import resource, sys
import numpy, pandas, scipy.stats, highspy
from planner.cli import check, recommend
from planner.cli.main import main
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
sys.exit(main(sys.argv[2:]))
"""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the size of a process is read from /proc"
)


def limited(room: int, *words: str) -> tuple[int, str, str]:
    """Exit code, message of the error, and stderr of a command with so little room."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(room), *words, "--json"],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(done.stdout)
    return done.returncode, document.get("error", {}).get("message", ""), done.stderr


def modes(folder: Path, techniques: int, count: int, samples: int) -> Path:
    """A scenario of correlated modes, which are drawn."""
    names = [f"m{j}" for j in range(count)]
    rows = [",".join([f"t{i}", *["0.5"] * count]) for i in range(techniques)]
    return write(
        folder,
        {
            "scenario.yaml": "planner: 1\nname: Large\nbudget: 50\ntechniques: techniques.csv\n"
            "modes: modes.csv\nvulnerability: vulnerability.csv\njoint: {modes: 0.3}\n"
            f"samples: {samples}\n",
            "techniques.csv": "id,name,cost\n"
            + "".join(f"t{i},T{i},{1 + i % 7}\n" for i in range(techniques)),
            "modes.csv": "id,probability\n" + "".join(f"{name},0.2\n" for name in names),
            "vulnerability.csv": "\n".join([",".join(["technique", *names]), *rows, ""]),
        },
    )


def test_worlds_that_do_not_fit_are_named(tmp_path: Path) -> None:
    # A million points of 65 numbers are 520 MB; there is room for 200.
    folder = modes(tmp_path, 30, 64, 1_000_000)
    code, message, said = limited(200 * MIB, "recommend", str(folder))
    assert (code, said) == (4, "")
    assert "too small for 30 options, 64 modes and 1,000,000 samples" in message


def test_a_table_that_does_not_fit_is_named(tmp_path: Path) -> None:
    # 3 million cells of text take more than 20 MB, whatever Python makes of them.
    rows = ",0.5" * 3000
    write(
        tmp_path,
        {
            "scenario.yaml": "planner: 1\nname: Large\nbudget: 5\ntechniques: techniques.csv\n"
            "worlds: worlds.csv\nfailure: failure.csv\n",
            "techniques.csv": "id,name,cost\n" + "".join(f"t{i},T{i},1\n" for i in range(1000)),
            "worlds.csv": "world,weight\n" + "".join(f"w{i},1\n" for i in range(3000)),
            "failure.csv": "technique"
            + "".join(f",w{i}" for i in range(3000))
            + "\n"
            + "".join(f"t{i}{rows}\n" for i in range(1000)),
        },
    )
    code, message, said = limited(20 * MIB, "check", str(tmp_path))
    assert (code, said) == (4, "")
    assert f"too small for what the scenario {tmp_path.name} holds" in message


def test_a_table_of_failures_above_the_cap_is_refused_before_it_is_made() -> None:
    # A million options in 1,024 worlds are 2^30 cells, twice the cap.
    with pytest.raises(LimitHit, match="1,000,000 options in 1,024 worlds are more than memory"):
        check_room(1_000_000, 1024)


def test_a_scenario_of_usual_size_needs_little(tmp_path: Path) -> None:
    folder = modes(tmp_path, 20, 6, 1024)
    code, message, _ = limited(400 * MIB, "recommend", str(folder))
    assert (code, message) == (0, "")
