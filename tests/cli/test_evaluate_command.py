"""`planner evaluate` through `main`: its page, its document, its files, its exit codes."""

import csv
import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from scenario_files import MAIN, base, explicit, write

from planner.cli.main import main

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"
CHEAP = "rlhf,rlaif,w2s,debate"


@pytest.fixture
def ask(capsys):
    """Runs a command line with --json; gives its document."""

    def run(*words, code=0):
        found = main(["evaluate", *map(str, words), "--json"])
        out = capsys.readouterr().out
        assert found == code, out
        return json.loads(out)

    return run


def page(capsys, monkeypatch, width, *words):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["evaluate", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_the_document(ask):
    found = ask(PAPER, "--stack", CHEAP)
    assert found["stack"] == ["debate", "rlaif", "rlhf", "w2s"]
    assert found["cost"] == 6
    assert found["risk"] == pytest.approx(0.5019, abs=5e-5)
    assert found["same_cost"]["risk"] == pytest.approx(0.3213, abs=5e-5)
    assert found["at_budget"]["stack"] == ["re", "scientist-ai"]
    assert found["at_budget"]["proof"]["kind"] == "enumerated"
    assert found["best_swap"]["adds"] == "scientist-ai"
    assert found["best_add"]["adds"] == "re"
    assert found["best_drop"]["drops"] == "w2s"
    assert found["moves"][-1]["stack"] == ["re", "scientist-ai"]
    assert (found["keeps_rules"], found["breaks"]) == (True, [])
    assert {row["technique"] for row in found["left_out"]} == set(CHEAP.split(","))
    assert {row["rule"] for row in found["naive"]} >= {"best_alone", "equal_split"}
    assert found["verdict"].startswith("Your stack leaves 0.5019; the best for the same money")
    assert found["scenario"]["digest"].startswith("sha256:")
    assert found["warnings"] == []


@pytest.mark.parametrize("objective", ["cvar:0.95", "worst:1", "depth"])
def test_every_objective(ask, objective):
    found = ask(PAPER, "--stack", CHEAP, "--objective", objective)
    assert found["objective"] == objective
    assert found["at_budget"]["depth"] == 2
    assert (found["at_budget"]["gap"] is None) == (objective == "depth")
    assert found["depth"] == 1
    assert found["cut_sets"] == 4


def test_a_stack_over_the_budget_is_judged_and_says_so(ask):
    found = ask(PAPER, "--stack", "ida, scientist-ai", "--budget", "9.5")
    assert found["keeps_rules"] is False
    (breach,) = found["breaks"]
    assert breach["where"] == "budget"
    assert breach["sentence"] == "it costs 2.5 USD million more than the budget of 9.5 USD million"


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("stack", [CHEAP, "", "re,scientist-ai", "ida,scientist-ai,re,debate"])
@pytest.mark.parametrize("objective", ["expected", "cvar:0.95", "depth"])
def test_the_page_fits(capsys, monkeypatch, width, stack, objective):
    out = page(capsys, monkeypatch, width, PAPER, "--stack", stack, "--objective", objective)
    assert max(cell_len(line) for line in out.splitlines()) <= width
    assert "\n\n\n" not in out
    assert not any(line.endswith(" ") for line in out.splitlines())


def test_the_page_says_what_matters_in_order(capsys, monkeypatch):
    out = page(capsys, monkeypatch, 80, PAPER, "--stack", f"{CHEAP},re,ida")
    parts = [
        "Your stack leaves 0.1801; the best for the same money leaves",
        "Your stack breaks 1 rule: it costs 6 USD million more than the budget of 9 USD million.",
        "Your stack beside the best",
        "yours",
        "best for the same",
        "best at the budget",
        "every one of the 128 stacks was tried",
        "What it breaks",
        "One move",
        "best swap",
        "best drop",
        "There is nothing to add within the budget.",
        "From your stack to the best at the budget of 9 USD million",
        "In yours and not in the best",
        "What simple rules leave",
        "Amounts are in USD million. Assumes that one surviving technique is enough.",
    ]
    text, place = " ".join(out.split()), 0
    for part in parts:
        place = text.index(part, place)


@pytest.mark.parametrize("width", [80, 200])
def test_long_names_and_worlds_of_ones_own_fit(tmp_path, capsys, monkeypatch, width):
    long = "b-" + "very-" * 19 + "end"
    techniques = f"id,name,cost\na,Alpha,1\n{long},Beta,123456789.25\n"
    failure = f"technique,world,failure\na,calm,0.1\n{long},storm,0.5\n"
    folder = write(tmp_path / "s", explicit(techniques=techniques, failure=failure))
    out = page(capsys, monkeypatch, width, folder, "--stack", f"a,{long}")
    assert max(cell_len(line) for line in out.splitlines()) <= width
    assert long in "".join(out.split())


@pytest.mark.parametrize(
    "text",
    ["budget: 0", "committed: [a]", "committed: [a, b]", "unlisted: 0.3", "baseline_loss: 0"],
)
def test_edge_cases_have_a_page(tmp_path, capsys, monkeypatch, text):
    key = text.partition(":")[0]
    lines = [line for line in MAIN.splitlines() if not line.startswith(f"{key}:")]
    folder = write(tmp_path / "s", base(main="\n".join([*lines, text]) + "\n"))
    for stack in ("", "b") if "b]" not in text else ("",):
        out = page(capsys, monkeypatch, 80, folder, "--stack", stack, "--out", tmp_path / "out")
        assert max(cell_len(line) for line in out.splitlines()) <= 80
        assert "NaN" not in (tmp_path / "out" / "evaluation.json").read_text()


def test_out_writes_the_document_and_the_moves_and_the_same_bytes_twice(tmp_path, capsys):
    for name in ("a", "b"):
        words = ["evaluate", str(PAPER), "--stack", CHEAP, "--out", str(tmp_path / name)]
        assert main(words) == 0
    assert "Written to" in capsys.readouterr().err
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("a", "b")]
    assert files[0] == files[1]
    assert set(files[0]) == {"evaluation.json", "moves.csv"}
    with (tmp_path / "a" / "moves.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]
    assert (rows[0]["move"], rows[0]["drops"], rows[0]["adds"]) == (
        "swap",
        "debate",
        "scientist-ai",
    )
    assert rows[0]["keeps_rules"] == "yes"
    assert rows[1]["adds"] == ""
    assert rows[-1]["stack"] == "re, scientist-ai"


def test_a_scenario_without_a_budget_needs_none(tmp_path, ask):
    main_file = "\n".join(line for line in MAIN.splitlines() if "budget" not in line) + "\n"
    folder = write(tmp_path / "s", base(main=main_file))
    found = ask(folder, "--stack", "b")
    assert (found["budget"], found["at_budget"]) == (None, None)
    assert found["same_cost"]["budget"] == 2


def test_3_where_no_stack_meets_the_rules(tmp_path, ask):
    folder = write(tmp_path / "s", base(main=MAIN + "rules: {fund: [a, b]}\n"))
    error = ask(folder, "--stack", "a", "--budget", "1", code=3)["error"]
    assert "Raise the budget" in error["message"]


@pytest.mark.parametrize(
    ("words", "option", "message"),
    [
        (["--stack", "rlfh"], "--stack", "no option"),
        (["--stack", "rlhf,,w2s"], "--stack", "no option"),
        (["--stack", "rlhf,w2s,rlhf"], "--stack", "named twice"),
        (["--stack", "rlhf:half"], "--stack", "no option"),
        ([], "planner evaluate", "--stack"),
        (["--stack", "re", "--budget", "1,2"], "--budget", ""),
        (["--stack", "re", "--budget=-1"], "--budget", "negative"),
        (["--stack", "re", "--objective", "mean"], "--objective", "no objective"),
        (["--stack", "re", "--gap", "1"], "--gap", "no share"),
        (["--stack", "re", "--seed", "x"], "--seed", ""),
        (["--stack", "re", "--time-limit", "0"], "--time-limit", "no time"),
        (["--stack", "re", "--solver", "cplex"], "--solver", "no solver"),
    ],
)
def test_2_for_bad_input_that_names_the_option(ask, words, option, message):
    finding = ask(PAPER, *words, code=2)["error"]["findings"][0]
    assert finding["file"] == option
    assert message in finding["message"]
    assert finding["cure"]


def test_an_unknown_technique_is_answered_with_the_nearest(ask):
    finding = ask(PAPER, "--stack", "rlfh", code=2)["error"]["findings"][0]
    assert finding["cure"] == "Did you mean rlhf?"
