"""A smoke slice of the benchmarks: the smallest instance of each family, the planner and a peer."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import goals, report, run, sweep
from benchmarks.answer import Answer
from benchmarks.case import Case, judged
from benchmarks.evaluate import evaluate, reached
from benchmarks.families import FAMILIES, NotHere, family
from benchmarks.ledger import Ledger
from benchmarks.methods import GAP, METHODS
from benchmarks.summary import judge, lines, ratio

#: Smallest useful size of each family, and a peer that closes it at once.
SLICE = {
    "paper": ("7x128", "highs-plain"),
    "agenda": ("30x64", "highs-kelley"),
    "agenda partial": ("30x64", "cp-sat"),
    "utility": ("20x20", "cp-sat"),
    "few worlds": ("20x5", "highs-plain"),
    "coverage": ("15x10", "highs-worlds"),
    "coverage zeros": ("15x10", "highs-worlds"),
    "weapon-target": ("4x4", "highs-worlds-kelley"),
    "large": ("30x200", "highs-kelley"),
}


def test_every_family_is_in_the_slice() -> None:
    assert set(SLICE) | {"real"} == set(FAMILIES)


@pytest.mark.parametrize("name", sorted(SLICE))
def test_planner_and_peer_agree(name: str) -> None:
    size, peer = SLICE[name]
    program = family(name, size, 0.2, seed=0)
    values = []
    for method in ("planner", peer):
        answer = METHODS[method].solve(replace(program), GAP, 5.0)
        assert answer.claim == "proven", (method, answer.note)
        assert answer.stack is not None
        check = evaluate(program, answer.stack, answer.bound)
        assert check.holds
        assert reached(check.gap, GAP), (method, check)
        values.append(check.value)
    assert values[0] == pytest.approx(values[1], rel=GAP)


def test_instances_are_seeded() -> None:
    one, same, other = (family("agenda", "30x64", 0.2, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.failure, same.failure)
    assert one.rows == same.rows
    assert not np.array_equal(one.failure, other.failure)


def test_a_missing_scenario_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.families.REAL", tmp_path / "agendas-2025")
    with pytest.raises(NotHere, match="agendas-2025"):
        family("real", "222x14", 0.2, 0)


def test_the_evaluator_is_not_taken_in() -> None:
    program = family("few worlds", "20x5", 0.2, 0)
    case = Case("few worlds", "20x5", 0.2, 0, "highs-plain", 5.0, GAP)
    best = METHODS["planner"].solve(program, GAP, 5.0)
    assert best.stack is not None
    value = evaluate(program, best.stack, None).value
    assert judged(case, program, Answer("proven", best.stack, value * 0.99))["status"] == (
        "claimed, not reached"
    )
    everything = Answer("proven", tuple(range(program.size)), 0.0)
    assert judged(case, program, everything)["status"] == "breaks a rule"
    rows = [
        {**vars(case), "method": "planner", "status": "proven", "value": value, "bound": value},
        {**vars(case), "status": "proven", "value": value, "bound": value * 1.01},
    ]
    assert [row["status"] for row in judge(rows)] == ["proven", "bound is false"]


def test_ratios_say_who_was_open() -> None:
    ours = {k: {"seconds": 1.0, "status": "proven"} for k in range(3)}
    peer = {k: {"seconds": 10.0 + k, "status": "proven"} for k in range(3)}
    assert str(ratio(peer, ours)) == "11.0 (10.0, 12.0)"
    capped = {k: {**row, "status": "limit"} for k, row in peer.items()}
    assert str(ratio(capped, ours)).startswith("≥")
    assert str(ratio(ours, capped)).startswith("≤")
    assert ratio(capped, {k: {**row, "status": "limit"} for k, row in ours.items()}) is None


def test_a_run_resumes_and_writes_its_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--quick", "--only", "paper", "--methods", "planner,greedy", "--seeds", "1"]
    command += ["--no-goals", "--out"]
    assert run.main([*command, str(tmp_path)]) == 0
    first = (tmp_path / "cases.jsonl").read_text()
    assert {json.loads(line)["method"] for line in first.splitlines()} == {"planner", "greedy"}
    with (tmp_path / "cases.jsonl").open("a") as file:
        file.write('{"key": "cut sh')  # a run that was interrupted while it wrote
    assert run.main([*command, str(tmp_path)]) == 0
    assert len((tmp_path / "cases.jsonl").read_text().splitlines()) == 3
    assert "paper 7x128" in (tmp_path / "results.md").read_text()
    assert "| G8 |" in (tmp_path / "goals.md").read_text()
    assert "SKIPPED" in capsys.readouterr().out or run.REAL.exists()


def test_a_whole_run_does_first_what_goals_are_read_off() -> None:
    # Every line of a goal that is read off cases has its cases among the first ones.
    options = run.arguments(["--seeds", "1"])
    first = [case for cases in run.plan(options) for case in cases if goals.reads(case)]
    rows = [
        {**vars(case), "status": "proven", "seconds": 1.0, "gap_reached": 0.0, "value": 1.0}
        for case in first
    ]
    found = [goal for goal in goals.all_goals(rows) if goal.name in ("G2", "G3", "G7")]
    assert len(found) >= 17
    assert [goal.goal for goal in found if goal.seeds != "1"] == []
    # A small part of the whole, or first would mean nothing.
    every = [case for cases in run.plan(options) for case in cases]
    assert len(first) < len(every) / 3


def test_tables_and_plots(tmp_path: Path) -> None:
    rows = []
    for seed in range(2):
        for method, seconds in (("planner", 0.01), ("highs-plain", 0.3), ("highs-kelley", 0.2)):
            case = Case("agenda", "240x512", 0.2, seed, method, 20.0, GAP)
            found = {"status": "proven", "value": 1.0, "bound": 1.0, "gap_reached": 0.0}
            more = {"seconds": seconds, "nodes": 1, "memory": 2**20}
            rows.append({"key": case.key, **vars(case), **found, **more})
    text = report.write(rows, goals.all_goals(rows), tmp_path)
    assert "HiGHS log cuts (highs-kelley) | 0.2 | 20 (20, 20)" in text
    assert "highs-plain)" not in text
    assert (tmp_path / "ratios.svg").exists()
    assert [line.shown for line in lines(rows)] == [True, False, True]


def test_a_ledger_keeps_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    ledger = Ledger(path)
    ledger.add({"key": "a", "n": 1})
    ledger.add({"key": "a", "n": 2})
    assert Ledger(path).rows["a"]["n"] == 2
    assert not Ledger(path, fresh=True).rows
    assert path.with_suffix(".before.jsonl").exists()


def test_the_table_of_sweeps_compares_rates_round_by_round() -> None:
    """By hand: rates 10 and 20 beside 30 and 30 are ratios of 3 and 1.5 of the same round."""

    def one(rate: float) -> sweep.Run:
        return sweep.Run(1.0, 2.0, rate, 0.5, 3.5, 1.0, 0.0, "same")

    runs = {sweep.SERIAL: [one(10.0), one(20.0)], "2 processes": [one(30.0), one(30.0)]}
    *_, alone, two = sweep.table(runs).splitlines()
    assert "| 15.0 (10.0, 20.0) |" in alone
    assert two.endswith("| 2.25 (1.50, 3.00) |")
