"""`planner what-if`: cases side by side with the base, grids, files and refusals."""

import csv
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from planner.cli.main import main
from planner.report.figures_what_if import grid_drawing
from planner.scenario.read import read
from planner.study.what_if import vary, what_if

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "scenarios" / "dung-mai-2025"
THREE = ROOT / "scenarios" / "three"


def asked(capsys, *words):
    assert main(["what-if", str(PAPER), *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *words, scenario=PAPER, code=2):
    assert main(["what-if", str(scenario), *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)["error"]["findings"]


def test_named_changes_are_the_default(capsys):
    found = asked(capsys)
    assert [case["case"] for case in found["cases"]] == ["correlated modes", "dear debate", "half"]
    half = found["cases"][2]
    assert half["changes"] == {"budget": "4.5"}
    assert half["answer"]["stack"] == ["re", "rlhf"]
    assert half["gains"] == ["rlhf"]
    assert half["loses"] == ["scientist-ai"]
    assert half["base_stack"]["breaks"] == ["budget 4.5 USD million"]
    assert found["base"]["stack"] == ["re", "scientist-ai"]
    assert found["grid"] == found["axes"] == found["warnings"] == []
    assert len(found["sentences"]) == 3


@pytest.mark.parametrize("name", ["half", "dear debate"])
def test_one_by_name(capsys, name):
    assert [case["case"] for case in asked(capsys, "--named", name)["cases"]] == [name]


def test_set_and_locks_make_one_case(capsys):
    words = ["--set", "budget=12", "--set", "techniques.debate.cost=2", "--lock-in", "rlhf"]
    found = asked(capsys, *words, "--lock-out", "re,ida", "--named", "half")
    own, half = found["cases"]
    assert own["case"] == "set"
    assert own["changes"] == {"budget": "12", "techniques.debate.cost": "2"}
    assert (own["lock_in"], own["lock_out"]) == (["rlhf"], ["re", "ida"])
    assert "rlhf" in own["answer"]["stack"]
    assert not {"re", "ida"} & set(own["answer"]["stack"])
    assert half["case"] == "half"


def test_rows_equal_recommend_on_edited_files(capsys, tmp_path):
    folder = tmp_path / "edited"
    shutil.copytree(PAPER, folder)
    main_file = folder / "scenario.yaml"
    text = main_file.read_text("utf-8").replace("budget: 9", "budget: 12")
    main_file.write_text(text + "joint: {modes: 0.3}\n", "utf-8")
    assert main(["recommend", str(folder), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    found = asked(capsys, "--set", "budget=12", "--set", "joint.modes=0.3")
    row = found["cases"][0]["answer"]
    for key in ("stack", "cost", "risk", "objective_value", "band", "effective_layers", "depth"):
        assert row[key] == plan[key]


def test_a_sentence_says_what_moves(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["what-if", str(PAPER), "--named", "half"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert (
        "half (budget 4.5): buy re, rlhf for 4 USD million, at a risk of 0.3657 instead of 0.1765; "
        "re stays, rlhf enters, scientist-ai leaves. The base stack does not meet: budget 4.5 USD "
        "million."
    ) in out


CASES = [
    [],
    ["--set", "budget=12", "--lock-in", "ida"],
    ["--lock-in", "ida,scientist-ai"],
    ["--objective", "depth"],
    ["--objective", "cvar:0.9", "--set", "unlisted=0.1"],
    ["--vary", "budget=5:20:1"],
    ["--vary", "budget=5:20:1", "--vary", "joint.modes=0,0.3,0.6"],
    ["--vary", "vulnerability.scientist-ai.cap-dev=0.1:0.9:0.2", "--vary", "budget=1:21:1"],
    ["--vary", "budget=5,9", "--vary", "unlisted=0,0.1", "--vary", "reading=together,by-mode"],
]


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_the_page_fits(capsys, monkeypatch, words, width):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["what-if", str(PAPER), *words]) == 0
    out = capsys.readouterr().out
    assert max(map(cell_len, out.splitlines())) <= width
    assert not any(line.endswith(" ") for line in out.splitlines())
    assert "\n\n\n" not in out
    assert "base" in out


@pytest.mark.parametrize("words", [["--set", "joint.modes=0.3"], CASES[6]], ids=" ".join)
def test_the_same_bytes_twice(capsys, tmp_path, words):
    files = []
    for name in ("one", "two"):
        assert main(["what-if", str(PAPER), *words, "--out", str(tmp_path / name), "--json"]) == 0
        out = capsys.readouterr().out
        folder = sorted((tmp_path / name).iterdir())
        files.append([out, *((path.name, path.read_bytes()) for path in folder)])
    assert files[0] == files[1]


def test_out_without_a_grid_writes_no_figure(tmp_path, capsys):
    assert main(["what-if", str(PAPER), "--out", str(tmp_path)]) == 0
    assert "Written to" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["what-if.csv", "what-if.json"]
    with (tmp_path / "what-if.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["base", "correlated modes", "dear debate", "half"]
    assert rows[3]["stack"] == "re, rlhf"
    assert rows[3]["changes"] == "budget=4.5"
    assert rows[3]["regret"] == ""


@pytest.mark.parametrize("words", [CASES[5], CASES[6], CASES[7]], ids=" ".join)
def test_a_grid_has_a_figure_that_says_what_it_shows(tmp_path, words):
    assert main(["what-if", str(PAPER), *words, "--out", str(tmp_path)]) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["what-if.csv", "what-if.json", "what-if.png", "what-if.svg"]
    root = ElementTree.fromstring((tmp_path / "what-if.svg").read_bytes())
    told = root.findtext("{http://www.w3.org/2000/svg}desc")
    assert told.startswith("Residual risk and best stack over")
    document = json.loads((tmp_path / "what-if.json").read_text("utf-8"))
    count = 1
    for axis in document["axes"]:
        count *= len(axis["values"])
    assert len(document["grid"]) == count


def test_three_axes_have_no_figure():
    scenario = read(THREE)
    axes = ["budget=1,2", "unlisted=0,0.1", "threshold=0.4,0.5"]
    assert grid_drawing(what_if(scenario, [], grid=vary(scenario, axes))) is None


def test_cells_without_a_stack(capsys, tmp_path):
    words = ["--lock-in", "ida", "--vary", "budget=4:8:1", "--vary", "unlisted=0,0.1"]
    assert main(["what-if", str(PAPER), *words, "--out", str(tmp_path)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert (
        "4 cells have no stack; the first (budget=4, unlisted=0): No stack meets the rules" in out
    )
    assert (tmp_path / "what-if.png").stat().st_size > 1000


def test_every_finding_about_the_options_in_one_list(capsys):
    words = ["--set", "bugdet=1", "--set", "unlisted=2", "--set", "x", "--lock-in", "idda"]
    words += ["--named", "hal", "--vary", "joint.modes=0,2", "--gap", "7", "--seed", "x"]
    findings = refused(capsys, *words)
    assert {(f["file"], f["column"]) for f in findings} == {
        ("--set", "bugdet"),
        ("--set", "unlisted"),
        ("--set", None),
        ("--lock-in", "idda"),
        ("--named", None),
        ("--vary", "joint.modes"),
        ("--gap", None),
        ("--seed", None),
    }
    assert all(f["message"] and f["cure"] for f in findings)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "budget=1", "--set", "budget=2"], "changed twice"),
        (["--lock-in", "re", "--lock-out", "re"], "locked in and locked out"),
        (["--set", "budget=1", "--vary", "budget=1,2"], "changed twice"),
        (["--named", "nobody"], "not a named change"),
        (["--lock-in", ""], "blank"),
    ],
)
def test_what_is_refused(capsys, words, message):
    assert message in refused(capsys, *words)[0]["message"]


def test_nothing_is_asked(capsys):
    (finding,) = refused(capsys, scenario=THREE)
    assert "Nothing is asked" in finding["message"]


def test_a_base_that_no_stack_meets_is_code_3(capsys, tmp_path):
    folder = tmp_path / "tight"
    shutil.copytree(PAPER, folder)
    with (folder / "scenario.yaml").open("a", encoding="utf-8") as file:
        file.write("rules: {fund: [ida, scientist-ai]}\n")
    findings = refused(capsys, "--set", "budget=20", scenario=folder, code=3)
    assert {f["column"] for f in findings} == {"rules.fund", "budget"}


def test_a_named_change_that_is_wrong_is_a_row_and_a_warning_of_check(capsys, tmp_path):
    folder = tmp_path / "odd"
    shutil.copytree(PAPER, folder)
    main_file = folder / "scenario.yaml"
    text = main_file.read_text("utf-8").replace("techniques.debate.cost", "techniques.debte.cost")
    main_file.write_text(text, "utf-8")
    assert main(["check", str(folder), "--json"]) == 0
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert warning["file"] == "scenario.yaml"
    assert warning["column"] == "what_if.dear debate.techniques.debte.cost"
    assert warning["cure"] == "Did you mean techniques.debate.cost?"
    assert main(["what-if", str(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["cases"]
    assert rows[1]["answer"] is None
    assert "Did you mean" in rows[1]["message"]


def test_the_docs_quote_the_command():
    page = (ROOT / "docs" / "how-to" / "ask-what-if.md").read_text("utf-8")
    assert "half (budget 4.5): buy re, rlhf for 4 USD million" in page
    assert "planner what-if scenarios/dung-mai-2025" in page
