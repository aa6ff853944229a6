"""What-if rows equal separate recommendations; the base stack under a change; grids."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from factory import scenario

from planner.errors import BadInput, NoStack
from planner.plan import recommend
from planner.risk.stack import risk
from planner.scenario.changes import change_all
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.scenario.types import Choice, Rules
from planner.solve.search import Search
from planner.study.what_if import MOST_CASES, Case, vary, what_if
from planner.worlds.build import build

PAPER_FOLDER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"
PAPER = read(PAPER_FOLDER)


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """The scenario of the paper with the texts of one file replaced."""

    def edit(file, old, new):
        folder = tmp_path_factory.mktemp("edited")
        for path in PAPER_FOLDER.iterdir():
            if path.is_file():
                (folder / path.name).write_bytes(path.read_bytes())
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")
        return read(folder)

    return edit


@pytest.mark.parametrize("objective", ["expected", "cvar:0.9", "worst:1", "depth"])
@pytest.mark.parametrize(
    ("changes", "file", "old", "new"),
    [
        ((("budget", "5"),), "scenario.yaml", "budget: 9", "budget: 5"),
        (
            (("techniques.re.cost", "8.125"),),
            "techniques.csv",
            "engineering,3",
            "engineering,8.125",
        ),
        ((("scale.prone", "0.6"),), "scenario.yaml", "prone: 0.8", "prone: 0.6"),
        ((("modes.coll.probability", "0.9"),), "modes.csv", "collude,0.25", "collude,0.9"),
        ((("reading", "by-mode"),), "scenario.yaml", "reading: together", "reading: by-mode"),
    ],
)
def test_a_row_is_the_recommendation_for_edited_files(edited, objective, changes, file, old, new):
    row = what_if(PAPER, [Case("x", changes)], objective).rows[0]
    plan = recommend(edited(file, old, new), objective)
    assert row.found.stack == plan.stack
    assert row.found.risk == plan.risk
    assert row.found.objective_value == plan.objective_value
    assert row.found.cost == plan.money(plan.cost)
    assert row.found.band == plan.band
    assert (row.found.depth, row.found.proof.kind) == (plan.depth, plan.proof.kind)


def test_the_base_stack_under_a_change():
    # t01 fails to m01, t02 to m02; the change makes m01 the likely one.
    given = scenario([["0.9", "0.1"], ["0.1", "0.9"]], ["0.1", "0.4"], budget=1)
    found = what_if(given, [Case("turn", (("modes.m01.probability", "0.8"),))])
    (row,) = found.rows
    assert found.base.stack == ("t01",)
    assert row.found.stack == ("t02",)
    assert (row.gains, row.loses) == (("t02",), ("t01",))
    worlds = build(settle(change_all(given, row.case.changes)))
    assert row.kept.risk == pytest.approx(risk(worlds, [0]), rel=1e-12)
    assert row.regret == pytest.approx(risk(worlds, [0]) - risk(worlds, [1]), rel=1e-12)
    assert row.regret > 0


def test_a_base_stack_that_breaks_a_rule_has_no_regret():
    cases = [Case("half", (("budget", "4.5"),)), Case("out", lock_out=("re",))]
    half, out = what_if(PAPER, cases).rows
    assert half.kept.breaks == ("budget 4.5 USD million",)
    assert out.kept.breaks == ("exclude re",)
    assert half.regret is out.regret is None
    assert half.kept.risk == pytest.approx(what_if(PAPER, []).base.risk)


def test_what_others_pay_for_is_not_bought_and_protects():
    (row,) = what_if(PAPER, [Case("paid", (("committed", "re"),))]).rows
    assert row.found.committed == ("re",)
    assert "re" not in row.found.stack
    assert row.kept.risk == pytest.approx(what_if(PAPER, []).base.risk)


def test_unchanged_is_the_base():
    found = what_if(PAPER, [Case("same")])
    assert found.rows[0].found == replace(found.base, proof=found.rows[0].found.proof)
    assert found.rows[0].regret == 0


@pytest.mark.parametrize("objective", ["expected", "worst:1", "depth"])
def test_regret_is_never_negative_and_zero_for_the_same_stack(objective):
    grid = vary(PAPER, ["modes.coll.probability=0,0.5,1", "unlisted=0,0.2"])
    for row in what_if(PAPER, [], objective, grid=grid).grid:
        assert row.regret >= -1e-15
        if not row.gains and not row.loses:
            assert row.regret == 0


def test_what_cannot_be_met_or_read_is_a_row():
    cases = [
        Case("dear", lock_in=("ida", "scientist-ai")),
        Case("wrong", (("bugdet", "3"),)),
        Case("fine", (("budget", "6"),)),
    ]
    dear, wrong, fine = what_if(PAPER, cases).rows
    assert dear.found is None
    assert "cannot hold together" in dear.message
    assert dear.kept is not None
    assert wrong.found is wrong.kept is None
    assert "Did you mean budget?" in wrong.message
    assert fine.found is not None


def test_a_base_without_a_stack_is_refused():
    given = replace(PAPER, rules=Rules(fund=(Choice("ida"), Choice("scientist-ai"))))
    with pytest.raises(NoStack):
        what_if(given, [Case("more", (("budget", "20"),))])


def test_a_time_limit_bounds_all_of_it():
    found = what_if(PAPER, [Case("half", (("budget", "4.5"),))], search=Search(time_limit=60))
    assert found.rows[0].found.proof.stop == "proven"


def test_cases_that_share_worlds_answer_alike():
    grid = vary(PAPER, ["budget=3:9:3", "joint.modes=0,0.5"])
    cells = what_if(PAPER, [], grid=grid).grid
    for cell in cells:
        plan = recommend(change_all(PAPER, cell.case.changes))
        assert (cell.found.stack, cell.found.risk) == (plan.stack, plan.risk)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("budget=5:8:1", ["5", "6", "7", "8"]),
        ("budget=0.1:0.4:0.1", ["0.1", "0.2", "0.3", "0.4"]),
        ("budget=9:5:-2", ["9", "7", "5"]),
        ("budget=1:2:0.75", ["1", "1.75"]),
        ("budget=3:3:1", ["3"]),
        ("unlisted=0, 0.3,0.6", ["0", "0.3", "0.6"]),
        ("joint.modes=independent,{beta: [2, 8]},0.5", ["independent", "{beta: [2, 8]}", "0.5"]),
        ("scale.?={uniform: [0.1, 0.2]},0.1 to 0.3", ["{uniform: [0.1, 0.2]}", "0.1 to 0.3"]),
    ],
)
def test_values_of_an_axis(written, values):
    (axis,) = vary(PAPER, [written]).axes
    assert list(axis.values) == values


def test_a_grid_holds_every_combination():
    axes = ["budget=5:7:1", "unlisted=0,0.1", "reading=together,by-mode"]
    grid = vary(PAPER, axes, Case("set", (("threshold", "0.4"),), ("re",)))
    expected = list(product(["5", "6", "7"], ["0", "0.1"], ["together", "by-mode"]))
    assert [tuple(text for _, text in cell.changes[1:]) for cell in grid.cases] == expected
    assert all(cell.changes[0] == ("threshold", "0.4") for cell in grid.cases)
    assert all(cell.lock_in == ("re",) for cell in grid.cases)
    assert grid.cases[0].name == "budget=5, unlisted=0, reading=together"


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (["budget"], "no path with values"),
        (["budget="], "no path with values"),
        (["budget=1,,2"], "blank value"),
        (["budget=1,1"], "twice"),
        (["budget=1:5:0"], "never arrives"),
        (["budget=1:5:-1"], "never arrives"),
        (["budget=1:1000:1"], "at most 400"),
        (["budget=1:20:1", "unlisted=0:0.2:0.01"], f"at most {MOST_CASES}"),
        (["budget=1,2", "budget=3,4"], "changed twice"),
        (["bugdet=1,2"], "not a known path"),
        (["unlisted=0,2"], "outside 0 to 1"),
    ],
)
def test_axes_that_are_refused(axes, message):
    with pytest.raises(BadInput) as caught:
        vary(PAPER, axes)
    assert len(caught.value.findings) == 1
    finding = caught.value.findings[0]
    assert finding.file == "--vary"
    assert message in finding.message
    assert finding.cure


def test_as_a_frame_and_as_json():
    grid = vary(PAPER, ["budget=8,9"])
    found = what_if(PAPER, [Case("half", (("budget", "4.5"),))], grid=grid)
    frame = found.to_frame()
    assert list(frame["case"]) == ["base", "half", "budget=8", "budget=9"]
    assert list(frame["budget"]) == ["", "4.5", "8", "9"]
    assert frame["risk"][0] == frame["risk"][3] == found.base.risk
    document = found.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["cases"][0]["answer"]["stack"] == ["re", "rlhf"]
    assert document["cases"][0]["changes"] == {"budget": "4.5"}
    assert len(document["grid"]) == 2


def test_a_technique_at_another_level():
    given = scenario(
        [["0.5"], ["0.2"]], ["1"], levels=[{"big": (2, "1"), "small": (1, "0.5")}, None],
        costs=[1, 3], budget=2,
    )  # fmt: skip
    found = what_if(given, [Case("little", (("budget", "1"),))])
    assert found.base.stack == ("t01:big",)
    (row,) = found.rows
    assert (row.gains, row.loses) == (("t01:small",), ("t01:big",))
    assert found.base.cost == 2
