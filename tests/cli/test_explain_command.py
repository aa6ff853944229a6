"""`planner explain` through `main`: the paper's claims as numbers, its page, its files."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len
from scenario_files import MAIN, base, explicit, write

from planner.cli.main import main

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PAPER = SCENARIOS / "dung-mai-2025"
CHEAP = ("rlhf", "rlaif", "w2s")


@pytest.fixture
def ask(capsys):
    """Runs a command line with --json; gives its document."""

    def run(*words, code=0):
        found = main(["explain", *map(str, words), "--json"])
        out = capsys.readouterr().out
        assert found == code, out
        return json.loads(out)

    return run


@pytest.fixture
def paper(ask):
    return ask(PAPER, "--draws", "5")


@pytest.fixture
def of_stack(ask):
    def run(*labels):
        return ask(PAPER, "--draws", "0", "--stack", ",".join(labels))

    return run


@pytest.fixture
def settled_as(ask, tmp_path):
    """The document of a stack, with every "?" written as ok, or as prone."""

    def run(symbol, *labels):
        folder = tmp_path / symbol
        if not folder.exists():
            shutil.copytree(PAPER, folder)
            table = folder / "vulnerability.csv"
            table.write_text(table.read_text().replace("?", symbol))
        return ask(folder, "--draws", "0", "--stack", ",".join(labels))

    return run


def pair(document, table, one, other):
    found = document["correlation"]
    names = found["labels"]
    return found[table][names.index(one)][names.index(other)]


# The claims of the paper, as the tool's own numbers.


def test_the_cheap_three_share_almost_all_modes(paper):
    assert [pair(paper, "jaccard", "rlhf", other) for other in ("rlaif", "w2s")] == [5 / 6, 5 / 6]
    assert pair(paper, "jaccard", "rlaif", "w2s") == 1
    assert (
        pair(paper, "shared_modes", "rlhf", "rlaif"),
        pair(paper, "union_modes", "rlhf", "w2s"),
    ) == (5, 6)
    assert sorted(CHEAP) in [sorted(cluster) for cluster in paper["clusters"]]


def test_rlaif_or_w2s_adds_nothing_to_rlhf(of_stack):
    alone = of_stack("rlhf")["cut_sets"]["single_points"]
    assert len(alone) == 5
    for other in ("rlaif", "w2s"):
        assert of_stack("rlhf", other)["cut_sets"]["single_points"] == alone
    assert of_stack(*CHEAP)["cut_sets"]["single_points"] == alone


@pytest.mark.parametrize("other", ["debate", "ida"])
def test_debate_or_ida_with_re_leaves_al_gen_alone(of_stack, other):
    found = of_stack(other, "re")
    assert found["cut_sets"]["single_points"] == ["al-gen"]
    assert found["depth"] == 1
    assert found["redundancy"]["not_held"] == ["al-gen"]


def test_all_but_scientist_ai_fall_to_al_gen(paper, of_stack):
    counts = {row["mode"]: row for row in paper["all_techniques"]["cut_sets"]["modes"]}
    assert counts["al-gen"]["fails"] == 6
    assert "al-gen" not in of_stack("scientist-ai")["cut_sets"]["single_points"]


def test_how_many_techniques_each_mode_defeats(paper):
    counts = {row["mode"]: row for row in paper["all_techniques"]["cut_sets"]["modes"]}
    order = ["s-tax", "cap-dev", "dec-al", "coll", "em-mis", "eval-diff", "al-gen"]
    assert [counts[mode]["fails"] for mode in order] == [2, 4, 4, 3, 4, 4, 6]
    assert [counts[mode]["if_hold"] for mode in order] == [2, 4, 4, 3, 4, 4, 6]
    assert [counts[mode]["if_fail"] for mode in order] == [3, 5, 4, 4, 4, 4, 6]


@pytest.mark.parametrize("symbol", ["ok", "prone"])
def test_re_with_scientist_ai_is_the_only_pair_that_no_single_mode_defeats(settled_as, symbol):
    names = ["debate", "ida", "re", "rlaif", "rlhf", "scientist-ai", "w2s"]
    safe = {
        (one, other)
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if settled_as(symbol, one, other)["depth"] != 1
    }
    if symbol == "prone":
        assert safe == {("re", "scientist-ai")}
    else:
        assert ("re", "scientist-ai") in safe


def test_the_widest_swing_is_debate_with_scientist_ai(of_stack):
    found = of_stack("debate", "scientist-ai")["cut_sets"]
    assert found["if_uncertain_hold"]["single_points"] == []
    assert len(found["if_uncertain_fail"]["single_points"]) == 3


def test_ten_techniques_at_a_tenth_from_1e_10_to_a_tenth(ask, tmp_path):
    techniques = "id,name,cost,background,groups\n" + "".join(
        f"t{k},T{k},1,0.1,g\n" for k in range(10)
    )
    main_file = """planner: 1
name: Ten at a tenth
budget: 10
techniques: techniques.csv
modes: modes.csv
vulnerability: vulnerability.csv
groups: {{g: {loading}}}
"""
    files = {
        "techniques.csv": techniques,
        "modes.csv": "id,probability\nm,0\n",
        "vulnerability.csv": "technique,m\n" + "".join(f"t{k},0\n" for k in range(10)),
    }
    risks = []
    for loading in (0, 0.5, 0.9, 0.99):
        folder = tmp_path / str(loading)
        write(folder, files | {"scenario.yaml": main_file.format(loading=loading)})
        band = ask(folder, "--draws", "0")["band"]
        assert band["independent"] == pytest.approx(1e-10)
        assert band["worst_case"] == pytest.approx(0.1)
        risks.append(band["model"])
    assert risks == pytest.approx([1e-10, 0.001605, 0.03361, 0.07491], rel=1e-3)


# The document.


def test_json_has_every_promised_key(paper):
    for key in ("band", "effective_layers", "cut_sets", "depth", "correlation", "clusters"):
        assert key in paper
    assert paper["band"]["model"] == pytest.approx(0.1765, abs=5e-5)
    assert paper["effective_layers"] == pytest.approx(1.91, abs=5e-3)
    assert paper["all_techniques"]["effective_layers"] == pytest.approx(4.12, abs=5e-3)
    assert paper["best"]["stack"] == ["re", "scientist-ai"]
    assert paper["best"]["proof"]["kind"] == "enumerated"
    assert "seconds" not in paper["best"]["proof"]
    price = paper["price_of_ignoring"]
    assert price["draws"] == 5
    assert 9.0 in {row["budget"] for row in price["rows"]}
    assert paper["assumption"]


def test_the_price_is_asked_at_the_budget_that_was_given(ask):
    found = ask(SCENARIOS / "three", "--budget", "1.5", "--draws", "0")
    assert 1.5 in {row["budget"] for row in found["price_of_ignoring"]["rows"]}
    assert not any(row["rule"] == "random" for row in found["price_of_ignoring"]["rows"])


def test_the_seed_makes_the_random_stacks(ask):
    words = (SCENARIOS / "dung-mai-2025", "--draws", "3", "--budget", "9", "--seed")
    one, same, other = (ask(*words, seed)["price_of_ignoring"]["rows"] for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("objective", ["depth", "cvar:0.9", "worst:2"])
def test_a_stack_chosen_by_another_objective_is_explained(ask, objective):
    assert ask(PAPER, "--objective", objective, "--draws", "0")["objective"] == objective


# The page.


def page(capsys, monkeypatch, width, *words):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["explain", *map(str, words)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize(
    "words", [(PAPER,), (PAPER, "--stack", "rlhf,w2s"), (SCENARIOS / "three",)]
)
def test_the_page_fits(capsys, monkeypatch, width, words):
    out = page(capsys, monkeypatch, width, *words, "--draws", "20")
    assert max(cell_len(line) for line in out.splitlines()) <= width
    assert "\n\n\n" not in out


def test_the_page_says_what_matters_in_order(capsys, monkeypatch):
    out = page(capsys, monkeypatch, 80, PAPER)
    parts = [
        "2 techniques protect like 1.91 independent layers; all 7 like 4.12.",
        "How the risk hangs on the dependence of failures",
        "The stack is not safe everywhere",
        "Both readings of the modes",
        "Effective layers, techniques added best first",
        "Which modes defeat everything (needs no probability)",
        "Who drives the rest",
        "What each technique is worth",
        "Who stands in for whom",
        "Correlation of failures, all techniques",
        "and 11 more pairs (all in --json / --out)",
        "What no stack can go below",
        "The price of ignoring correlation",
        "+57.5%",
        "believes that 0.1124 is left, and leaves 0.2779",
        "Assumes that one surviving technique is enough.",
    ]
    text, place = " ".join(out.split()), 0
    for part in parts:
        place = text.index(part, place)


def test_worlds_of_ones_own_leave_out_what_needs_modes_and_say_so(tmp_path, capsys, monkeypatch):
    folder = write(tmp_path / "s", explicit())
    out = page(capsys, monkeypatch, 80, folder, "--out", tmp_path / "out")
    text = " ".join(out.split())
    assert "The scenario gives worlds instead of failure modes" in text
    assert "Which modes defeat everything" not in out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "explain.json" in names
    assert "drivers.svg" in names
    assert not names & {"cut-sets.csv", "cut-sets.png", "jaccard.csv", "vulnerability.png"}


@pytest.mark.parametrize(
    "text",
    ["budget: 0", "committed: [a]", "committed: [a, b]", "unlisted: 0.3", "baseline_loss: 0"],
)  # fmt: skip
def test_edge_cases_have_a_page_and_files(tmp_path, capsys, monkeypatch, text):
    key = text.partition(":")[0]
    lines = [line for line in MAIN.splitlines() if not line.startswith(f"{key}:")]
    folder = write(tmp_path / "s", base(main="\n".join([*lines, text]) + "\n"))
    out = page(capsys, monkeypatch, 80, folder, "--out", tmp_path / "out")
    assert max(cell_len(line) for line in out.splitlines()) <= 80
    document = (tmp_path / "out" / "explain.json").read_text()
    assert "NaN" not in document


def test_an_empty_stack_can_be_explained(capsys, monkeypatch):
    out = page(capsys, monkeypatch, 80, PAPER, "--stack", "", "--draws", "0")
    assert "The stack is empty" in out


# The files.


def digests(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_out_writes_tables_and_figures_and_the_same_bytes_twice(tmp_path, capsys):
    for name in ("a", "b"):
        words = ["explain", str(PAPER), "--draws", "20", "--out", str(tmp_path / name)]
        assert main(words) == 0
    assert "Written to" in capsys.readouterr().err
    found = digests(tmp_path / "a")
    assert found == digests(tmp_path / "b")
    tables = {
        "correlation.csv", "tetrachoric.csv", "jaccard.csv", "cut-sets.csv", "drivers.csv",
        "importance.csv", "price-of-ignoring.csv",
    }  # fmt: skip
    figures = {
        f"{stem}.{kind}"
        for stem in (
            "vulnerability", "band", "layers", "cut-sets", "drivers", "correlation",
            "price-of-ignoring",
        )
        for kind in ("png", "svg")
    }  # fmt: skip
    assert set(found) == {"explain.json"} | tables | figures


def test_wide_tables_head_their_first_column_technique(tmp_path):
    words = ["explain", str(PAPER), "--draws", "0", "--out", str(tmp_path)]
    assert main(words) == 0
    for name, cell in (("correlation", 0.5453), ("tetrachoric", 0.778), ("jaccard", 5 / 6)):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert next(iter(rows[0])) == "technique"
        assert {row["technique"] for row in rows} == set(rows[0]) - {"technique"}
        found = {row["technique"]: row for row in rows}
        assert float(found["rlhf"]["w2s"]) == pytest.approx(cell, abs=1e-3)


def test_text_that_a_spreadsheet_would_run_is_neutralised(tmp_path):
    folder = tmp_path / "s"
    techniques = "id,name,cost\n-a,=cmd,1\nb,Beta,2\n"
    write(folder, explicit(techniques=techniques, failure="technique,world,failure\n-a,calm,0.1\n"))
    assert main(["explain", str(folder), "--out", str(tmp_path / "out"), "--draws", "0"]) == 0
    for name in ("correlation.csv", "importance.csv"):
        assert "\n'-a," in (tmp_path / "out" / name).read_text()


# What is refused.


@pytest.mark.parametrize(
    ("words", "option", "message"),
    [
        (["--stack", "rlfh"], "--stack", "no option"),
        (["--stack", "rlhf,,w2s"], "--stack", "no option"),
        (["--budget", "1,2"], "--budget", ""),
        (["--budget=-1"], "--budget", "negative"),
        (["--objective", "mean"], "--objective", "no objective"),
        (["--draws", "1.5"], "--draws", "whole"),
        (["--draws=-1"], "--draws", "outside"),
        (["--gap", "1"], "--gap", "no share"),
        (["--solver", "cplex"], "--solver", "no solver"),
    ],
)
def test_an_option_out_of_range_is_a_finding_that_names_it(ask, words, option, message):
    finding = ask(PAPER, *words, code=2)["error"]["findings"][0]
    assert finding["file"] == option
    assert message in finding["message"]
    assert finding["cure"]
