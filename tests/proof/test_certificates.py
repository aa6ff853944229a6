"""Certificates of random plans, judged by two verifiers; and spoilt ones, by both and by trying
every stack of the spoilt instance (a slice of `tests.campaigns.certificates`)."""

import ast
import copy
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from campaigns.certificates import judge, plan_of
from factory import scenario
from proof import second_verifier

from planner.plan import recommend
from planner.proof import verify_plan
from planner.proof.verify_plan import NotAPlan, Rejected, check, read
from planner.solve import certify
from planner.solve.certify import Effort
from planner.solve.search import Search
from planner.study.certified import certified, certified_for

FILE = Path(verify_plan.__file__)


HALVES = ["0.5", "0.5"]


def saved(given, objective="expected", gap=0.0, **asked):
    """The file of a plan with its certificate."""
    plan = certified(recommend(given, objective, search=Search(gap=gap), **asked), gap)
    assert plan.certificate is not None, plan.proof.note
    return json.loads(json.dumps({**plan.to_dict(), "certificate": plan.certificate.to_dict()}))


def two_worlds(**more):
    """F = 1/2, 1/4 / 1/4, 1/2 in two worlds of 1/2; costs 1 and 2; budget 2."""
    given = {
        "failure": [["0.5", "0.25"], ["0.25", "0.5"]],
        "weights": ["0.5", "0.5"],
        "costs": [1, 2],
    }
    return scenario(**(given | {"budget": 2, "decimals": 2} | more))


# ---------------------------------------------------------------------- random plans


@pytest.mark.parametrize("seed", [0, 3, 4, 6, 8, 9])
def test_certificates_hold_and_spoilt_ones_are_rejected_or_still_true(seed):
    counts, wrong = judge(seed, 12)
    assert not wrong
    assert counts["plans"] == 1


def test_a_tree_of_many_leaves_is_accepted_by_both_verifiers():
    plan = plan_of(9, small_leaves=True)
    assert len(plan["certificate"]["tree"]["nodes"]) > 3
    check(plan)
    assert second_verifier.accepts(plan)


def test_dropping_any_leaf_of_a_tree_is_noticed():
    plan = plan_of(9, small_leaves=True)
    nodes = plan["certificate"]["tree"]["nodes"]
    for k in range(len(nodes)):
        spoilt = copy.deepcopy(plan)
        del spoilt["certificate"]["tree"]["nodes"][k]
        with pytest.raises(Rejected):
            check(spoilt)


# ---------------------------------------------------------------------- by hand


def test_the_bound_of_a_least_cost_plan_is_money():
    # one technique leaves 3/8, both 1/8: at most 0.2 needs both, for 3
    plan = saved(two_worlds(), target_risk=0.2)
    assert plan["proof"]["lower_bound"] == plan["cost"] == 3.0
    assert "costs less than 3 " in check(plan)


def test_a_world_where_a_technique_surely_protects_is_a_fact():
    # F = 0 crosswise: either technique leaves 1/2 of its other world, both leave nothing
    given = scenario(failure=[["0", "0.5"], ["0.5", "0"]], weights=HALVES, costs=[1, 1], budget=1)
    plan = saved(given)
    assert plan["objective_value"] == 0.25
    check(plan)
    both = saved(given, budget=2)
    assert both["objective_value"] == 0
    assert "nothing can be below" in check(both)


def test_nothing_left_at_the_least_cost_is_certified_through_a_level():
    # a target of 0: every cheaper stack leaves some world open
    given = scenario(failure=[["0", "0.5"], ["0.5", "0"]], weights=HALVES, costs=[1, 1])
    plan = saved(given, target_risk=0.0)
    assert plan["cost"] == 2.0
    check(plan)
    assert second_verifier.accepts(plan)


def test_weights_of_one_leaf_prove_what_listing_proves(monkeypatch):
    # leaves may list next to nothing, so weights and prices must carry the bound
    monkeypatch.setattr(certify, "MOST_LISTED", 1)
    for objective in ("expected", "cvar:0.5", "worst:1"):
        plan = saved(two_worlds(), objective)
        assert any(node.get("weights") is not None for node in plan["certificate"]["tree"]["nodes"])
        check(plan)
        assert second_verifier.accepts(plan)


def test_rules_that_contradict_each_other_at_a_node_are_shown_by_prices(monkeypatch):
    monkeypatch.setattr(certify, "MOST_LISTED", 1)
    given = two_worlds(failure=[["0.5", "0.25"]] * 5, costs=[2, 3, 5, 7, 11], budget=10)
    plan = saved(given)
    check(plan)
    assert second_verifier.accepts(plan)


def test_a_stack_that_is_not_the_best_cannot_be_passed_off():
    plan = saved(two_worlds(costs=[1, 1], failure=[["0.5", "0.5"], ["0.25", "0.25"]], budget=1))
    assert plan["stack"] == ["t02"]
    spoilt = copy.deepcopy(plan)
    spoilt |= {"stack": ["t01"], "levels": {"t01": "full"}, "risk": 0.5, "objective_value": 0.5}
    spoilt["proof"]["lower_bound"] = 0.5
    spoilt["certificate"]["claim"]["stack"] = [0]
    with pytest.raises(Rejected, match=r"there is a better stack \(t02:full\)"):
        check(spoilt)


# ---------------------------------------------------------------------- what is refused


def at(plan, *path):
    for key in path[:-1]:
        plan = plan[key]
    return plan, path[-1]


SPOILT = [
    (("certificate",), None, "carries no certificate"),
    (("certificate",), 7, "no 'format'"),
    (("certificate", "format"), 2, "only format 1"),
    (("certificate", "decimals"), 12, "decimals are 0 to 9"),
    (("certificate", "decimals"), True, "no whole number"),
    (("certificate", "options"), {}, "no list"),
    (("certificate", "options", 0, "cost"), -1, "a cost is negative"),
    (("certificate", "options", 0, "technique"), "t02", "an option stands twice"),
    (("certificate", "options", 0, "failure"), "0x1p-1", "do not match the worlds"),
    (("certificate", "options", 0, "failure"), "0x1p+1 0", "above 1"),
    (("certificate", "options", 0, "failure"), "-0x1p-1 0", "negative"),
    (("certificate", "options", 0, "failure"), "inf 0", "no finite"),
    (("certificate", "options", 0, "failure"), "x 0", "no finite"),
    (("certificate", "options", 0, "failure"), "0x1p+5000 0", "no finite"),
    (("certificate", "options", 0, "failure"), 3, "no text"),
    (("certificate", "worlds", "loss"), "1", "worlds do not match"),
    (("certificate", "measure", "name"), "median", "is no measure"),
    (("certificate", "measure", "name"), "cvar:x", "is no measure"),
    (("certificate", "measure", "name"), "cvar:1", "is no measure"),
    (("certificate", "rows", 0, "terms"), "0:1:1", "no list of whole numbers"),
    (("certificate", "rows", 0, "terms"), "5:1", "a term on no option"),
    (("certificate", "rows", 0, "terms"), "0:1", "the budget is not about the costs"),
    (("certificate", "rows", 0, "upper"), 0, "breaks a rule: budget"),
    (("certificate", "claim", "stack"), [1, 0], "not in order"),
    (("certificate", "claim", "stack"), [9], "no such option"),
    (("certificate", "claim", "cost"), 1, "the claimed cost"),
    (("certificate", "claim", "bound"), "0x1p+3", "above the stack's own value"),
    (("certificate", "tree", "nodes"), [], "the tree is not complete"),
    (("certificate", "tree", "nodes", 0), {"weights": 0, "prices": "0"}, "no such weights"),
    (
        ("certificate", "tree", "nodes", 0),
        {"weights": None, "prices": ""},
        "do not match the rules",
    ),
    (("certificate", "tree", "nodes", 0), {"weights": None, "prices": "-0x1p+0"}, "not there"),
    (("certificate", "tree", "nodes", 0), {"branch": 4}, "a branch on no option"),
    (("objective",), "cvar:0.5", "objective: the plan says"),
    (("cost",), 1.5, "cost: the plan says"),
    (("risk",), 0.3, "risk: the plan says"),
    (("risk_empty",), "1", "risk_empty: the plan says"),
    (("budget",), None, "budget: the plan says"),
    (("target_risk",), 0.1, "target_risk: the certificate has none"),
    (("committed",), ["t09"], "committed: the plan says"),
    (("stack",), [], "stack: the plan says"),
    (("proof", "kind"), "bounded", "calls itself 'bounded'"),
    (("proof", "gap"), 0.2, "gap: the plan says"),
    (("proof", "lower_bound"), 0.2, "lower_bound: the plan says"),
]


@pytest.fixture(scope="module")
def small():
    return saved(two_worlds())


@pytest.mark.parametrize(("path", "value", "reason"), SPOILT)
def test_what_does_not_hold_is_refused_with_its_reason(small, path, value, reason):
    spoilt = copy.deepcopy(small)
    table, key = at(spoilt, *path)
    table[key] = value
    with pytest.raises(Rejected, match=reason):
        check(spoilt)
    assert not second_verifier.accepts(spoilt)


LEAF = {"weights": 0, "prices": "0"}
WEIGHTS = [
    ("expected", {"worlds": "1"}, "weights do not match"),
    ("expected", {"worlds": "-1 1"}, "weights do not match"),
    ("cvar:0.5", {"worlds": "1 1", "shares": "1"}, "shares do not match the worlds"),
    ("cvar:0.5", {"worlds": "1 1", "shares": "1 1073741825"}, "not within 0 and 1"),
    ("cvar:0.5", {"worlds": "1 1", "shares": "1073741824 1"}, "exceed the tail"),
    ("worst:1", {"worlds": "1 1", "shares": "1"}, "do not match the states"),
    ("worst:1", {"worlds": "1 1", "shares": "1073741824 1"}, "exceed 1"),
]


@pytest.mark.parametrize(("objective", "weights", "reason"), WEIGHTS)
def test_weights_outside_the_measures_set_are_refused(objective, weights, reason):
    plan = saved(two_worlds(), objective)
    plan["certificate"]["tree"] |= {"weights": [weights], "nodes": [LEAF]}
    with pytest.raises(Rejected, match=reason):
        check(plan)


def test_useless_weights_prove_nothing_and_are_no_harm():
    # no weight at all: the leaf lists every stack instead
    plan = saved(two_worlds(), "cvar:0.5")
    useless = {"worlds": "0 0", "shares": "0 0"}
    plan["certificate"]["tree"] |= {"weights": [useless], "nodes": [LEAF]}
    assert "stacks tried one by one: 4" in check(plan)


def test_weights_on_what_no_stack_changes_count_for_nothing(small):
    plan = copy.deepcopy(small)
    for option in plan["certificate"]["options"]:
        option["failure"] = option["failure"].split()[0] + " 0x1p+0"
    worlds = {"worlds": "536870912 536870912"}
    plan["certificate"]["tree"] |= {"weights": [worlds], "nodes": [LEAF]}
    instance = verify_plan.Instance(plan["certificate"])
    goal = verify_plan.Goal(instance, "0x1.8p-1", instance.risk([0]), plan["certificate"]["tree"])
    weights = verify_plan.Prover(instance, goal, plan["certificate"]["tree"]).weights[0]
    # the second world is left as it is by both options: its 1/2 is taken out of the bound exactly
    assert weights.lam == [536870912, 0]
    assert goal.level == 0.25


def test_leaves_may_share_weights_and_a_branch_may_be_taken_again(small):
    plan = copy.deepcopy(small)
    worlds = {"worlds": "536870912 536870912"}
    nodes = [{"branch": 0}, {"branch": 0}, LEAF, LEAF]
    plan["certificate"]["tree"] |= {"weights": [worlds], "nodes": nodes}
    assert "leaves: 2" in check(plan)
    assert second_verifier.accepts(plan)


def test_a_risk_beyond_all_doubles_is_refused(small):
    plan = copy.deepcopy(small)
    plan["certificate"]["worlds"] = {
        "probability": "0x1p+0 0x1p+0",
        "loss": "0x1.fffffffffffffp+1023 0x1.fffffffffffffp+1023",
    }
    for option in plan["certificate"]["options"]:
        option["failure"] = "0x1p+0 0x1p+0"
    with pytest.raises(Rejected, match="a number is too large"):
        check(plan)


def test_a_list_that_never_ends_is_refused(small, monkeypatch):
    monkeypatch.setattr(verify_plan, "MOST_LISTED", 3)
    with pytest.raises(Rejected, match="more stacks are left open"):
        check(small)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "lacks"),
        ("[1]", "lacks"),
        ('{"proof": 1}', "lacks"),
        ('{"stack": 1, "stack": 2}', "a key stands twice"),
        ('{"cost": NaN}', "NaN is no JSON"),
        ("9" * 5000, "no JSON"),
    ],
)
def test_a_file_that_is_no_plan_is_told_apart(text, reason):
    with pytest.raises(NotAPlan, match=reason):
        read(text)


# ---------------------------------------------------------------------- the one file


def test_the_verifier_needs_the_standard_library_alone():
    names = set()
    for node in ast.walk(ast.parse(FILE.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert names <= set(sys.stdlib_module_names)
    # `assert` vanishes under -O
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(FILE.read_text())))


def test_a_copy_of_the_file_runs_alone(tmp_path, small):
    """With nothing of the planner to import (-I leaves the path out), and under -O."""
    alone = tmp_path / "verify_plan.py"
    alone.write_text(FILE.read_text())
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(small))

    def run(*words):
        command = [sys.executable, "-I", "-O", str(alone), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    done = run(plan)
    assert done.returncode == 0
    assert done.stdout.startswith("Verified: ")
    small_copy = json.loads(json.dumps(small))
    small_copy["cost"] = 1.5
    plan.write_text(json.dumps(small_copy))
    done = run(plan)
    assert done.returncode == 1
    assert "NOT verified: cost: the plan says 1.5" in done.stderr


def test_exit_codes_of_the_file(tmp_path, small, capsys, monkeypatch):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(small))
    assert verify_plan.main([str(plan)]) == 0
    assert verify_plan.main([]) == 2
    assert verify_plan.main([str(tmp_path / "none.json")]) == 2
    plan.write_bytes(b"\xff\xfe")
    assert verify_plan.main([str(plan)]) == 2
    plan.write_text(json.dumps({**small, "cost": 7.0}))
    assert verify_plan.main([str(plan)]) == 1
    monkeypatch.setattr(sys, "argv", [str(FILE)])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(FILE), run_name="__main__")
    assert stopped.value.code == 2
    monkeypatch.setattr(verify_plan, "MOST_BYTES", 10)
    assert verify_plan.main([str(plan)]) == 2
    assert "larger than 10 bytes" in capsys.readouterr().err


# ---------------------------------------------------------------------- when there is one


def test_what_is_too_large_stays_bounded_and_says_why():
    plan = recommend(two_worlds(), search=Search(solver="highs"))
    assert plan.proof.kind == "bounded"
    small = certified(plan, 1e-4, Effort(cells=3, nodes=10, work=100))
    assert small.proof.kind == "bounded"
    assert small.certificate is None
    assert "2 options x 2 worlds" in small.proof.note
    late = certified(plan, 1e-4, seconds=0.0)
    assert late.proof.kind in ("bounded", "certified")
    done = certified(plan, 1e-4)
    assert done.proof.kind == "certified"
    assert done.proof.note is None
    assert done.proof.gap <= 1e-4 * (1 + 1e-9)


def test_a_depth_has_no_certificate_and_an_enumerated_plan_stays_enumerated():
    given = scenario([["0.8", "0.1"], ["0.1", "0.8"]], budget=2)
    deep = certified(recommend(given, "depth"), 0.0)
    assert deep.certificate is None
    assert "a depth has no lower bound" in deep.proof.note
    plan = recommend(given)
    assert certified_for(plan, 1e-4, kept=False, seconds=None) is plan
    kept = certified_for(plan, 1e-4, kept=True, seconds=None)
    assert kept.proof.kind == "enumerated"
    assert kept.certificate is not None


def test_a_plan_that_the_verifier_refuses_is_never_called_certified(monkeypatch):
    plan = recommend(two_worlds(), search=Search(solver="highs"))

    def refuse(given):  # noqa: ARG001
        raise Rejected("for the test")

    monkeypatch.setattr(verify_plan, "check", refuse)
    found = certified(plan, 1e-4)
    assert found.proof.kind == "bounded"
    assert found.certificate is None
    assert "the verifier did not accept it" in found.proof.note
