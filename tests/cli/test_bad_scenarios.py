"""Every bad scenario through the command line: exit code, the JSON document, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bad_scenarios import CASES
from scenario_files import Files, write

from planner.cli.main import main


@pytest.mark.parametrize(
    ("files", "message", "cure"),
    [(case[1], *case[-2:]) for case in CASES],
    ids=[c[0] for c in CASES],
)
def test_a_bad_scenario_ends_with_exit_code_2_and_one_json_document(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: Files,
    message: str,
    cure: str,
) -> None:
    code = main(["recommend", str(write(tmp_path, files)), "--json"])
    printed = capsys.readouterr().out
    error = json.loads(printed)["error"]
    assert (code, error["code"]) == (2, 2)
    found = [f for f in error["findings"] if message in f["message"] and cure in f["cure"]]
    assert found
    assert set(found[0]) == {"file", "row", "column", "message", "cure"}
    assert "Traceback" not in printed


def test_there_are_more_than_forty_bad_scenarios() -> None:
    assert len(CASES) > 100
