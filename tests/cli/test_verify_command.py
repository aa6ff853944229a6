"""`planner verify` through `main`: what holds, what does not, and what is no plan."""

import json
import shutil
from pathlib import Path

import pytest
from scenario_files import base, explicit, write

from planner.cli.main import main
from planner.plan import recommend
from planner.scenario.read import read
from planner.study.certified import certified

FROZEN = Path(__file__).parents[1] / "frozen" / "version-1"
PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


def saved(folder, objective="expected", target=None):
    """A plan's file, without what the ranking and the figures add to it."""
    plan = certified(recommend(read(PAPER), objective, target_risk=target), 1e-4)
    document = plan.to_dict()
    if plan.certificate is not None:
        document["certificate"] = plan.certificate.to_dict()
    path = folder / "plan.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("plan"))


def ask(capsys, *words):
    code = main(["verify", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def changed(plan, tmp_path, change):
    document = json.loads(plan.read_text())
    change(document)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(document))
    return path


def _one_line(text):
    return " ".join(text.split())


def failing(answer):
    return [check["name"] for check in answer["checks"] if check["holds"] is not True]


def test_a_saved_plan_verifies(plan, capsys):
    code, answer = ask(capsys, plan, PAPER)
    assert code == 0
    assert answer["verified"] is True
    assert [check["name"] for check in answer["checks"]] == [
        "scenario",
        "rules and cost",
        "risk",
        "certificate",
        "its worlds and rules",
    ]
    assert main(["verify", str(plan), str(PAPER)]) == 0
    assert "Verified: all of it holds." in capsys.readouterr().out


CHANGES = {
    "the stack": (lambda p: p.update(stack=["rlhf"], levels={"rlhf": "full"}), "rules and cost"),
    "the cost": (lambda p: p.update(cost=8.0), "rules and cost"),
    "the risk": (lambda p: p.update(risk=p["risk"] * (1 + 1e-9)), "risk"),
    "the band": (lambda p: p["band"].update(worst_case=0.5), "risk"),
    "the layers": (lambda p: p.update(effective_layers=2.0), "risk"),
    "the depth": (lambda p: p.update(depth=3), "risk"),
    "the worlds": (lambda p: p["worlds"].update(count=97), "risk"),
    "the bound": (lambda p: p["proof"].update(lower_bound=0.2), "risk"),
    "the gap": (lambda p: p["proof"].update(gap=0.1), "risk"),
    "the digest": (lambda p: p["scenario"].update(digest="sha256:0"), "scenario"),
    "no worlds": (lambda p: p.pop("worlds"), "rules and cost"),
    "the objective": (lambda p: p.update(objective="cvar:2"), "rules and cost"),
    "no such option": (lambda p: p.update(stack=["x"], levels={"x": "full"}), "rules and cost"),
    "an objective that is no text": (lambda p: p.update(objective=1), "rules and cost"),
    "a budget that is a text": (lambda p: p.update(budget="9"), "rules and cost"),
    "a seed that is no number": (lambda p: p["worlds"].update(seed="1"), "rules and cost"),
    "levels of other techniques": (lambda p: p.update(levels={}), "rules and cost"),
    "a target that it misses": (lambda p: p.update(target_risk=0.01), "risk"),
    # JSON holds numbers that no double does, and anything where a text should stand.
    "a risk beyond every double": (lambda p: p.update(risk=10**400), "risk"),
    "a bound beyond every double": (lambda p: p["proof"].update(lower_bound=10**400), "risk"),
    "a value that is a text": (lambda p: p.update(objective_value="0.1"), "risk"),
    "a level that is a list": (lambda p: p["levels"].update(re=[]), "rules and cost"),
    "a cost of the certificate": (
        lambda p: p["certificate"]["options"][0].update(cost=1),
        "its worlds and rules",
    ),
    "a node": (lambda p: p["certificate"]["tree"]["nodes"].clear(), "certificate"),
    "no certificate": (lambda p: p.pop("certificate"), "proof"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_plan_does_not_verify_and_says_what_fails(name, plan, tmp_path, capsys):
    change, step = CHANGES[name]
    code, answer = ask(capsys, changed(plan, tmp_path, change), PAPER)
    assert code == 1
    assert answer["verified"] is False
    assert step in failing(answer)
    assert answer["error"]["code"] == 1


def test_the_file_that_recommend_writes_verifies(tmp_path, capsys):
    assert main(["recommend", str(PAPER), "--out", str(tmp_path), "--json"]) == 0
    capsys.readouterr()
    assert ask(capsys, tmp_path / "plan.json", PAPER)[0] == 0
    assert "seconds" not in json.loads((tmp_path / "plan.json").read_text())["proof"]


def test_a_stack_that_breaks_a_rule_is_named_with_the_rule(plan, tmp_path, capsys):
    # the whole list, for more than the budget of 9
    def all_of_it(p):
        p["stack"] = sorted(o["technique"] for o in p["certificate"]["options"])
        p["levels"] = dict.fromkeys(p["stack"], "full")

    code, answer = ask(capsys, changed(plan, tmp_path, all_of_it), PAPER)
    assert code == 1
    detail = next(c["detail"] for c in answer["checks"] if c["name"] == "rules and cost")
    assert "the stack breaks a rule: budget 9" in detail


def test_a_budget_beside_a_target_stands_among_the_rules_of_the_certificate(tmp_path, capsys):
    scenario = read(PAPER)
    plan = certified(recommend(scenario, budget="8", target_risk=0.4), 1e-4)
    document = plan.to_dict() | {"certificate": plan.certificate.to_dict()}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    assert ask(capsys, path, PAPER)[0] == 0
    (row,) = (r for r in document["certificate"]["rows"] if r["where"] == "budget")
    for upper in (-1, 2**62, None, "800"):
        row["upper"] = upper
        path.write_text(json.dumps(document))
        assert ask(capsys, path, PAPER)[0] == 1, upper
    document["certificate"]["rows"][:0] = [7, {"where": "rules.fund"}]
    path.write_text(json.dumps(document))
    assert ask(capsys, path, PAPER)[0] == 1


def test_a_plan_of_explicit_worlds_verifies_without_a_depth(tmp_path, capsys):
    folder = write(tmp_path / "worlds", explicit())
    plan = certified(recommend(read(folder)), 1e-4)
    assert plan.depth is None
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan.to_dict() | {"certificate": plan.certificate.to_dict()}))
    assert ask(capsys, path, folder)[0] == 0
    document = json.loads(path.read_text()) | {"depth": 1}
    path.write_text(json.dumps(document))
    assert failing(ask(capsys, path, folder)[1]) == ["risk"]


def test_a_plan_that_claims_no_proof_holds_as_what_it_is(plan, tmp_path, capsys):
    def unproven(p):
        del p["certificate"]
        p["proof"] |= {"kind": "none", "lower_bound": None, "gap": None}

    code, answer = ask(capsys, changed(plan, tmp_path, unproven), PAPER)
    assert code == 0
    assert answer["checks"][-1]["detail"] == "the plan does not say that its stack is the best"


RANKING = {
    "no list": lambda rows: 7,  # noqa: ARG005
    "another technique": lambda rows: rows[0].update(technique="zz"),
    "a technique that is none": lambda rows: rows[0].update(technique=[]),
    "a level that is none": lambda rows: rows[0].update(level={}),
    "another cost": lambda rows: rows[0].update(cost=rows[0]["cost"] + 1),
    "paid by others": lambda rows: rows[0].update(committed=True),
    "one of the stack left out": lambda rows: rows[0].update(recommended=False),
    "one that is not of the stack": lambda rows: rows[-2].update(recommended=True),
    "another order of ranks": lambda rows: rows[0].update(rank=2),
    "a row twice": lambda rows: rows.append(dict(rows[0])),
    "a row less": lambda rows: rows.pop(0),
}


@pytest.mark.parametrize("name", RANKING)
def test_a_ranking_that_recommends_something_else_does_not_verify(name, tmp_path, capsys):
    document = json.loads((FROZEN / "ranked.json").read_text())
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    code, answer = ask(capsys, path, FROZEN / "folder", "--numbers-only")
    assert (code, failing(answer)) == (0, ["proof"])
    if RANKING[name](document["ranking"]) == 7:
        document["ranking"] = 7
    path.write_text(json.dumps(document))
    code, answer = ask(capsys, path, FROZEN / "folder", "--numbers-only")
    assert code == 1
    assert failing(answer)[0] == "ranking"


@pytest.mark.parametrize("levels", [None, "x", 1, []])
def test_levels_that_are_no_table_fail_every_step_that_needs_them(levels, tmp_path, capsys):
    document = json.loads((FROZEN / "ranked.json").read_text())
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**document, "levels": levels}))
    code, answer = ask(capsys, path, FROZEN / "folder")
    assert code == 1
    assert {"rules and cost", "ranking"} <= set(failing(answer))


def test_another_scenario_is_told_apart(plan, tmp_path, capsys):
    # one vulnerability changed: the digest, the numbers and the worlds differ
    folder = tmp_path / "scenario"
    shutil.copytree(PAPER, folder)
    settings = folder / "scenario.yaml"
    settings.write_text(settings.read_text().replace("0.05", "0.06"))
    code, answer = ask(capsys, plan, folder)
    assert code == 1
    assert {"scenario", "risk", "its worlds and rules"} <= set(failing(answer))


def test_a_plan_without_a_certificate_holds_in_its_numbers_alone(plan, tmp_path, capsys):
    path = changed(plan, tmp_path, lambda p: p.pop("certificate"))
    code, answer = ask(capsys, path, PAPER, "--numbers-only")
    assert code == 0
    assert answer["checks"][-1]["holds"] is None
    assert main(["verify", str(path), str(PAPER)]) == 1
    assert "With --numbers-only the numbers are enough." in _one_line(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("objective", "target"), [("depth", None), ("worst:2", None), ("cvar:0.9", 0.6)]
)
def test_other_questions_verify_too(objective, target, tmp_path, capsys):
    path = saved(tmp_path, objective, target)
    code, answer = ask(capsys, path, PAPER)
    assert code == 0, answer


def test_a_worse_depth_does_not_verify(tmp_path, capsys):
    path = saved(tmp_path, "depth")

    def worse(p):
        p["proof"]["kind"] = "enumerated"
        p["stack"], p["levels"] = [], {}
        p["cost"] = p["objective_value"] = p["depth"] = 0

    code, answer = ask(capsys, changed(path, tmp_path, worse), PAPER)
    assert code == 1
    detail = next(c["detail"] for c in answer["checks"] if c["name"] == "proof")
    assert "there is a better stack by depth" in detail


def test_a_depth_without_any_cut_set_verifies_and_one_that_cannot_be_rebuilt_does_not(
    tmp_path, capsys
):
    # a withstands both modes: no set of modes defeats it
    files = base(vulnerability="technique,m,n\na,0.1,0.1\nb,0.9,0.9\n")
    folder = write(tmp_path / "deep", files)
    document = recommend(read(folder), "depth").to_dict()
    assert (document["depth"], document["stack"]) == (None, ["a"])
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    assert ask(capsys, path, folder)[0] == 0
    path.write_text(json.dumps(document | {"budget": -1}))
    code, answer = ask(capsys, path, folder)
    assert code == 1
    assert answer["checks"][-1]["holds"] is None


@pytest.mark.parametrize("gap", [0.0, 0.5])
def test_a_plan_without_a_bound_claims_no_gap(gap, plan, tmp_path, capsys):
    def unproven(p):
        del p["certificate"]
        p["proof"] |= {"kind": "none", "lower_bound": None, "gap": gap}

    code, answer = ask(capsys, changed(plan, tmp_path, unproven), PAPER)
    assert code == 1
    assert failing(answer) == ["risk"]


def test_a_depth_that_is_not_proven_claims_no_gap(tmp_path, capsys):
    path = saved(tmp_path, "depth")
    document = json.loads(path.read_text())
    assert (document["proof"]["kind"], document["proof"]["gap"]) == ("enumerated", 0.0)
    document["proof"]["kind"] = "none"
    path.write_text(json.dumps(document))
    code, answer = ask(capsys, path, PAPER)
    assert code == 1
    assert failing(answer) == ["risk"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"stack": 1, "stack": 1}', "\x00"])
def test_a_file_that_is_no_plan_is_bad_input(text, tmp_path, capsys):
    path = tmp_path / "plan.json"
    path.write_text(text)
    code, answer = ask(capsys, path, PAPER)
    assert code == 2
    assert "no saved plan" in answer["error"]["findings"][0]["message"]


def test_a_plan_that_is_not_there_is_bad_input(tmp_path, capsys):
    assert ask(capsys, tmp_path / "none.json", PAPER)[0] == 2
    assert ask(capsys, tmp_path, PAPER)[0] == 2
