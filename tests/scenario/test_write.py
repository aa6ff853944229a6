"""A scenario written as one YAML file reads back as the same content: the digest is the judge,
which knows nothing of YAML."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from random_scenarios import random_scenario
from scenario_files import MAIN, base, explicit, write

from planner.scenario.changes import change_all
from planner.scenario.digest import digest
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.scenario.types import Scenario
from planner.scenario.write import write_yaml

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.parent for path in (ROOT / "scenarios").glob("*/scenario.yaml"))

RICH = """\
planner: 1
name: 'Quotes " and \\ and {braces}: # not a comment'
currency: kr & €
budget: {pert: [1, 2, 3]}
techniques:
  - {id: "null", name: "<script>alert(1)</script>", background: "0.1 to 0.2", groups: "g;h:0.3"}
  - {id: "007", name: 技术 𝔘, cost: 1e-9, success: 0.5, groups: g, people: -2}
  - {id: no, cost: "1 to 3", groups: "h:{uniform: [0, 0.1]}"}
levels:
  - {technique: "null", level: half, cost: 1, success: 0.4}
  - {technique: "null", level: full, cost: 2}
groups: {g: 0.2, h: 0.5}
modes:
  - {id: a, name: "= a", probability: {beta: [2, 5]}, loss: 3}
  - {id: b, probability: "0.1 to 0.4"}
scale: {"?": "0.05 to 0.8", ok: 0.05, "yes: no": 1}
vulnerability:
  "null": {a: "?", b: 0.25}
  "007": {a: "yes: no", b: ok}
  no: {a: {uniform: [0.1, 0.2]}, b: 1}
joint: {modes: {a: {b: -0.25}}}
unlisted: 0.01
baseline_loss: 0.5
threshold: 0.75
samples: 100
rules:
  fund: ["null:half"]
  exclude: [no]
  requires: {"007": ["null:half"]}
  at_most: [{of: ["null", "007"], count: 1}]
  limits: [{attribute: people, at_least: -5}, {attribute: cost, of: [no], at_most: 2}]
committed: ["007"]
what_if: {"a, b": {budget: 5, vulnerability.no.b: "{beta: [1, 2]}"}}
sources:
  - {table: modes, row: a, column: "", source: "line one\\nline two", confidence: "null"}
"""


def again(scenario: Scenario, folder: Path) -> Scenario:
    path = folder / "written.yaml"
    path.write_text(write_yaml(scenario), encoding="utf-8")
    return read(path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_scenario_reads_back_the_same(path: Path, tmp_path: Path) -> None:
    scenario = read(path)
    assert digest(again(scenario, tmp_path)) == digest(scenario)


def test_all_that_the_format_knows_reads_back_the_same(tmp_path: Path) -> None:
    (tmp_path / "rich.yaml").write_text(RICH, encoding="utf-8")
    scenario = read(tmp_path / "rich.yaml")
    back = again(scenario, tmp_path)
    assert digest(back) == digest(scenario)
    assert write_yaml(back) == write_yaml(scenario)


@pytest.mark.parametrize("seed", range(16))
def test_random_scenarios_mean_the_same(seed: int, tmp_path: Path) -> None:
    """Made in memory they may hold what no file says twice (a stated failure of 1), so that the
    numbers that the planner computes with are compared, then the digests of what was read."""
    scenario = random_scenario(seed)
    back = again(scenario, tmp_path)
    assert digest(again(back, tmp_path)) == digest(back)
    one, two = settle(replace(scenario, decimals=back.decimals)), settle(back)
    assert (one.cost, one.budget, one.committed) == (two.cost, two.budget, two.committed)
    assert (one.unlisted, one.baseline_loss) == (two.unlisted, two.baseline_loss)
    assert one.attributes == two.attributes
    assert np.array_equal(one.success, two.success)
    for field in fields(one.threats):
        a, b = getattr(one.threats, field.name), getattr(two.threats, field.name)
        assert np.array_equal(a, b) or (a is None and b is None), field.name
    for field in fields(scenario.rules):
        assert set(getattr(scenario.rules, field.name)) == set(getattr(back.rules, field.name))


def test_explicit_worlds_read_back_the_same(tmp_path: Path) -> None:
    files = explicit(failure="technique,world,failure\na,calm,1\n")
    for changed in (explicit(), files):
        scenario = read(write(tmp_path, changed))
        assert digest(again(scenario, tmp_path)) == digest(scenario)


def test_changes_are_written(tmp_path: Path) -> None:
    scenario = read(write(tmp_path, base()))
    changed = change_all(scenario, [("budget", "2.5"), ("rules.fund", "a"), ("joint.modes", "0.3")])
    back = again(changed, tmp_path)
    assert digest(back) == digest(changed) != digest(scenario)
    assert str(back.budget) == "2.5"


def test_the_tables_of_experts_and_mixtures_read_back_the_same(tmp_path: Path) -> None:
    main = MAIN + (
        "experts: {ben: {table: ben.csv, weight: 2.5}, the first: anna.csv}\n"
        'scale: {"?": {mix: {ok: 0.25, 0.1 to 0.4: 0.75}}, ok: 0.05}\njudgement_correlation: 0.3\n'
    )
    anna = 'technique,m,n\na,0.5,?\nb,ok,"{mix: {ok: 0.5, 0.7: 0.5}}"\n'
    folder = write(tmp_path, base(main=main, anna=anna, ben="technique,m,n\na,1,1\nb,0,0\n"))
    scenario = read(folder)
    assert len(scenario.experts) == 2
    assert digest(again(scenario, tmp_path)) == digest(scenario)
