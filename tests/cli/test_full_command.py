"""`recommend --full`: the page, the document and the files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from planner.cli.main import main

SEVEN = "scenarios/dung-mai-2025"


def test_the_document_keeps_its_keys_and_gains_those_of_the_full_ranking(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["recommend", SEVEN, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main(["recommend", SEVEN, "--full", "--json", "--out", str(tmp_path)]) == 0
    full = json.loads(capsys.readouterr().out)
    assert set(plain) | {"shapley", "two_lists"} == set(full)
    for before, after in zip(plain["ranking"], full["ranking"], strict=True):
        assert {key: after[key] for key in before} == before
    prices = {row["technique"]: row["entry_price"] for row in full["ranking"]}
    # by hand: ida and scientist-ai with rlhf and rlaif cost 8 without ida and beat 0.1765
    assert prices["ida"] == 1
    assert full["shapley"]["total"] == pytest.approx(plain["risk_empty"] - plain["risk"])
    shares = [row["shapley_share"] for row in full["ranking"] if row["recommended"]]
    assert sum(shares) == pytest.approx(1)
    with (tmp_path / "ranking-in-full.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 7
    with (tmp_path / "two-lists.csv").open() as file:
        assert next(row["option"] for row in csv.DictReader(file)) == "rlhf"
    written = json.loads((tmp_path / "plan.json").read_text())
    assert written["two_lists"] == full["two_lists"]


@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_page_fits_and_has_both_lists(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["recommend", SEVEN, "--full"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= int(columns)
    assert "What would bring in the others" in out
    assert "Two lists" in out
    assert "rlhf is 1st alone" in out


def test_what_others_pay_for_has_no_rank_in_the_table(tmp_path: Path) -> None:
    # A technique without a rank is an empty cell (docs/commands.md); pandas' missing value once
    # ended the command. Found by fuzzing, seed 4499850.
    scenario, out = tmp_path / "scenario", tmp_path / "out"
    scenario.mkdir()
    for path in Path(SEVEN).iterdir():
        (scenario / path.name).write_bytes(path.read_bytes())
    with (scenario / "scenario.yaml").open("a") as file:
        file.write("committed: [rlaif]\n")
    assert main(["recommend", str(scenario), "--full", "--out", str(out)]) == 0
    with (out / "ranking-in-full.csv").open() as file:
        ranks = {row["technique"]: row["rank"] for row in csv.DictReader(file)}
    assert ranks.pop("rlaif") == ""
    assert sorted(ranks.values()) == list("123456")


def test_what_others_pay_for_is_on_the_page_and_in_evaluate(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for path in Path(SEVEN).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "scenario.yaml").open("a") as file:
        file.write("committed: [rlaif]\n")
    assert main(["recommend", str(tmp_path)]) == 0
    assert "What others pay for, and what this stack adds" in capsys.readouterr().out
    assert main(["evaluate", str(tmp_path), "--stack", "re", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["paid_by_others"]
    assert found["value_of_addition"] == pytest.approx(
        found["without_this_funder"] - found["with_this_funder"]
    )
    assert main(["evaluate", SEVEN, "--stack", "re", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["paid_by_others"] is None


def test_in_full_goes_with_one_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", SEVEN, "--full", "--budget", "3,6", "--json"]) == 2
    finding = json.loads(capsys.readouterr().out)["error"]["findings"][0]
    assert finding["file"] == "--full"
