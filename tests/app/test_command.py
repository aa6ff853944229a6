"""The program `planner app`: it starts, says where, listens on this machine alone, and stops."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from app_server import OWN, PAPER, start, stop

from planner.cli import app
from planner.cli.main import main
from planner.plan import recommend
from planner.scenario.changes import change_all
from planner.scenario.read import read


def test_fifty_pages_at_once_each_get_their_own_answer(address: str) -> None:
    """Each asks another budget; `recommend` says what it should be told."""
    scenario = read(PAPER)
    budgets = [f"{k / 10:.1f}" for k in range(10, 210, 4)]
    assert len(budgets) == 50
    with httpx.Client(base_url=address, headers=OWN, timeout=60) as browser:
        digest = browser.post("/api/start", json={}).json()["scenario"]["digest"]

    def ask(budget: str) -> list[str]:
        body = {"scenario": digest, "client": budget, "changes": [["budget", budget]]}
        with httpx.Client(base_url=address, headers=OWN, timeout=60) as browser:
            got = browser.post("/api/answer", json=body)
        assert got.status_code == 200, got.text
        return [item["label"] for item in got.json()["stack"]]

    with ThreadPoolExecutor(50) as pages:
        told = list(pages.map(ask, budgets))
    assert told == [
        list(recommend(change_all(scenario, [("budget", budget)])).stack) for budget in budgets
    ]


def test_ctrl_c_stops_it_with_130_and_no_traceback() -> None:
    server, url = start("--port", "0")
    with httpx.Client(base_url=url, headers=OWN) as browser:
        assert browser.post("/api/start", json={}).json()["scenario"] is None
    code, said = stop(server)
    assert code == 130
    assert said.strip() == "Stopped by Ctrl-C."


def test_it_listens_on_this_machine_alone(address: str) -> None:
    """127.0.0.2 is this machine too, and another address: whoever listens everywhere answers."""
    port = int(address.rpartition(":")[2])
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.2", port), timeout=2),
    ):
        pass


def test_a_port_that_is_taken_is_told(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    port = address.rpartition(":")[2]
    assert main(["app", str(PAPER), "--port", port, "--no-browser"]) == 5
    assert "--port 0 for any" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "eighty"])
def test_what_is_no_port_is_a_finding(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", str(PAPER), f"--port={port}"]) == 2
    assert "--port" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app.importlib.util, "find_spec", lambda _: None)
    assert main(["app", str(PAPER)]) == 5
    assert 'pip install "alignment-planner[app]"' in capsys.readouterr().err


def test_a_scenario_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    assert main(["app", str(tmp_path / "none"), "--no-browser"]) == 2
