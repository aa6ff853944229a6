"""`planner frontier` through `main`: its page, its JSON, its files, what it refuses."""

import csv
import hashlib
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

import planner.study.frontier as engine
from planner.cli.main import main
from planner.report.frontier_page import MOST_ROWS, middle_cut

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PAPER, THREE = SCENARIOS / "dung-mai-2025", SCENARIOS / "three"

MANY = """
planner: 1
name: "[bold]Many[/bold] levels"
currency: EUR
budget: 100
techniques:
{techniques}
worlds: [{{world: w, weight: 1}}]
failure:
{failure}
"""


@pytest.fixture
def ask(capsys):
    def run(*words, code=0):
        found = main(["frontier", *map(str, words), "--json"])
        out = capsys.readouterr().out
        assert found == code, out
        return json.loads(out)

    return run


@pytest.fixture
def shown(capsys, monkeypatch):
    def run(width, *words):
        monkeypatch.setenv("COLUMNS", str(width))
        assert main(["frontier", *map(str, words)]) == 0
        return capsys.readouterr()

    return run


@pytest.fixture
def many(tmp_path):
    """Twelve techniques whose costs are powers of two: more points than a page shows."""
    ids = [f"technique-{k:02d}-{'x' * 20}" for k in range(8)]
    path = tmp_path / "many.yaml"
    techniques = "\n".join(f"- {{id: {id}, name: {id}, cost: {2**k}}}" for k, id in enumerate(ids))
    failure = "\n".join(
        f"- {{technique: {id}, world: w, failure: {0.9**2**k:.6f}}}" for k, id in enumerate(ids)
    )
    path.write_text(MANY.format(techniques=techniques, failure=failure), encoding="utf-8")
    return path


def test_the_three_worked_by_hand(ask):
    found = ask(THREE)
    assert found["every_breakpoint"]
    assert found["open_below"] is None
    rows = [(p["cost"], round(p["risk"], 6), p["stack"]) for p in found["points"]]
    assert rows == [
        (0, 1.0, []),
        (1, 0.4, ["critics"]),
        (2, 0.24, ["approval"]),
        (3, 0.12, ["approval", "probes"]),
        (4, 0.11, ["approval", "critics", "probes"]),
    ]
    assert found["points"][2]["enters"] == ["approval"]
    assert found["points"][2]["leaves"] == ["critics"]
    assert found["points"][2]["next_unit"] == pytest.approx(0.12)
    assert found["points"][1]["share_of_empty"] == pytest.approx(0.4)
    assert found["knee"]["cost"] == 3
    assert not found["nested"]
    assert found["drops"] == [{"technique": "critics", "budget": 2.0, "to": None}]
    critics = found["techniques"][0]
    assert critics["technique"] == "critics"
    assert (critics["enters"], critics["leaves"], critics["stays_from"]) == ([1, 4], [2], 4)
    assert not critics["in_from_the_start"]
    assert found["assumption"] == "Assumes that one surviving technique is enough."
    assert {row["rule"] for row in found["naive"]} == set(found["naive_rules"])


def test_the_point_at_the_budget_is_what_recommend_says(ask, capsys):
    found = ask(PAPER)
    assert main(["recommend", str(PAPER), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    (point,) = [p for p in found["points"] if p["cost"] == 9]
    assert (point["stack"], point["risk"]) == (plan["stack"], plan["risk"])
    assert point["proven"]
    assert found["scenario"] == plan["scenario"]


@pytest.mark.parametrize("objective", ["cvar:0.9", "worst:1"])
def test_other_objectives_show_the_risk_too(ask, shown, objective):
    found = ask(PAPER, "--objective", objective)
    assert found["objective"] == objective
    values = [p["objective_value"] for p in found["points"]]
    assert values == sorted(values, reverse=True)
    out = shown(100, PAPER, "--objective", objective).out
    assert objective in out
    assert " risk " in out


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize(
    "words", [[], ["--points", "5"], ["--objective", "cvar:0.9"]], ids=["all", "grid", "cvar"]
)
def test_the_page_fits(shown, many, width, words):
    for scenario in (PAPER, THREE, many):
        out = shown(width, scenario, *words).out
        assert max(cell_len(line) for line in out.splitlines()) <= width
        assert not any(line.endswith(" ") for line in out.splitlines())


def test_the_page_says_the_answer_first(shown):
    out = " ".join(shown(80, PAPER).out.split())
    assert "21 efficient stacks, every one there is, each proven without a gap." in out
    assert "The knee is at 9 USD million: re, scientist-ai leave 0.1765." in out
    assert "Not nested: 6 larger budgets drop something: rlaif at 3" in out
    assert out.index("Not nested") < out.index("Points") < out.index("Techniques")
    wide = shown(200, PAPER).out
    assert "debate, ida, re, rlaif, rlhf, scientist-ai, w2s" in wide


def test_a_long_table_is_cut_in_the_middle(shown, many):
    out = " ".join(shown(200, many).out.split())
    assert "256 efficient stacks" in out
    assert f"... {256 - MOST_ROWS} more in --json / --out" in out
    assert "[bold]Many[/bold] levels" in out
    assert middle_cut([["x"]] * MOST_ROWS, 0, 1) == [["x"]] * MOST_ROWS


def test_a_grid_says_that_it_is_one(ask, shown):
    found = ask(PAPER, "--points", "4", "--from", "6", "--to", "12")
    assert not found["every_breakpoint"]
    assert [p["budget"] for p in found["points"]] == [6, 8, 10, 12]
    out = " ".join(shown(80, PAPER, "--points", "4", "--gap", "0").out.split())
    assert "A grid of 4 budgets, each proven best: 4 different stacks." in out
    assert "On a grid a change lies between" in out


def test_a_range_says_that_its_first_stack_may_have_come_earlier(ask, shown):
    found = ask(PAPER, "--from", "6.5", "--to", "12")
    assert [p["cost"] for p in found["points"]] == [6, 7, 8, 9, 10, 11, 12]
    rows = {row["technique"]: row for row in found["techniques"]}
    assert rows["rlhf"]["in_from_the_start"]
    assert not rows["scientist-ai"]["in_from_the_start"]
    assert (found["from"], found["to"]) == (6.5, 12)
    out = " ".join(shown(100, PAPER, "--from", "6.5", "--to", "12").out.split())
    assert "≤ 6" in out
    assert "7 efficient stacks, every one that is best at a budget from 6.5 up to 12," in out


def test_what_is_not_finished_is_said(ask, shown, monkeypatch):
    whole = engine.frontier
    monkeypatch.setattr(
        "planner.cli.frontier.frontier", lambda *given, **more: whole(*given, most=3, **more)
    )
    found = ask(PAPER)
    assert found["open_below"] == 17.99
    assert found["warnings"][-1]["file"] == "--time-limit"
    said = shown(100, PAPER)
    assert "each proven; not finished at budgets of 17.99 and less" in " ".join(said.out.split())
    assert "The frontier is open at budgets of 17.99 and less." in said.err


def test_out_writes_the_same_bytes_twice(tmp_path, capsys):
    sums = []
    for name in ("one", "two"):
        assert main(["frontier", str(PAPER), "--out", str(tmp_path / name)]) == 0
        files = sorted((tmp_path / name).iterdir())
        assert [f.name for f in files] == [
            "frontier.csv",
            "frontier.json",
            "frontier.png",
            "frontier.svg",
            "techniques.csv",
        ]
        sums.append([hashlib.sha256(f.read_bytes()).hexdigest() for f in files])
    assert sums[0] == sums[1]
    capsys.readouterr()
    assert main(["frontier", str(PAPER), "--json"]) == 0
    assert (tmp_path / "one" / "frontier.json").read_text() == capsys.readouterr().out
    assert "seconds" not in (tmp_path / "one" / "frontier.json").read_text()
    with (tmp_path / "one" / "frontier.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21
    assert [row["cost"] for row in rows if row["knee"] == "yes"] == ["9.0"]
    with (tmp_path / "one" / "techniques.csv").open(newline="") as file:
        rows = {row["technique"]: row for row in csv.DictReader(file)}
    assert rows["re"]["enters"] == "3, 9"
    assert rows["re"]["stays_from"] == "9.0"


@pytest.mark.parametrize(
    ("words", "option", "message"),
    [
        (["--points", "0"], "--points", "outside"),
        (["--points", "1001"], "--points", "outside"),
        (["--points", "x"], "--points", "not a number"),
        (["--from", "-1"], "--from", "negative"),
        (["--to", "1e400"], "--to", ""),
        (["--to", "1.001"], "--to", "finer"),
        (["--from", "5", "--to", "4"], "--from", "empty"),
        (["--gap", "0.1"], "--gap", "Without --points"),
        (["--gap", "2", "--points", "3"], "--gap", "no share"),
        (["--objective", "depth"], "--objective", "depth is no risk"),
        (["--objective", "fun"], "--objective", ""),
        (["--solver", "fun"], "--solver", "no solver"),
        (["--time-limit", "0"], "--time-limit", "no time"),
        (["--seed", "-1"], "--seed", "outside"),
    ],
)
def test_what_is_refused(ask, words, option, message):
    finding = ask(PAPER, *words, code=2)["error"]["findings"][0]
    assert finding["file"] == option
    assert message in finding["message"]
    assert finding["cure"]


def test_where_no_stack_meets_the_rules(ask, many):
    text = many.read_text()
    many.write_text(text + f"rules: {{fund: [technique-07-{'x' * 20}]}}\n")
    for words in (["--to", "100"], ["--to", "100", "--points", "3"]):
        error = ask(many, *words, code=3)["error"]
        assert error["code"] == 3
        assert "budget 100 EUR" in error["message"]
    assert ask(many)["points"][0]["cost"] == 128


def test_a_folder_that_is_a_file(ask, tmp_path):
    (tmp_path / "file").write_text("")
    assert ask(PAPER, "--out", tmp_path / "file", code=5)["error"]["code"] == 5
