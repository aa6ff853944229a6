"""`planner recommend --alternatives`: the K best stacks that differ, against all stacks."""

import csv
import json
from itertools import combinations
from pathlib import Path

import pytest

from planner.cli.main import main
from planner.risk.stack import risk
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.worlds.build import build

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


def brute_force(count, differ, budget=9):
    """Stacks one after the other: the least risk (then cost, size, ids) of all that lie `differ`
    techniques from every one before."""
    scenario = read(PAPER)
    settled, worlds = settle(scenario), build(settle(scenario))
    unit = 10**scenario.decimals
    stacks = [
        chosen
        for size in range(len(settled.options) + 1)
        for chosen in combinations(range(len(settled.options)), size)
        if sum(settled.cost[k] for k in chosen) <= budget * unit
    ]

    def key(chosen):
        cost = sum(settled.cost[k] for k in chosen)
        labels = sorted(settled.options[k].label for k in chosen)
        return round(risk(worlds, chosen), 12), cost, len(chosen), labels

    found = []
    for chosen in sorted(stacks, key=key):
        if all(len(set(chosen) ^ set(other)) >= differ for other in found):
            found.append(chosen)
        if len(found) == count:
            break
    return [(sorted(settled.options[k].label for k in c), risk(worlds, c)) for c in found]


@pytest.mark.parametrize("differ", [1, 2, 3])
def test_they_are_those_of_all_stacks(capsys, differ):
    words = ["recommend", str(PAPER), "--alternatives", "5", "--differ", str(differ), "--json"]
    assert main(words) == 0
    plan = json.loads(capsys.readouterr().out)
    expected = brute_force(5, differ)
    stacks = [plan["stack"], *(row["stack"] for row in plan["alternatives"])]
    assert stacks == [stack for stack, _ in expected]
    risks = [row["risk"] for row in plan["alternatives"]]
    assert risks == pytest.approx([left for _, left in expected[1:]])
    for row in plan["alternatives"]:
        assert row["rise"] == pytest.approx(row["risk"] - plan["risk"])
        assert set(row["stack"]) - set(plan["stack"]) == set(row["gains"])
        assert set(plan["stack"]) - set(row["stack"]) == set(row["loses"])
        assert row["proof"]["kind"] == "enumerated"


def test_without_the_option_there_is_no_key(capsys):
    assert main(["recommend", str(PAPER), "--json"]) == 0
    assert "alternatives" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_and_a_sentence_each_below_the_ranking(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["recommend", str(PAPER), "--alternatives", "3", "--differ", "2"]) == 0
    out = capsys.readouterr().out
    text = " ".join(out.split())
    assert "any two differ in at least 2 techniques" in text
    assert "2 Buys ida instead of scientist-ai and leaves 37.5% more risk" in text
    assert max(map(len, out.splitlines())) <= width


def test_that_there_are_no_more_is_said(capsys):
    words = ["recommend", str(PAPER), "--budget", "1", "--alternatives", "9"]
    assert main(words) == 0
    assert "9 were asked for; no further stack exists." in capsys.readouterr().out


def test_out_writes_them_as_a_table(tmp_path):
    words = ["recommend", str(PAPER), "--alternatives", "4", "--out", str(tmp_path)]
    assert main(words) == 0
    with (tmp_path / "alternatives.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["place"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["stack"] == "re, scientist-ai"
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert [", ".join(row["stack"]) for row in plan["alternatives"]] == [
        row["stack"] for row in rows[1:]
    ]


@pytest.mark.parametrize(
    ("words", "option", "message"),
    [
        (["--alternatives", "1"], "--alternatives", "outside"),
        (["--alternatives", "51"], "--alternatives", "outside"),
        (["--alternatives", "x"], "--alternatives", "not a number"),
        (["--alternatives", "3", "--differ", "0"], "--differ", "outside"),
        (["--differ", "2"], "--differ", "none are asked for"),
        (["--alternatives", "3", "--objective", "depth"], "--alternatives", "compared by risk"),
        (["--alternatives", "3", "--budget", "1,2"], "--alternatives", "one budget"),
    ],
)
def test_what_is_refused(capsys, words, option, message):
    assert main(["recommend", str(PAPER), *words, "--json"]) == 2
    finding = json.loads(capsys.readouterr().out)["error"]["findings"][0]
    assert finding["file"] == option
    assert message in finding["message"]
    assert finding["cure"]
