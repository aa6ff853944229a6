"""`planner sweep`: tables, files, resuming, and refusals."""

import csv
import json
from pathlib import Path

import pytest

from planner.cli.main import main
from planner.cli.sweep_progress import Bar, line
from planner.sweep.run import Progress

ROOT = Path(__file__).parents[2]
PAPER = str(ROOT / "scenarios" / "dung-mai-2025")
THREE = str(ROOT / "scenarios" / "three")
WORDS = ["sweep", PAPER, "--draws", "30", "--seed", "4", "--budget", "6,9"]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".sqlite"}


def refused(capsys, *words):
    assert main(["sweep", *words, "--json"]) == 2
    return json.loads(capsys.readouterr().out)["error"]["findings"]


def test_means_are_what_recommend_says(capsys):
    assert main(["sweep", PAPER, "--budget", "6,9", "--json"]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    for cell, budget in zip(cells, ("6", "9"), strict=True):
        assert main(["recommend", PAPER, "--budget", budget, "--json"]) == 0
        plan = json.loads(capsys.readouterr().out)
        assert cell["stacks"] == [{"stack": sorted(plan["stack"]), "answers": 1, "share": 1.0}]
        assert cell["risk"] == dict.fromkeys(("mean", "5%", "95%"), plan["risk"])


def test_the_files_agree_with_each_other_and_a_resumed_sweep_writes_the_same(capsys, tmp_path):
    out = tmp_path / "out"
    assert main([*WORDS, "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    first = files(out)
    assert sorted(first) == ["results.csv", "summary.csv", "sweep.json"]
    assert json.loads(first["sweep.json"]) == document
    rows = list(csv.DictReader(first["results.csv"].decode().splitlines()))
    assert len(rows) == document["cases"] == document["answered"] == 60
    for cell in document["cells"]:
        own = [row for row in rows if row["budget"] == cell["changes"]["budget"]]
        risks = [float(row["risk"]) for row in own]
        assert sum(risks) / len(risks) == pytest.approx(cell["risk"]["mean"], rel=1e-12)
        held = sum("re" in row["stack"].split(",") for row in own)
        assert cell["core_index"].get("re", 0) == held / 30
        assert sum(stack["answers"] for stack in cell["stacks"]) == 30
    # The same folder needs --resume; a finished one is written again, byte for byte.
    assert main([*WORDS, "--out", str(out)]) == 2
    capsys.readouterr()
    for folder in (out, tmp_path / "absent"):
        assert main([*WORDS, "--out", str(folder), "--resume"]) == 0
        assert files(folder) == first
    other = [*WORDS[:-1], "6,12", "--out", str(out), "--resume"]
    capsys.readouterr()
    assert main(other) == 2
    assert "differs in vary" in capsys.readouterr().err


def test_the_status_says_how_far_it_is(capsys, tmp_path):
    out = str(tmp_path)
    assert main(["sweep", "--status", "--out", out]) == 2
    assert main(["sweep", "--status"]) == 2
    assert main([*WORDS, "--out", out]) == 0
    capsys.readouterr()
    assert main(["sweep", "--status", "--out", out]) == 0
    assert "60 of 60 cases finished" in capsys.readouterr().out
    assert main(["sweep", "--status", "--out", out, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["cases"], found["finished"], found["damaged"]) == (60, 60, 0)


def test_a_page_fits_its_columns_and_says_what_failed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    words = [
        "--named",
        "dear debate",
        "--vary",
        "rules.fund=[],debate",
    ]
    assert main(["sweep", PAPER, "--draws", "4", "--budget", "2,9", *words]) == 0
    captured = capsys.readouterr()
    assert all(len(line) <= 80 for line in captured.out.splitlines())
    assert "32 cases: 4 draws" in captured.out
    assert "no stack" in captured.out
    assert "Cases without an answer" in captured.out
    assert captured.err == ""


def test_several_scenarios_stand_side_by_side(capsys):
    assert main(["sweep", PAPER, THREE, "--budget", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [cell["scenario"] for cell in found["cells"]] == [s["name"] for s in found["scenarios"]]
    assert len(found["cells"]) == 2


def test_every_option_that_does_not_fit_is_a_finding(capsys):
    words = [
        *["--draws", "0", "--workers", "x", "--gap", "2", "--named", "hlaf"],
        *["--experts", "anna", "--objective", "expected,luck", "--vary", "joint.mode=1"],
        *["--resume", "--solver", "magic"],
    ]
    found = {finding["file"]: finding for finding in refused(capsys, PAPER, *words)}
    assert set(found) == {
        *["--draws", "--workers", "--gap", "--named", "--experts", "--objective", "--vary"],
        *["--resume", "--solver"],
    }
    assert "half" in found["--named"]["cure"]
    assert refused(capsys)[0]["file"] == "planner sweep"
    both = refused(capsys, PAPER, "--cluster", "tcp://127.0.0.1:1", "--workers", "2")
    assert both[0]["file"] == "--workers"
    twice = refused(capsys, PAPER, "--named", "half", "--budget", "6,9")
    assert twice[0]["message"] == "half changes budget, and so does an axis."


def test_the_bar_is_for_terminals_only(capsys):
    class Terminal:
        def __init__(self, terminal):
            self.terminal, self.text = terminal, ""

        def isatty(self):
            return self.terminal

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    quiet, loud = Terminal(False), Terminal(True)
    for stream in (quiet, loud):
        with Bar(stream) as bar:
            bar(Progress(1000, 100, done=150, failed=2, deaths=1, seconds=2.0))
    assert quiet.text == ""
    assert "250 of 1,000" in loud.text
    assert "2 failed" in loud.text
    assert loud.text.endswith("\r\x1b[K")
    assert capsys.readouterr().out == ""


def test_cells_that_fail_for_one_reason_are_told_together(capsys, monkeypatch):
    """Two rules conflict (Iterated amplification costs 6): both are named, once for both
    objectives."""
    monkeypatch.setenv("COLUMNS", "500")
    rule = ["--vary", "rules.fund=ida"]
    words = ["sweep", PAPER, *rule, "--budget", "1", "--objective", "expected,cvar:0.9"]
    assert main([*words, "--draws", "3"]) == 0
    out = capsys.readouterr().out
    assert out.count("rules.fund=ida, budget=1: 6 cases. The first: ") == 1
    told = "These cannot hold together: fund ida; budget 1 USD million. Raise the budget by 5"
    assert told in " ".join(out.split())
    assert out.count("Raise the budget by 5 USD million, to 6 USD million") == 1


def test_the_bar_says_that_workers_are_starting():
    assert line(Progress(1000, 0), None).endswith("0 of 1,000, starting")
    assert "starting" not in line(Progress(1000, 0, done=1), None)
