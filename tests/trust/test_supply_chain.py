"""Nothing that the planner runs comes from outside: no network, no pickle, no text as code."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from app_server import OWN, start, stop

ROOT = Path(__file__).parents[2]

#: Ends the process where anything outside this machine is connected to, or looked up.
OFFLINE = """
import os, socket, sys
def guarded(real):
    def call(*words, **more):
        if not here(words):
            os.write(2, b"network used: " + repr((real.__name__, words)).encode())
            os._exit(99)
        return real(*words, **more)
    return call
def here(words):
    if isinstance(words[0], socket.socket):
        if words[0].family == getattr(socket, "AF_UNIX", None):
            return True
        words = words[1:]
    places = [word[0] if isinstance(word, tuple) else word for word in words]
    names = [place for place in places if isinstance(place, (str, bytes))]
    return bool(names) and names[0] in ("127.0.0.1", "::1", "localhost", b"127.0.0.1")
for name in ("connect", "connect_ex", "sendto", "bind"):
    setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "create_connection"):
    setattr(socket, name, guarded(getattr(socket, name)))
from planner.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
#: What a page of ours would fetch by itself.
FETCHED = re.compile(
    r"""(?:src|href|action)\s*=\s*["']([^"'#][^"']*)["']|url\(["']?([^"')]+)|import[^"';]*["']([^"']+)"""
)


def offline(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", OFFLINE, *words], cwd=ROOT, capture_output=True, check=False
    )


def test_the_guard_sees_a_connection_to_elsewhere() -> None:
    # An address that is kept for documents (RFC 5737): nothing answers there.
    code = OFFLINE.replace(
        "from planner.cli.main import main", "socket.create_connection(('192.0.2.1', 80), 1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 99
    assert b"network used" in done.stderr


def test_the_main_job_uses_no_network(tmp_path: Path) -> None:
    done = offline("recommend", "scenarios/three", "--out", str(tmp_path))
    assert (done.returncode, done.stderr[-300:]) == (0, done.stderr[-300:])
    assert (tmp_path / "plan.json").exists()


def test_a_report_uses_no_network_and_names_nothing_to_fetch(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = offline("report", "scenarios/three", "--draws", "0", "--out", str(out))
    assert (done.returncode, done.stderr[-300:]) == (0, done.stderr[-300:])
    assert [place for place in fetched(out.read_text("utf-8")) if "//" in place] == []


def test_the_app_and_its_page_use_no_network() -> None:
    pytest.importorskip("starlette", reason="the extra `app` is not installed")
    pytest.importorskip("uvicorn", reason="the extra `app` is not installed")
    httpx = pytest.importorskip("httpx", reason="httpx is in the extra `dev`")
    server, address = start("scenarios/three", "--port", "0", program=("-c", OFFLINE))
    with httpx.Client(base_url=address, headers=OWN, timeout=60) as browser:
        seen, left = set(), ["/"]
        while left:
            path = left.pop()
            seen.add(path)
            text = browser.get(path).raise_for_status().text
            assert [place for place in fetched(text) if "//" in place] == []
            left += [p for p in map(absolute, fetched(text)) if p not in seen | set(left)]
        assert {"/", "/app.css", "/main.js"} <= seen
        digest = browser.post("/api/start", json={}).json()["scenario"]["digest"]
        asked = {"scenario": digest, "client": "t", "changes": []}
        for part in ("plan", "ranking", "explain"):
            browser.post("/api/answer", json={**asked, "part": part}).raise_for_status()
    assert stop(server) == (130, "Stopped by Ctrl-C.\n")


def fetched(text: str) -> list[str]:
    found = ("".join(parts) for parts in FETCHED.findall(text))
    return [place for place in found if not place.startswith("data:")]


def absolute(place: str) -> str:
    return "/" + place.removeprefix(".").removeprefix("/")


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
