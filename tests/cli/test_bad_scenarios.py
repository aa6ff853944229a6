"""Every bad scenario through the command line: exit code, the JSON document, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bad_scenarios import CASES
from scenario_files import MAIN, TECHNIQUES, VULNERABILITY, Files, base, write

from planner.cli.commands import COMMANDS
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


#: One slip of each kind: of the text, of a table's shape, of the meaning (twice).
KINDS: dict[str, Files] = {
    "text": base(main=MAIN.replace("budget: 3", "budget: &x 3")),
    "table": base(techniques=TECHNIQUES + "c,Gamma\n"),
    "meaning": base(
        main=MAIN.replace("budget: 3", "budget: 30%"),
        vulnerability=VULNERABILITY.replace("0.5", "1.5"),
    ),
    "nothing": {"empty/notes.txt": "x"},
}
#: How each command is asked about a scenario {bad}; what it would write goes below {out}.
ASKED = (
    "check {bad}",
    "recommend {bad} --out {out}",
    "evaluate {bad} --stack a --out {out}",
    "frontier {bad} --out {out}",
    "what-if {bad} --set budget=2 --out {out}",
    "explain {bad} --out {out}",
    "gaps {bad} --out {out}",
    "robust {bad} --draws 2 --out {out}",
    "sweep {bad} --draws 2 --out {out}",
    "report {bad} --out {out}/report.html",
    "app {bad} --port 0 --no-browser",
    "verify {plan} {bad}",
    "new {out}/anna.csv --from {bad} --expert anna",
    "import {bad} --out {out}/copy",
    "import {answers} --from {bad} --out {out}/copy",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A plan and an expert's sheet of a sound scenario."""
    place = tmp_path_factory.mktemp("sound")
    folder = str(write(place / "in", base()))
    assert main(["recommend", folder, "--out", str(place)]) == 0
    assert main(["new", str(place / "anna.csv"), "--from", folder, "--expert", "anna"]) == 0
    return {"plan": place / "plan.json", "answers": place / "anna.csv"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.split(" {out}")[0])
def test_every_command_tells_what_check_tells_and_writes_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    sound: dict[str, Path],
    asked: str,
    kind: str,
) -> None:
    bad, out = write(tmp_path / "bad", KINDS[kind]), tmp_path / "out"
    capsys.readouterr()
    assert main(["check", str(bad), "--json"]) == 2
    expected = json.loads(capsys.readouterr().out)
    words = [word.format(bad=bad, out=out, **sound) for word in asked.split()]
    assert main([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == expected
    # For people: the same findings on stderr, nothing on stdout.
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    findings = expected["error"]["findings"]
    assert all(f["message"] in shown.err and f["cure"] in shown.err for f in findings)
    assert not out.exists()


def test_every_command_that_reads_a_scenario_is_among_them() -> None:
    assert {asked.split()[0] for asked in ASKED} == COMMANDS.keys() - {"solvers"}
