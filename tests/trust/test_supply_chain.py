"""Nothing that the planner runs comes from outside: no network, no pickle, no text as code."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Ends the process where anything connects, or looks a name up.
OFFLINE = """
import os, socket, sys
def refuse(*words, **more):
    os.write(2, b"network used: " + repr(words).encode())
    os._exit(99)
socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
from planner.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_main_job_uses_no_network(tmp_path: Path) -> None:
    words = ["recommend", "scenarios/three", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, *words], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr[-300:]) == (0, done.stderr[-300:])
    assert (tmp_path / "plan.json").exists()


def test_no_module_runs_text_as_code_or_reads_pickles() -> None:
    found = []
    for path in sorted((ROOT / "planner").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name in ("eval", "exec", "compile", "__import__", "os.system", "os.popen"):
                    found.append(f"{where} {name}")
                if any(k.arg == "shell" for k in node.keywords):
                    found.append(f"{where} shell")
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
                found += [f"{where} {n}" for n in names if n in ("pickle", "marshal", "shelve")]
    assert found == []


def test_no_module_rests_on_an_assertion_for_what_users_bring() -> None:
    # `assert` vanishes under -O: what the main job says must be the same with it.
    words = ["-m", "planner", "recommend", "scenarios/three", "--budget", "2"]
    plain, bare = (
        subprocess.run(
            [sys.executable, *more, *words],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "80"},
            capture_output=True,
            check=True,
        ).stdout
        for more in ((), ("-O",))
    )
    assert plain == bare
