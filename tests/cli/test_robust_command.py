"""`planner robust` through `main`: page, document, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_files import MAIN, base, write

from planner.cli.main import main

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"
UNSURE = base(
    techniques="id,cost\na,1\nb,2\nc,1 to 3\n",
    vulnerability=(
        'technique,m,n\na,0.5,0.1 to 0.9\nb,0.2,"{mix: {0.1: 0.5, 0.9: 0.5}}"\nc,0.4,0.4\n'
    ),
)


def test_the_document_keeps_its_promises_and_is_the_same_every_time(tmp_path, capsys) -> None:
    folder = write(tmp_path / "s", UNSURE)
    texts = []
    for more in ([], ["--out", str(tmp_path / "one")]):
        assert main(["robust", str(folder), "--draws", "40", "--json", *more]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    found = json.loads(texts[0])
    assert set(found["core_index"]) == {"a", "b", "c"}
    assert found["draws"]["count"] == 40
    assert set(found["best_by"]) == {"central", "mean", "cvar", "regret"}
    assert {one["number"] for one in found["judgements"]["numbers"]} == {
        "techniques.c.cost",
        "vulnerability.a.n",
        "vulnerability.b.n",
    }
    assert found["experts"] is None
    assert found["without_probabilities"]["needs_no_probability"]
    one = tmp_path / "one"
    names = {path.name for path in one.iterdir()}
    assert {"core-index.csv", "robust-stacks.csv", "selection-bias.svg", "tornado.png"} <= names
    assert (one / "robust.json").read_text() == texts[0]


@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_page_fits_the_screen_and_says_what_survives(columns, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["robust", str(PAPER), "--draws", "64"]) == 0
    out = capsys.readouterr().out
    assert "each of its techniques is in the best stack of every draw" in " ".join(out.split())
    assert all(len(line) <= int(columns) for line in out.splitlines())


def test_a_stack_that_is_rarely_the_best_is_explained(tmp_path, capsys) -> None:
    """Sixteen techniques that are alike but for chance: hardly two draws have the same best stack.
    What is said is counted here from the document of the same run."""
    ids = [f"t{k:02}" for k in range(16)]
    files = base(
        techniques="id,cost\n" + "".join(f"{id},1\n" for id in ids),
        vulnerability="technique,m,n\n" + "".join(f"{id},0.1 to 0.9,0.1 to 0.9\n" for id in ids),
    )
    words = ["robust", str(write(tmp_path / "s", files)), "--draws", "40", "--budget", "6"]
    assert main([*words, "--settle", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (said, *_) = found["notes"]
    held = [row["core_index"] for row in found["techniques"] if row["central"]]
    assert f"have {found['draws']['different_stacks']} different best stacks" in said
    assert f"holds {100 * sum(held) / len(held):.3g}% of the techniques" in said
    (central,) = [row for row in found["stacks"] if "central" in row["roles"]]
    assert central["best_share"] < 0.1
    added = central["regret"]["mean"]
    assert f"({100 * added / central['mean']:.3g}%) more risk than the draw's best" in said


def test_experts_are_kept_apart_and_shown_side_by_side(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    panel = PAPER.parent / "panel-of-three"
    assert main(["robust", str(panel), "--draws", "16", "--settle", "0"]) == 0
    out = capsys.readouterr().out
    assert "Experts, kept apart" in out
    assert "Which judgement" not in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert main(["robust", str(panel), "--draws", "16", "--settle", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["experts"]
    assert set(found["weights"]) == {"anna", "ben", "chen"}
    assert found["pooled"]["stack"]


def test_bad_options_are_all_named_at_once(capsys) -> None:
    words = ["--draws", "0", "--judgement-correlation", "2", "--seed", "x", "--json"]
    assert main(["robust", str(PAPER), *words]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert {f["file"] for f in error["findings"]} == {
        "--draws",
        "--judgement-correlation",
        "--seed",
    }


def test_a_scenario_without_uncertainty_says_so(tmp_path, capsys) -> None:
    assert main(["robust", str(write(tmp_path, base(main=MAIN))), "--draws", "8"]) == 0
    assert "Nothing is uncertain" in capsys.readouterr().out
