"""Every command gives the same bytes wherever, whenever and in whatever language it runs, with as
many processes as it likes, and in whatever order the rows of the tables stand."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")

from planner.cli.commands import COMMANDS
from planner.cli.main import main

ROOT = Path(__file__).parents[2]
#: Seven techniques, seven modes, three experts, a mixture in most cells.
SHIPPED = ROOT / "scenarios" / "panel-of-three"
WHAT_IF = "what_if: {half: {budget: 4.5}, tied: {joint.modes: 0.5}}\n"
TABLE = "agenda,problem,cost,failure\nDebate,deceit,3,0.4\nDebate,drift,,0.2\nProbes,deceit,2,0.9\n"
MAP = """\
{technique: agenda, mode: problem, cost: cost, failure: failure, name: A table, budget: "4",
missing_cost: "5"}
"""

LEDGER = "ledger.sqlite"
LIMITED = ("recommend", "evaluate", "explain", "frontier", "what-if", "gaps", "robust", "report")

#: Runs command lines, one after the other, in one process; what each prints on stdout, and how it
#: ends, goes to its own files (stderr is for progress, which goes by the clock). As in the
#: installed command, text is UTF-8 whatever the locale. With BACK the clock of the day runs back, a
#: day at each look.
CHILD = """
import contextlib, io, json, os, pathlib, sys, time
if "BACK" in os.environ:
    days = iter(range(10**9))
    time.time = lambda: 1e9 - 86400.0 * next(days)
    time.time_ns = lambda: int(time.time()) * 10**9
from planner.cli.main import main
for k, words in enumerate(json.load(sys.stdin)):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    name = f"{k:02}-{words[0]}"
    pathlib.Path(f"said-{name}.out").write_bytes(out.getvalue().encode())
    pathlib.Path(f"said-{name}.code").write_text(f"{code}")
"""

#: Command lines, of paths below the working folder. Those with {workers} run with one process in
#: the one place and with two in the other.
RUNS = (
    "check in",
    "check in --json",
    "recommend in --out out/recommend --json",
    "recommend in --out out/full --full --alternatives 3 --differ 2",
    "recommend in --budget 5,9 --out out/budgets",
    "recommend in --target-risk 0.4 --json",
    "recommend in --objective cvar:0.8 --solver highs",
    "verify out/recommend/plan.json in --json",
    "evaluate in --stack rlhf,re --out out/evaluate --json",
    "explain in --draws 5 --out out/explain --json",
    "frontier in --out out/frontier --json",
    "what-if in --set budget=7 --named half --vary joint.modes=0,0.3 --out out/what-if --json",
    "gaps in --out out/gaps --json",
    "robust in --draws 40 --settle 2 --seed 3 --out out/robust --json",
    "sweep in --draws 20 --seed 5 --budget 5,9 --experts all --out out/sweep {workers} --json",
    "sweep in --vary budget=4:6:1 --named tied --out out/grid {workers}",
    "report in --draws 20 --out out/report.html --json",
    "report in --draws 20 --out out/report.xlsx",
    "report in --draws 20 --out out/report.md",
    "new out/empty",
    "new out/empty.xlsx",
    "new out/questions.csv --from in --expert anna --all",
    "new out/questions.xlsx --from in --expert anna --all --json",
    "import in --out out/one.yaml",
    "import in --out out/one.xlsx --json",
    "import out/one.xlsx --out out/folder",
    "import table.csv --map map.yaml --out out/table",
    "import answers.csv --from in --expert anna --out out/answers",
    "solvers --json",
    "recommend nowhere --json",
    "recommend in --budget 0.01 --lock 1",
)


def answers(place: Path, workers: str, **settings: str) -> dict[str, str]:
    """Digests of all that the commands print and write, by name. `place` holds `in`."""
    (place / "table.csv").write_text(TABLE)
    (place / "map.yaml").write_text(MAP)
    assert (
        main(["new", str(place / "answers.csv"), "--from", str(SHIPPED), "--expert", "anna"]) == 0
    )
    questions = (place / "answers.csv").read_text().splitlines()
    filled = [questions[0], *(line.rsplit(",", 2)[0] + ",0.1 to 0.4," for line in questions[1:])]
    (place / "answers.csv").write_text("\n".join(filled) + "\n")
    lines = [line.format(workers=workers).split() for line in RUNS]
    for words in lines:
        # On a busy machine ten seconds may be too short for a ranking, which then says so.
        words += ["--time-limit", "600"] * (words[0] in LIMITED)
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=place,
        input=json.dumps(lines),
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {str(p.relative_to(place)): digest(p) for p in files(place)}


def files(place: Path) -> Iterable[Path]:
    """All but the input, and the ledgers of sweeps: with two workers cases arrive in any order."""
    found = (p for p in place.rglob("*") if p.is_file() and place / "in" not in p.parents)
    return sorted(p for p in found if p.name != LEDGER)


def digest(path: Path) -> str:
    data = path.read_bytes()
    if path.name.startswith("said-") and b'"seconds"' in data:
        # The one number of the clock that the contract has, in what recommend prints.
        document = json.loads(data)
        del document["proof"]["seconds"]
        data = json.dumps(document).encode()
    return hashlib.sha256(data).hexdigest()


def copied(place: Path, rng: random.Random | None = None) -> None:
    """The scenario in a folder of its own; with `rng` the rows of every table in another order."""
    for source in sorted(p for p in SHIPPED.rglob("*") if p.suffix in (".csv", ".yaml")):
        target = place / "in" / source.relative_to(SHIPPED)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".yaml":
            text += WHAT_IF
        elif rng is not None:
            head, *rows = text.splitlines()
            rng.shuffle(rows)
            text = "\n".join([head, *rows, ""])
        target.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_every_command_gives_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    assert {line.split()[0] for line in RUNS} == COMMANDS.keys() - {"app"}
    here, there = tmp_path / "here", tmp_path / "deeper" / "über there"
    copied(here)
    copied(there, random.Random(3))
    zone = {"TZ": "UTC", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "1"}
    first = answers(here, "--workers 1", **zone)
    zone = {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8"}
    second = answers(there, "--workers 2", **zone, PYTHONHASHSEED="4242", BACK="1")
    ended = {p.stem: p.read_text() for p in here.glob("said-*.code") if p.read_text() != "0"}
    assert ended == {"said-29-recommend": "2", "said-30-recommend": "2"}
    assert len(first) > 2 * len(RUNS) + 60
    assert first.keys() == second.keys()
    assert {name for name in first if first.get(name) != second.get(name)} == set()
