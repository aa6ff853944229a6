"""A changed scenario is what reading the edited files would give."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import EXPLICIT, base, explicit, write

from planner.errors import BadInput
from planner.scenario.changes import change, change_all, check_named, lock_in, lock_out
from planner.scenario.digest import digest
from planner.scenario.read import read
from planner.scenario.settle import settle

MAIN = """\
planner: 1
name: Base
currency: EUR
budget: 3
reading: together
unlisted: 0.01
baseline_loss: 1
threshold: 0.5
samples: 8192
joint: {modes: 0.3}
groups: {g: 0.4, h: 0.2}
scale: {low: 0.1, "?": 0.3}
techniques: techniques.csv
levels: levels.csv
modes: modes.csv
vulnerability: vulnerability.csv
rules: {fund: [a], exclude: [c]}
committed: [b]
"""
TECHNIQUES = (
    "id,name,cost,success,background,groups,researchers\n"
    "a,Alpha,1,0.9,0.02,g;h:0.3,5\nb,Beta,2,1,0.01,g,7\nc,Gamma,,,0,h,2.5\n"
)
LEVELS = "technique,level,cost,success\nc,half,1,0.5\nc,full,2,0.9\n"
MODES = "id,probability,loss\nm,0.1,1\nn,0.2,2\n"
VULNERABILITY = "technique,m,n\na,?,0.1\nb,0.2,?\nc,low,0.4\n"
FILES = {
    "scenario": MAIN,
    "techniques": TECHNIQUES,
    "levels": LEVELS,
    "modes": MODES,
    "vulnerability": VULNERABILITY,
}


def rich(**tables: str) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {}
    for name, text in (FILES | tables).items():
        files["scenario.yaml" if name == "scenario" else f"{name}.csv"] = text
    return files


@pytest.fixture
def given(tmp_path: Path):
    return read(write(tmp_path / "base", rich()))


@pytest.fixture
def worlds(tmp_path: Path):
    return read(write(tmp_path / "worlds", explicit(worlds=LOSSES)))


LOSSES = "world,weight,loss\ncalm,0.7,1\nstorm,0.3,5\n"
FAILURE = "technique,world,failure\na,calm,0.1\na,storm,0.9\nb,storm,0.5\n"


@pytest.mark.parametrize(
    ("path", "text", "table", "old", "new"),
    [
        ("budget", "4.5", "scenario", "budget: 3", "budget: 4.5"),
        ("budget", "4.123456", "scenario", "budget: 3", "budget: 4.123456"),
        ("budget", "1 to 4", "scenario", "budget: 3", "budget: 1 to 4"),
        ("name", "Other", "scenario", "name: Base", "name: Other"),
        ("currency", "USD", "scenario", "EUR", "USD"),
        ("reading", "by-mode", "scenario", "together", "by-mode"),
        ("unlisted", "0", "scenario", "unlisted: 0.01", "unlisted: 0"),
        ("baseline_loss", "3", "scenario", "baseline_loss: 1", "baseline_loss: 3"),
        ("threshold", "0.25", "scenario", "threshold: 0.5", "threshold: 0.25"),
        ("samples", "128", "scenario", "8192", "128"),
        ("joint.modes", "0.6", "scenario", "{modes: 0.3}", "{modes: 0.6}"),
        ("joint.modes", "0", "scenario", "{modes: 0.3}", "{modes: 0}"),
        ("joint.modes", "0.1 to 0.5", "scenario", "{modes: 0.3}", "{modes: 0.1 to 0.5}"),
        ("joint.modes", "independent", "scenario", "{modes: 0.3}", "independent"),
        ("groups.g", "0.5", "scenario", "g: 0.4", "g: 0.5"),
        ("groups.h", "0.1", "scenario", "h: 0.2", "h: 0.1"),
        ("scale.?", "{uniform: [0.1, 0.5]}", "scenario", '"?": 0.3', '"?": {uniform: [0.1, 0.5]}'),
        ("scale.low", "0.2", "scenario", "low: 0.1", "low: 0.2"),
        ("rules.fund", "c:half", "scenario", "fund: [a]", 'fund: ["c:half"]'),
        ("rules.fund", "", "scenario", "fund: [a]", "fund: []"),
        ("rules.fund", "a:full", "scenario", "fund: [a]", "fund: [a]"),
        ("rules.exclude", "b, a", "scenario", "exclude: [c]", "exclude: [a, b]"),
        ("rules.exclude", "[]", "scenario", "exclude: [c]", "exclude: []"),
        ("committed", "c:full, b", "scenario", "committed: [b]", 'committed: [b, "c:full"]'),
        ("techniques.a.cost", "1.0625", "techniques", "Alpha,1,", "Alpha,1.0625,"),
        ("techniques.a.cost", "{pert: [1, 2, 4]}", "techniques", "a,1", 'a,"{pert: [1, 2, 4]}"'),
        ("techniques.a.success", "0.5", "techniques", "1,0.9,", "1,0.5,"),
        ("techniques.a.full.success", "0.5", "techniques", "1,0.9,", "1,0.5,"),
        ("techniques.b.background", "0.2", "techniques", "1,0.01,", "1,0.2,"),
        ("techniques.c.researchers", "-3.25", "techniques", "h,2.5", "h,-3.25"),
        ("techniques.c.half.cost", "0.125", "levels", "half,1,", "half,0.125,"),
        ("techniques.c.full.success", "1", "levels", "2,0.9", "2,1"),
        ("modes.n.probability", "0.25", "modes", "n,0.2,", "n,0.25,"),
        ("modes.m.loss", "7", "modes", "m,0.1,1", "m,0.1,7"),
        ("vulnerability.a.n", "0.75", "vulnerability", "?,0.1", "?,0.75"),
        ("vulnerability.a.n", "?", "vulnerability", "?,0.1", "?,?"),
        ("vulnerability.c.m", "{beta: [2, 8]}", "vulnerability", "low", '"{beta: [2, 8]}"'),
    ],
)
def test_a_change_is_an_edit_of_a_file(tmp_path, given, path, text, table, old, new):
    assert old in FILES[table]
    edited = read(write(tmp_path / "edited", rich(**{table: FILES[table].replace(old, new, 1)})))
    changed = change(given, path, text)
    assert changed == edited
    assert digest(changed) == digest(edited)
    assert changed.decimals == edited.decimals
    assert settle(changed).cost == settle(edited).cost


@pytest.mark.parametrize(
    ("path", "text", "tables"),
    [
        ("worlds.calm.weight", "0.9", {"worlds": LOSSES.replace("0.7", "0.9")}),
        ("worlds.storm.loss", "2", {"worlds": LOSSES.replace("0.3,5", "0.3,2")}),
        ("failure.a.storm", "0.25", {"failure": FAILURE.replace("0.9", "0.25")}),
        ("failure.b.calm", "0.5", {"failure": FAILURE + "b,calm,0.5\n"}),
        ("failure.b.storm", "1", {"failure": FAILURE.replace("b,storm,0.5\n", "")}),
        ("reading", "together", {}),
    ],
)
def test_explicit_worlds(tmp_path, worlds, path, text, tables):
    edited = read(write(tmp_path / "edited", explicit(**({"worlds": LOSSES} | tables))))
    assert change(worlds, path, text) == edited


def test_a_budget_where_there_was_none(tmp_path):
    main = base()["scenario.yaml"].replace("budget: 3\n", "")
    without = read(write(tmp_path / "without", base(main=main)))
    changed = change(without, "budget", "3")
    assert changed == read(write(tmp_path / "with", base()))
    assert [w.column for w in without.warnings] == ["budget"]
    assert changed.warnings == ()


def test_a_loading_of_its_own_stays(given):
    changed = change(given, "groups.h", "0.1")
    assert str(dict(changed.technique("a").loadings)["h"]) == "0.3"
    assert str(dict(changed.technique("c").loadings)["h"]) == "0.1"


def test_several_changes_are_checked_together(given):
    changed = change_all(given, [("groups.g", "0.6"), ("scale.?", "0.7"), ("budget", "1")])
    assert digest(changed) == digest(
        change(change(change(given, "budget", "1"), "scale.?", "0.7"), "groups.g", "0.6")
    )
    assert change_all(given, []) is given


@pytest.mark.parametrize(
    ("path", "message", "cure"),
    [
        ("bugdet", "bugdet is not a known path", "Did you mean budget?"),
        ("techniques.b.cots", "not a known path", "Did you mean techniques.b.cost?"),
        ("techniques.aa.cost", "not a known path", "Did you mean techniques.a.cost?"),
        ("techniques.b", "not a known path", "techniques.b.cost"),
        ("techniques.b.reserchers", "not a known path", "techniques.b.researchers?"),
        ("techniques.c.cost", "has funding levels", "techniques.c.half.cost"),
        ("techniques.c.hlaf.cost", "not a known path", "techniques.c.half.cost?"),
        ("technique.b.cost", "not a known path", "Did you mean techniques.b.cost?"),
        ("b.cost", "not a known path", "Did you mean techniques.b.cost?"),
        ("m.loss", "not a known path", "Did you mean modes.m.loss?"),
        ("modes.m.probabilty", "not a known path", "Did you mean modes.m.probability?"),
        ("vulnerability.a.nn", "not a known path", "Did you mean vulnerability.a.n?"),
        ("vulnerability.a", "not a known path", "vulnerability.a.m"),
        ("scale.lo", "not a known path", "Did you mean scale.low?"),
        ("groups.x", "not a known path", "groups.g"),
        ("worlds.calm.weight", "does not apply", "modes or vulnerability"),
        ("", "The path is blank", "budget"),
        ("zzz", "zzz is not a known path", "techniques.ID.cost"),
    ],
)
def test_unknown_paths_name_the_nearest(given, path, message, cure):
    with pytest.raises(BadInput) as caught:
        change(given, path, "0.5")
    (finding,) = caught.value.findings
    assert finding.file == path
    assert message in finding.message
    assert cure in finding.cure


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("budget", "-1", "negative"),
        ("budget", "", "blank"),
        ("budget", "$5", "not a number"),
        ("budget", "1e14", "too large to count exactly"),
        ("budget", "1.0000000001", "over-precise"),
        ("techniques.a.cost", "1e15", "too large to count exactly"),
        ("techniques.a.researchers", "1e16", "too large to count exactly"),
        ("techniques.a.researchers", "1e-10", "over-precise"),
        ("techniques.a.background", "1.5", "outside 0 to 1"),
        ("name", " ", "blank"),
        ("reading", "both", "no reading"),
        ("unlisted", "1", "defeat every stack"),
        ("threshold", "0", "is 0"),
        ("threshold", "0.1 to 0.3", "0.1 to 0.3"),
        ("judgement_correlation", "0.1 to 0.3", "The value is 0.1 to 0.3"),
        ("samples", "10", "outside"),
        ("joint.modes", "2", "outside 0 to 1"),
        ("groups.g", "1", "above 0.99"),
        ("groups.g", "0.8", "loadings of a add up to 1.1"),
        ("vulnerability.a.n", "1.5", "outside 0 to 1"),
        ("vulnerability.a.n", "", "blank"),
        ("vulnerability.a.n", "lwo", "not a symbol of the scale"),
        ("rules.fund", "a,,b", "blank"),
        ("rules.fund", "a, a", "twice"),
        ("rules.exclude", "bb", "not a known technique"),
        ("committed", "c:half, c:full", "twice"),
        ("committed", "c:haf", "not a known level"),
    ],
)
def test_bad_values(given, path, text, message):
    with pytest.raises(BadInput) as caught:
        change(given, path, text)
    finding = caught.value.findings[0]
    assert finding.file == path
    assert message in finding.message
    assert finding.cure


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("joint.modes", "0.3"),
        ("reading", "by-mode"),
        ("modes.m.probability", "0.1"),
        ("groups.g", "0.1"),
        ("techniques.a.background", "0.1"),
    ],
)
def test_explicit_worlds_refuse_what_speaks_of_modes(worlds, path, text):
    with pytest.raises(BadInput, match="does not apply"):
        change(worlds, path, text)


@pytest.mark.parametrize(
    ("path", "message", "cure"),
    [
        ("worlds.calm.wieght", "not a known path", "Did you mean worlds.calm.weight?"),
        ("scale.low", "not a known path", "has none of this kind; leave it out"),
    ],
)
def test_unknown_paths_of_explicit_worlds(worlds, path, message, cure):
    with pytest.raises(BadInput) as caught:
        change(worlds, path, "0.5")
    (finding,) = caught.value.findings
    assert message in finding.message
    assert cure in finding.cure


def test_a_scale_beside_explicit_worlds_changes_nothing_but_itself(tmp_path):
    main = EXPLICIT + "scale: {low: 0.1}\n"
    edited = EXPLICIT + "scale: {low: 0.2}\n"
    found = change(read(write(tmp_path / "one", explicit(main=main))), "scale.low", "0.2")
    assert found == read(write(tmp_path / "two", explicit(main=edited)))


def test_a_correlation_of_judgements_is_an_edit_of_the_file(tmp_path, given):
    edited = rich(scenario=MAIN + "judgement_correlation: 0.25\n")
    assert change(given, "judgement_correlation", "0.25") == read(write(tmp_path / "two", edited))


def test_a_symbol_in_the_mixture_of_a_cell_cannot_become_a_mixture(tmp_path):
    table = VULNERABILITY.replace("a,?,", 'a,"{mix: {low: 0.5, 0.9: 0.5}}",')
    found = read(write(tmp_path, rich(vulnerability=table)))
    with pytest.raises(BadInput, match="low is part of a mixture, and cannot be one itself"):
        change(found, "scale.low", "{mix: {0.1: 0.5, 0.2: 0.5}}")


def test_weights_that_are_all_zero(worlds):
    with pytest.raises(BadInput, match="weights of all worlds are 0"):
        change_all(worlds, [("worlds.calm.weight", "0"), ("worlds.storm.weight", "0")])


def test_a_loss_for_one_world_alone(tmp_path):
    given = read(write(tmp_path, explicit()))
    with pytest.raises(BadInput, match="have no losses"):
        change(given, "worlds.calm.loss", "2")


def test_all_findings_come_in_one_list(given):
    with pytest.raises(BadInput) as caught:
        change_all(given, [("bugdet", "1"), ("unlisted", "2"), ("name", "x"), ("name", "y")])
    assert [f.file for f in caught.value.findings] == ["bugdet", "unlisted", "name"]


def test_locks(tmp_path, given):
    locked = lock_out(lock_in(given, "c:half"), "b")
    main = MAIN.replace("fund: [a], exclude: [c]", 'fund: [a, "c:half"], exclude: [b, c]')
    assert locked == read(write(tmp_path / "locked", rich(scenario=main)))
    with pytest.raises(BadInput, match="not a known technique"):
        lock_in(given, "x")


def test_named_changes_are_checked(tmp_path):
    block = "what_if: {good: {budget: 1}, bad: {bugdet: 1, unlisted: 7}}\n"
    odd = check_named(read(write(tmp_path, rich(scenario=MAIN + block))), "scenario.yaml")
    assert [(f.file, f.column) for f in odd] == [
        ("scenario.yaml", "what_if.bad.bugdet"),
        ("scenario.yaml", "what_if.bad.unlisted"),
    ]
