"""What the page is told is what `recommend` finds in the same scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.plan import recommend
from planner.scenario.changes import change_all
from planner.scenario.digest import digest
from planner.scenario.read import read

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


def ask(client: Any, paper: dict[str, Any], part: str = "plan", **state: Any) -> Any:
    body = {"scenario": paper["digest"], "client": "test", "part": part, **state}
    return client.post("/api/answer", json=body)


def labels(answer: dict[str, Any]) -> list[str]:
    return [item["label"] for item in answer["stack"]]


def test_the_papers_scenario_gives_the_values_of_the_model(
    client: Any, paper: dict[str, Any]
) -> None:
    """docs/model.md, values to check by hand: budget 9 buys RE and Scientist AI at 0.1765."""
    found = ask(client, paper).json()
    assert labels(found) == ["re", "scientist-ai"]
    facts = {fact["label"]: fact["text"] for fact in found["facts"]}
    assert facts["Residual risk"].startswith("0.1765")
    assert "1.91" in facts["Effective layers"]
    assert {row["name"]: row["text"] for row in found["band"]} == {
        "if techniques failed independently": "0.1628",
        "with shared modes only": "0.1765",
        "as the model says": "0.1765",
        "in the worst case": "0.3961",
    }


@pytest.mark.parametrize(
    ("changes", "objective"),
    [
        ([["budget", "6"]], "expected"),
        ([["joint.modes", "0.6"], ["budget", "21"]], "expected"),
        ([["vulnerability.debate.al-gen", "0.01"]], "expected"),
        ([["rules.fund", "rlhf"], ["rules.exclude", "re"]], "cvar:0.9"),
        ([["reading", "by-mode"], ["techniques.ida.cost", "0.5"]], "expected"),
        ([["unlisted", "0.05"]], "worst:1"),
        ([["threshold", "0.3"]], "depth"),
    ],
)
def test_changes_give_what_recommend_gives(
    client: Any, paper: dict[str, Any], changes: list[list[str]], objective: str
) -> None:
    scenario = change_all(read(PAPER), [(path, text) for path, text in changes])
    plan = recommend(scenario, objective)
    found = ask(client, paper, changes=changes, objective=objective).json()
    assert labels(found) == list(plan.stack)
    assert found["digest"] == digest(scenario)
    now = {row["label"]: row["now"] for row in found["beside"]["rows"]}
    assert now["Residual risk"] == f"{plan.risk:.4g}"


def test_beside_the_base_says_who_enters_and_leaves(client: Any, paper: dict[str, Any]) -> None:
    """At 4.5 the paper's stack gives way to re with rlhf (docs/how-to/ask-what-if.md)."""
    half = {"changes": [["budget", "4.5"]], "objective": "expected"}
    found = ask(client, paper, **half).json()["beside"]
    assert (found["enters"], found["leaves"], found["same"]) == (["rlhf"], ["scientist-ai"], False)
    assert "The base stack does not meet: budget 4.5 USD million." in found["sentence"]
    turned = ask(client, paper, saved=half).json()["beside"]
    assert (turned["enters"], turned["leaves"]) == (["scientist-ai"], ["rlhf"])
    assert ask(client, paper, **half, saved=half).json()["beside"]["same"]


def test_the_ranking_is_that_of_the_command(client: Any, paper: dict[str, Any]) -> None:
    from planner.study.ranking import rank

    ranking = rank(recommend(read(PAPER)))
    expected = ranking.rows
    told = ask(client, paper, "ranking").json()
    found = told["rows"]
    assert told["references"] == list(ranking.evidence.references)
    assert [row["technique"] for row in found] == [row.technique for row in expected]
    assert [row["reason"] for row in found] == [f"{r.reason} {r.evidence}" for r in expected]
    assert [row["state"] for row in found[:3]] == ["in", "in", "out"]


def test_alternatives_and_explanation_are_told(client: Any, paper: dict[str, Any]) -> None:
    others = ask(client, paper, "alternatives").json()["rows"]
    assert [row["stack"] for row in others[:1]] == ["ida, re"]
    why = ask(client, paper, "explain").json()
    # docs/model.md: re with scientist-ai is the only pair that no single mode defeats.
    assert why["cuts"]["head"].startswith("No single mode")
    assert why["cuts"]["sets"] == ["al-gen + s-tax", "dec-al + s-tax"]
    heat = why["correlation"]
    assert len(heat["rows"]) == len(heat["labels"]) == 7
    assert all(heat["rows"][k][k]["text"] == "1" for k in range(7))
    depth = ask(client, paper, "alternatives", objective="depth").json()
    assert depth["rows"] == []
    assert depth["note"]


def test_findings_name_the_field(client: Any, paper: dict[str, Any]) -> None:
    changes = [["budget", "1,000"], ["vulnerability.rlhf.coll", "pron"], ["techniques.x.cost", "1"]]
    got = ask(client, paper, changes=changes)
    assert got.status_code == 422
    findings = got.json()["error"]["findings"]
    assert [finding["file"] for finding in findings] == [path for path, _ in sorted(changes)]
    assert "Did you mean prone?" in findings[2]["cure"]
    odd = ask(client, paper, objective="best").json()["error"]["findings"]
    assert odd[0]["file"] == "--objective"


def test_rules_that_cannot_hold_are_told_with_the_way_out(
    client: Any, paper: dict[str, Any]
) -> None:
    changes = [["rules.fund", "scientist-ai, ida"], ["budget", "9"]]
    got = ask(client, paper, changes=changes)
    assert got.status_code == 409
    error = got.json()["error"]
    assert error["code"] == 3
    assert "12" in error["message"]
    # Costs of 6 and 6 (techniques.csv): both need 12, either alone fits.
    ways = {way["text"]: way["changes"] for way in error["ways_out"]}
    assert ways == {
        "Raise the budget to 12 USD million": [["budget", "12"]],
        "Drop “fund ida”": [["rules.fund", "scientist-ai"]],
        "Drop “fund scientist-ai”": [["rules.fund", "ida"]],
    }
    for way in ways.values():
        mended = {**dict(changes), **dict(way)}
        assert ask(client, paper, changes=[list(pair) for pair in mended.items()]).is_success


def test_a_scenario_that_is_not_open_is_a_finding(client: Any) -> None:
    got = client.post("/api/answer", json={"scenario": "sha256:0"})
    assert got.status_code == 422
    assert "Open its file again" in got.json()["error"]["findings"][0]["cure"]


def test_the_changed_scenario_reads_back_from_its_file(
    client: Any, paper: dict[str, Any], tmp_path: Path
) -> None:
    changes = [["budget", "4.5"], ["vulnerability.rlhf.coll", "0.33"]]
    body = {"scenario": paper["digest"], "changes": changes}
    got = client.post("/api/download/scenario", json=body)
    assert got.headers["content-disposition"] == 'attachment; filename="scenario.yaml"'
    (tmp_path / "scenario.yaml").write_bytes(got.content)
    changed = change_all(read(PAPER), [("budget", "4.5"), ("vulnerability.rlhf.coll", "0.33")])
    assert digest(read(tmp_path / "scenario.yaml")) == digest(changed)


def test_the_plan_is_the_file_of_the_command(
    client: Any, paper: dict[str, Any], tmp_path: Path
) -> None:
    from planner.cli.main import main

    assert main(["recommend", str(PAPER), "--out", str(tmp_path)]) == 0
    for name, file in (("plan", "plan.json"), ("ranking", "ranking.csv")):
        got = client.post(f"/api/download/{name}", json={"scenario": paper["digest"]})
        assert got.content == (tmp_path / file).read_bytes(), name
    assert client.post("/api/download/secret", json={}).status_code == 404


def test_the_slider_reaches_all_techniques(paper: dict[str, Any]) -> None:
    """All seven cost 21 (docs/model.md)."""
    budget = paper["sliders"][0]
    assert (budget["path"], budget["text"], budget["max"]) == ("budget", "9", 21)
    assert 40 <= budget["max"] / budget["step"] <= 120
