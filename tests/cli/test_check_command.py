"""`planner check`: what a scenario holds, what looks odd, and every finding at once."""

import json
import shutil
from pathlib import Path

import pytest

from planner.cli.main import main

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize(
    "folder",
    sorted(path for path in SCENARIOS.iterdir() if path.is_dir()),
    ids=lambda folder: folder.name,
)
def test_every_scenario_here_is_well_formed(folder, capsys):
    assert main(["check", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_json_says_what_the_scenario_holds(capsys):
    assert main(["check", str(SCENARIOS / "dung-mai-2025"), "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert (held["techniques"], held["modes"], held["worlds"]) == (7, 7, None)
    assert (held["budget"], held["cost_of_all"], held["unit_of_account"]) == (9.0, 21.0, 0.01)
    assert (held["cells"], held["cells_with_source"]) == (49, 49)
    assert held["confidence"] == {"H": 32, "M": 15, "L": 2}
    assert held["uncertain_values"] == 3
    assert held["warnings"] == []


def test_rules_are_written_in_words(tmp_path, capsys):
    folder = tmp_path / "scenario"
    shutil.copytree(SCENARIOS / "three", folder)
    with (folder / "scenario.yaml").open("a") as file:
        file.write(
            "rules:\n  fund: [probes]\n  requires: {critics: [approval]}\n"
            "  at_most: [{of: [approval, critics], count: 1}]\n"
            "  limits: [{attribute: cost, of: [approval, critics], at_least: 1}]\n"
        )
    assert main(["check", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"] == [
        "fund probes",
        "critics needs approval",
        "at most 1 of approval, critics",
        "cost of approval, critics at least 1",
    ]
    assert main(["check", str(folder)]) == 0
    assert "critics needs approval" in capsys.readouterr().out


def test_all_findings_come_at_once(tmp_path, capsys):
    folder = tmp_path / "scenario"
    shutil.copytree(SCENARIOS / "three", folder)
    main_file = folder / "scenario.yaml"
    main_file.write_text(main_file.read_text() + "bugdet: 3\nreadig: together\n")
    assert main(["check", str(folder)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("2 findings:")
    assert "bugdet is not a known key. Did you mean budget?" in error
    assert main(["check", str(folder), "--json"]) == 2
    findings = json.loads(capsys.readouterr().out)["error"]["findings"]
    assert [(f["file"], f["column"]) for f in findings] == [
        ("scenario.yaml", "bugdet"),
        ("scenario.yaml", "readig"),
    ]
