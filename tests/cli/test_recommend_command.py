"""`planner recommend` through `main`: its keys, the values of docs/model.md, its files."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from scenario_files import base, write

from planner.cli.main import main

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PAPER = SCENARIOS / "dung-mai-2025"


@pytest.fixture
def ask(capsys):
    """Runs a command line with --json; gives its document."""

    def run(*words):
        code = main([*map(str, words), "--json"])
        out = capsys.readouterr().out
        assert code == 0, out
        return json.loads(out)

    return run


@pytest.fixture
def edited(tmp_path):
    """A copy of the paper's scenario with lines added to, or put in place of, its main file's."""

    def copy(**keys):
        folder = tmp_path / "scenario"
        shutil.copytree(PAPER, folder)
        main_file = folder / "scenario.yaml"
        lines = [
            line
            for line in main_file.read_text().splitlines()
            if line.partition(":")[0] not in keys
        ]
        lines += [f"{key}: {value}" for key, value in keys.items()]
        main_file.write_text("\n".join(lines) + "\n")
        return folder

    return copy


def test_json_has_every_key_of_the_contract(ask):
    plan = ask("recommend", PAPER)
    assert plan["scenario"]["name"] == "Alignment techniques and their shared failures"
    assert plan["scenario"]["digest"].startswith("sha256:")
    assert plan["objective"] == "expected"
    assert plan["reading"] == "together"
    assert (plan["budget"], plan["cost"], plan["currency"]) == (9.0, 9.0, "USD million")
    assert plan["risk"] == pytest.approx(0.1765, abs=5e-5)
    assert plan["risk_empty"] == 1.0
    assert plan["objective_value"] == plan["risk"]
    assert plan["stack"] == ["re", "scientist-ai"]
    assert plan["levels"] == {"re": "full", "scientist-ai": "full"}
    assert plan["committed"] == []
    proof = plan["proof"]
    assert proof["kind"] == "enumerated"
    assert proof["lower_bound"] == plan["risk"]
    assert proof["gap"] == 0.0
    assert proof["solver"]
    assert proof["seconds"] >= 0
    assert plan["worlds"] == {"count": 96, "exact": True, "standard_error": 0.0, "seed": None}
    band = plan["band"]
    assert list(band) == ["independent", "shared_modes", "model", "worst_case"]
    assert [round(band[key], 4) for key in band] == [0.1628, 0.1765, 0.1765, 0.3961]
    assert plan["effective_layers"] == pytest.approx(1.91, abs=5e-3)
    assert plan["depth"] == 2
    assert plan["assumption"] == "Assumes that one surviving technique is enough."
    assert plan["warnings"] == []
    first = plan["ranking"][0]
    for key in ("rank", "technique", "recommended", "level", "cost", "reason"):
        assert key in first
    assert [row["rank"] for row in plan["ranking"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["recommended"] for row in plan["ranking"]] == [True] * 2 + [False] * 5


#: Point 5 of "Values to check by hand", docs/model.md.
@pytest.mark.parametrize(
    ("reading", "correlation", "budget", "stack", "cost", "risk", "independent", "layers"),
    [
        ("together", 0, 6, "re rlaif rlhf w2s", 6, "0.3213", "0.1572", "2.45"),
        ("together", 0, 9, "re scientist-ai", 9, "0.1765", "0.1628", "1.91"),
        ("together", 0, 21, "all", 21, "0.0950", "0.0183", "4.12"),
        ("together", 0.6, 21, "all", 21, "0.1627", None, "2.17"),
        ("by-mode", 0, 0, "", 0, "1.8835", None, None),
        ("by-mode", 0, 6, "re rlaif rlhf w2s", 6, "0.2366", None, None),
        ("by-mode", 0, 9, "re scientist-ai", 9, "0.05825", None, None),
        ("by-mode", 0, 21, "all", 21, "0.00499", None, None),
    ],
)
def test_the_printed_values_of_the_model(
    ask, edited, reading, correlation, budget, stack, cost, risk, independent, layers
):
    folder = edited(reading=reading, joint=f"{{modes: {correlation}}}")
    plan = ask("recommend", folder, "--budget", budget)
    everything = ["debate", "ida", "re", "rlaif", "rlhf", "scientist-ai", "w2s"]
    assert sorted(plan["stack"]) == (everything if stack == "all" else stack.split())
    assert plan["cost"] == cost
    assert f"{plan['risk']:.{len(risk) - 2}f}" == risk
    if independent:
        assert f"{plan['band']['independent']:.4f}" == independent
    if layers:
        assert f"{plan['effective_layers']:.2f}" == layers


def test_several_budgets_make_a_table_of_rank_by_budget(ask):
    document = ask("recommend", PAPER, "--budget", "9,6")
    assert document["budgets"] == [6.0, 9.0]
    assert [plan["cost"] for plan in document["plans"]] == [6.0, 9.0]
    assert len(document["rank_by_budget"]) == 7
    assert all(len(plan["ranking"]) == 7 for plan in document["plans"])


def test_a_target_asks_for_the_least_cost(ask):
    plan = ask("recommend", PAPER, "--target-risk", "0.2")
    assert plan["budget"] is None
    assert plan["risk"] <= 0.2
    assert plan["cost"] == plan["proof"]["lower_bound"] == 9.0


def test_warnings_of_the_scenario_are_in_the_document_and_on_stderr(ask, edited, capsys):
    folder = edited()
    techniques = folder / "techniques.csv"
    techniques.write_text(techniques.read_text().replace("rlhf,RLHF,1,", "rlhf,RLHF,0,"))
    warnings = ask("recommend", folder)["warnings"]
    assert warnings
    assert set(warnings[0]) == {"file", "row", "column", "message", "cure"}
    assert main(["recommend", str(folder)]) == 0
    assert warnings[0]["message"] in capsys.readouterr().err


def test_a_page_for_people_says_what_matters(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["recommend", str(PAPER)]) == 0
    out = capsys.readouterr().out
    for words in (
        "scientist-ai (Scientist AI)",
        "9 of 9 USD million",
        "0.1765, 17.6% of the 1 with nothing funded",
        "2 techniques protect like 1.91 independent layers",
        "2: no single mode defeats the stack",
        "every one of the 128 stacks was tried",
        "Assumes that one surviving technique is enough.",
        "worst case",
    ):
        assert words in out
    assert "\x1b" not in out


def test_out_writes_the_plan_the_ranking_and_the_figure(tmp_path, capsys):
    out = tmp_path / "new" / "out"
    assert main(["recommend", str(PAPER), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "plan.json",
        "ranking.csv",
        "recommendation.png",
        "recommendation.svg",
    ]
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    assert "seconds" not in plan["proof"]
    assert plan["stack"] == ["re", "scientist-ai"]
    with (out / "ranking.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:2] == ["technique", "rank"]
    assert [row["technique"] for row in rows[:2]] == ["scientist-ai", "re"]
    assert "Written to" in capsys.readouterr().err


def test_out_with_several_budgets_writes_one_plan_each(tmp_path):
    words = ["recommend", str(SCENARIOS / "three"), "--budget", "1.5,3", "--out", str(tmp_path)]
    assert main(words) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert {"plan-1.5.json", "plan-3.json", "rank-by-budget.csv", "ranking-3.csv"} <= names


@pytest.mark.parametrize(
    ("words", "option", "message"),
    [
        (["--budget", "nan"], "--budget", "not a number"),
        (["--budget=-1"], "--budget", "negative"),
        (["--budget", "3,"], "--budget", ""),
        (["--target-risk", "30%"], "--target-risk", "not a number"),
        (["--target-risk=-0.1"], "--target-risk", "negative"),
        (["--target-risk", "0.2", "--budget", "1,2"], "--target-risk", "one budget"),
        (["--gap", "1"], "--gap", "no share"),
        (["--gap", "inf"], "--gap", "not a number"),
        (["--time-limit", "0"], "--time-limit", "no time"),
        (["--seed", "1.5"], "--seed", "not a whole number"),
        (["--seed=-1"], "--seed", "outside"),
        (["--solver", "cplex"], "--solver", "no solver"),
        (["--objective", "mean"], "--objective", "no objective"),
        (["--budget", "3", "--budget", "4"], "--budget", "twice"),
    ],
)
def test_an_option_out_of_range_is_a_finding_that_names_it(capsys, words, option, message):
    assert main(["recommend", str(SCENARIOS / "three"), *words, "--json"]) == 2
    finding = json.loads(capsys.readouterr().out)["error"]["findings"][0]
    assert finding["file"] == option
    assert message in finding["message"]
    assert finding["cure"]


def test_a_stack_chosen_by_depth_says_so_and_shows_no_locks(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["recommend", str(PAPER), "--objective", "depth"]) == 0
    out = capsys.readouterr().out
    assert "chosen by depth: 2, needs no probability" in out
    assert "locked" not in out
    assert main(["recommend", "--help"]) == 0
    assert "expected, cvar:0.95, worst:1 or depth" in " ".join(capsys.readouterr().out.split())


def test_a_depth_without_end_is_said_in_words(capsys, tmp_path):
    folder = tmp_path / "s"
    write(folder, base(vulnerability="technique,m,n\na,0.1,0.1\nb,0.2,0.3\n"))
    assert main(["recommend", str(folder), "--objective", "depth"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "chosen by depth: no set of modes defeats the stack, needs no probability" in out


@pytest.mark.parametrize("reading", ["together", "by-mode"])
def test_the_cli_explains_and_recommends_the_same_stack(ask, edited, reading):
    folder = edited(reading=reading)
    assert ask("explain", folder, "--draws", "0")["stack"] == ask("recommend", folder)["stack"]
