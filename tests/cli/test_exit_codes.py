"""Exit codes, and that no error is ever a traceback."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from scenario_files import MAIN, base, write

from planner.cli import main as entry
from planner.cli.main import main
from planner.errors import LimitHit

SCENARIOS = Path(__file__).parents[2] / "scenarios"
THREE = str(SCENARIOS / "three")


def error_of(capsys):
    return json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize(
    ("words", "message", "cure"),
    [
        ([], "No command is given.", "check, recommend, "),
        (["recomend", THREE], "recomend is not a command.", "Did you mean recommend?"),
        ([THREE], "is not a command.", "planner recommend"),
        (["recommend", THREE, "--bugdet", "3"], "--bugdet is not", "Did you mean --budget?"),
        (["recommend", THREE, "--bud", "3"], "--bud is not an option.", ""),
        (["recommend", THREE, "--budget"], "expected one argument", "--help"),
        (["recommend"], "required: SCENARIO", "--help"),
        (["check", THREE, "more"], "more", "--help"),
        (["--json", "check", THREE], "stands before the command", "command first"),
        (["check", "no/such/folder"], "", ""),
    ],
)
def test_2_for_bad_input_in_both_forms(capsys, words, message, cure):
    assert main(words) == 2
    captured = capsys.readouterr()
    if "--json" not in words:
        assert captured.out == ""
        assert message in captured.err
    assert main([*words, "--json"]) == 2
    error = error_of(capsys)
    assert error["code"] == 2
    assert message in error["findings"][0]["message"]
    assert cure in error["findings"][0]["cure"]


def test_3_where_no_stack_meets_the_rules(tmp_path, capsys):
    text = (
        "planner: 1\nname: Clash\nbudget: 1\n"
        "techniques: [{id: a, name: A, cost: 2}]\n"
        "modes: [{id: m, name: M, probability: 0.5}]\n"
        "vulnerability: [{technique: a, m: 0.5}]\n"
        "rules: {fund: [a]}\n"
    )
    (tmp_path / "clash.yaml").write_text(text)
    assert main(["recommend", str(tmp_path / "clash.yaml"), "--json"]) == 3
    assert "fund a" in error_of(capsys)["message"]


@pytest.mark.parametrize(
    ("budget", "rules", "clash", "way_out"),
    [
        (3, "{fund: [a], exclude: [a]}", "fund a (line 7); exclude a (line 7)", 'drop "fund a"'),
        (
            0.5,
            "{fund: [a]}",
            "fund a (line 7); budget 0.5 units (line 3)",
            "Raise the budget by 0.5 units, to 1 units",
        ),
        (0, "{fund: [b]}", "fund b (line 7); budget 0 units (line 3)", "Raise the budget by 2"),
    ],
    ids=["required and excluded", "a budget too small", "a budget of zero"],
)
@pytest.mark.parametrize("form", ["folder", "book.xlsx", "one.yaml"])
def test_3_with_the_rules_in_conflict_and_the_way_out(
    tmp_path, capsys, budget, rules, clash, way_out, form
):
    main_file = MAIN.replace("budget: 3", f"budget: {budget}") + f"rules: {rules}\n"
    path = write(tmp_path / "folder", base(main=main_file))
    if form != "folder":
        pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")
        assert main(["import", str(path), "--out", str(tmp_path / form)]) == 0
        path = tmp_path / form
    capsys.readouterr()
    assert main(["recommend", str(path), "--json"]) == 3
    error = error_of(capsys)
    # In other forms the rules stand in other lines, or in cells.
    bare = re.sub(r" \([^)]*\)", "", clash)
    message = error["message"] if form == "folder" else re.sub(r" \([^)]*\)", "", error["message"])
    assert f"These cannot hold together: {clash if form == 'folder' else bare}." in message
    assert way_out.lower() in message.lower()
    assert error["ways_out"]


@pytest.mark.parametrize(
    ("budget", "stack", "cost"), [("0", [], 0.0), ("3000", ["a", "b"], 3.0)], ids=["zero", "above"]
)
def test_0_for_a_budget_of_zero_and_one_above_the_total(tmp_path, capsys, budget, stack, cost):
    files = base(main=MAIN.replace("budget: 3", f"budget: {budget}"))
    assert main(["recommend", str(write(tmp_path, files)), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["stack"], plan["cost"], plan["warnings"]) == (stack, cost, [])


def test_2_without_a_budget_and_0_with_one_asked_for(tmp_path, capsys):
    folder = str(write(tmp_path, base(main=MAIN.replace("budget: 3\n", ""))))
    assert main(["recommend", folder, "--json"]) == 2
    (finding,) = error_of(capsys)["findings"]
    assert "no budget" in finding["message"]
    assert "pass --budget or --target-risk" in finding["cure"]
    assert main(["recommend", folder, "--budget", "1"]) == 0


def test_3_where_the_target_is_out_of_reach(capsys):
    assert main(["recommend", THREE, "--target-risk", "1e-9"]) == 3
    assert "below the lowest reachable" in capsys.readouterr().err


def test_4_where_a_limit_was_hit(monkeypatch, capsys):
    def limited(_words):
        raise LimitHit("Too many worlds.")

    monkeypatch.setattr(entry, "_command", limited)
    assert main(["recommend", THREE]) == 4
    assert capsys.readouterr().err == "Too many worlds.\n"


def test_5_where_the_files_cannot_be_written(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("here first")
    assert main(["recommend", THREE, "--out", str(blocked)]) == 5
    assert "is a file" in capsys.readouterr().err
    assert main(["recommend", THREE, "--out", str(blocked / "below"), "--json"]) == 5
    assert error_of(capsys)["code"] == 5
    assert blocked.read_text() == "here first"


def test_5_and_one_sentence_where_the_planner_has_a_bug(monkeypatch, capsys):
    def broken(_words):
        raise ZeroDivisionError("deep\ninside")

    monkeypatch.setattr(entry, "_command", broken)
    monkeypatch.delenv("PLANNER_TRACEBACK", raising=False)
    assert main(["recommend", THREE]) == 5
    error = capsys.readouterr().err
    assert error == (
        "This is a bug in the planner: ZeroDivisionError: deep inside; "
        "run with PLANNER_TRACEBACK=1 to see where.\n"
    )
    monkeypatch.setenv("PLANNER_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        main(["recommend", THREE])


def test_errors_never_carry_control_characters_to_the_terminal(capsys):
    assert main(["check", "no\x1b[31m/such"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def large_scenario(path):
    """One that takes far longer than the test to prove."""
    draw = random.Random(3)
    modes = [f"m{j}" for j in range(12)]
    lines = ["planner: 1", "name: Large", "budget: 60", "techniques:"]
    lines += [f"- {{id: t{i}, name: T{i}, cost: {draw.randint(1, 20)}}}" for i in range(60)]
    lines += ["modes:", *(f"- {{id: {m}, name: {m}, probability: 0.3}}" for m in modes)]
    lines += ["vulnerability:"]
    for i in range(60):
        cells = ", ".join(f"{m}: {draw.choice([0.05, 0.4, 0.8])}" for m in modes)
        lines.append(f"- {{technique: t{i}, {cells}}}")
    path.write_text("\n".join(lines) + "\n")


def test_130_within_seconds_of_ctrl_c_with_progress_before_it(tmp_path):
    large_scenario(tmp_path / "large.yaml")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "planner", "recommend", str(tmp_path / "large.yaml")]
    process = subprocess.Popen(
        [*command, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=SCENARIOS.parent,
        start_new_session=True,
    )
    guard = threading.Timer(60, process.kill)
    guard.start()
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    finally:
        guard.cancel()
        process.kill()
    assert first.strip()
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.strip().endswith("Stopped by Ctrl-C.")
    assert stdout == ""
    assert not list(out.iterdir())


def test_a_reader_that_stops_early_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "planner", "check", THREE],
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=SCENARIOS.parent,
        timeout=60,
    )
    os.close(write)
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_5_where_the_output_cannot_be_written():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "planner", "check", THREE],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=SCENARIOS.parent,
            timeout=60,
        )
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1
