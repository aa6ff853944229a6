"""What a well-formed scenario reads as, and what is accepted."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from scenario_files import (
    EXPLICIT,
    FAILURE,
    MAIN,
    MODES,
    TECHNIQUES,
    VULNERABILITY,
    WORLDS,
    Files,
    base,
    explicit,
    write,
)

from planner.errors import BadInput, EnvironmentFailed
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.scenario.types import (
    AtMost,
    Cell,
    Choice,
    ExplicitWorlds,
    FailureModes,
    Joint,
    Level,
    Limit,
    Scenario,
    Source,
)
from planner.scenario.values import Beta, Interval, Pert, number

ROOT = Path(__file__).parents[2]


def of(tmp_path: Path, files: Files) -> Scenario:
    return read(write(tmp_path, files))


def modes_of(scenario: Scenario) -> FailureModes:
    assert isinstance(scenario.threats, FailureModes)
    return scenario.threats


def worlds_of(scenario: Scenario) -> ExplicitWorlds:
    assert isinstance(scenario.threats, ExplicitWorlds)
    return scenario.threats


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (ROOT / "scenarios").iterdir() if path.is_dir())
)
def test_every_scenario_that_ships_reads_without_warnings(name: str) -> None:
    assert read(ROOT / "scenarios" / name).warnings == ()


def test_rows_and_columns_are_sorted_by_id(tmp_path: Path) -> None:
    files = base(
        techniques="id,cost\nb,2\na,1\n",
        modes="id,probability\nn,0.2\nm,0.1\n",
        vulnerability="technique,n,m\nb,0.3,0.2\na,0.1,0.5\n",
    )
    scenario = of(tmp_path, files)
    assert [t.id for t in scenario.techniques] == ["a", "b"]
    threats = modes_of(scenario)
    assert [mode.id for mode in threats.modes] == ["m", "n"]
    assert [[c.value.mean for c in row] for row in threats.cells] == [[0.5, 0.1], [0.2, 0.3]]


def test_a_single_file_reads_as_a_folder_does(tmp_path: Path) -> None:
    inline = """\
planner: 1
name: Base
budget: 3
techniques:
  - {id: a, name: Alpha, cost: 1}
  - {id: b, name: Beta, cost: 2}
modes:
  - {id: m, probability: 0.1}
  - {id: n, probability: 0.2}
vulnerability:
  a: {m: 0.5, n: 0.1}
  b: {n: 0.3, m: 0.2}
"""
    write(tmp_path, {"one.yaml": inline, "two.yml": inline})
    assert read(tmp_path / "one.yaml") == of(tmp_path / "folder", base())
    assert read(str(tmp_path / "two.yml")) == read(tmp_path / "folder" / "scenario.yaml")


def test_a_scenario_uses_all_that_the_format_has(tmp_path: Path) -> None:
    main = (
        MAIN
        + """\
currency: USD million
scale: {ok: 0.05, "?": "0.05 to 0.8"}
reading: by-mode
joint: {modes: 0.3}
groups: {pipe: 0.4, lab: 0.2}
unlisted: 0.01
baseline_loss: 2
threshold: 0.6
samples: 1024
levels: levels.csv
rules:
  fund: [a]
  exclude: ["b:half"]
  requires: {"b:half": [a]}
  at_most: [{of: [b, a], count: 1}]
  limits:
    - {attribute: staff, at_most: 120}
    - {attribute: cost, of: [a], at_least: 1.125}
committed: ["b:full"]
what_if: {half: {budget: 1.5, techniques.a.cost: {pert: [1, 2, 3]}}, none: {}}
sources: sources.csv
experts: {anna: experts/anna.csv}
"""
    )
    files = base(
        main=main,
        techniques=(
            "id,name,cost,success,background,groups,staff\n"
            "a,Alpha,1 to 3,0.9,0.01,pipe;lab:0.3,12\n"
            "b,Beta,,,,,\n"
        ),
        levels="technique,level,cost,success\nb,half,1,\nb,full,2.50,0.8\n",
        vulnerability='technique,m,n\na,ok,"{beta: [1, 4]}"\nb,?,"{pert: [0, 0.1, 0.4]}"\n',
        sources="table,row,column,source,quote,judged by\nvulnerability,a,m,Paper,it holds,Ann\n",
    )
    scenario = of(tmp_path, files | {"experts/anna.csv": VULNERABILITY})
    assert scenario.warnings == ()
    assert (scenario.currency, scenario.reading, scenario.samples) == (
        "USD million",
        "by-mode",
        1024,
    )
    assert scenario.decimals == 3
    assert scenario.groups == (("lab", number("0.2")), ("pipe", number("0.4")))
    a, b = scenario.techniques
    assert a.levels == (Level("full", Interval(Decimal(1), Decimal(3), "amount"), number("0.9")),)
    assert a.loadings == (("lab", number("0.3")), ("pipe", number("0.4")))
    assert a.attributes == (("staff", number(12)),)
    assert b.attributes == (("staff", number(0)),)
    assert b.levels == (Level("full", number("2.5"), number("0.8")), Level("half", number(1)))
    threats = modes_of(scenario)
    assert threats.joint == Joint(factor=number("0.3"))
    assert threats.cells == (
        (Cell(number("0.05"), "ok"), Cell(Beta(Decimal(1), Decimal(4)))),
        (
            Cell(Interval(Decimal("0.05"), Decimal("0.8"), "probability"), "?"),
            Cell(Pert(Decimal(0), Decimal("0.1"), Decimal("0.4"))),
        ),
    )
    rules = scenario.rules
    assert (rules.fund, rules.exclude) == ((Choice("a"),), (Choice("b", "half"),))
    assert rules.requires == ((Choice("b", "half"), (Choice("a"),)),)
    assert rules.at_most == (AtMost(("a", "b"), 1),)
    assert rules.limits == (
        Limit("cost", ("a",), number("1.125"), None),
        Limit("staff", None, None, number(120)),
    )
    assert scenario.committed == (Choice("b", "full"),)
    (anna,) = scenario.experts
    assert (anna.name, anna.weight) == ("anna", number(1))
    assert anna.cells[0] == (Cell(number("0.5")), Cell(number("0.1")))
    assert scenario.sources == (Source("vulnerability", "a", "m", "Paper", "it holds", "Ann"),)
    assert scenario.what_if == (
        ("half", (("budget", "1.5"), ("techniques.a.cost", "{pert: [1, 2, 3]}"))),
        ("none", ()),
    )


def test_explicit_worlds_read_long_wide_and_inline_alike(tmp_path: Path) -> None:
    long = of(tmp_path / "long", explicit())
    threats = worlds_of(long)
    assert [world.id for world in threats.worlds] == ["calm", "storm"]
    assert [(i, s, v.mean) for i, s, v in threats.failure] == [
        (0, 0, 0.1),
        (0, 1, 0.9),
        (1, 1, 0.5),
    ]
    wide = explicit(failure="technique,storm,calm\nb,0.5,1\na,0.9,0.1\n")
    assert of(tmp_path / "wide", wide) == long
    text = EXPLICIT.replace("failure.csv", "{a: {calm: 0.1, storm: 0.9}, b: {storm: 0.5}}")
    assert of(tmp_path / "mapping", explicit(main=text)) == long
    rows = ", ".join(
        "{{technique: {}, world: {}, failure: {}}}".format(*line.split(","))
        for line in FAILURE.splitlines()[1:]
    )
    text = EXPLICIT.replace("failure.csv", f"[{rows}]")
    assert of(tmp_path / "list", explicit(main=text)) == long


def test_losses_of_worlds_are_kept(tmp_path: Path) -> None:
    scenario = of(tmp_path, explicit(worlds="world,weight,loss\ncalm,1,2\nstorm,1,0\n"))
    assert [world.loss for world in worlds_of(scenario).worlds] == [number(2), number(0)]


def test_a_world_without_loss_among_others_is_nothing_odd(tmp_path: Path) -> None:
    worlds = "world,weight,loss\ncalm,0.7,0\nstorm,0.3,5\n"
    assert not of(tmp_path, explicit(worlds=worlds)).warnings


def test_a_correlation_matrix_is_put_in_the_order_of_the_modes(tmp_path: Path) -> None:
    modes = "id,probability\nz,0.1\nm,0.1\nn,0.2\n"
    cells = "technique,m,n,z\na,0.5,0.1,0\nb,0.2,0.3,0\n"
    table = "mode,z,n,m\nm,0.3,0.1,1\nz,1,0.2,0.3\nn,0.2,1,0.1\n"
    files = base(main=MAIN + "joint: {modes: r.csv}\n", modes=modes, vulnerability=cells, r=table)
    expected = ((1.0, 0.1, 0.3), (0.1, 1.0, 0.2), (0.3, 0.2, 1.0))
    assert modes_of(of(tmp_path / "file", files)).joint.matrix == expected
    main = MAIN + "joint: {modes: {z: {n: 0.2, m: 0.3}, n: {m: 0.1}}}\n"
    inline = base(main=main, modes=modes, vulnerability=cells)
    assert modes_of(of(tmp_path / "inline", inline)).joint.matrix == expected


@pytest.mark.parametrize("text", ["independent", "{modes: 0}"])
def test_joint_may_say_that_modes_are_independent(tmp_path: Path, text: str) -> None:
    assert modes_of(of(tmp_path, base(main=MAIN + f"joint: {text}\n"))).joint == Joint()


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    files = base(main=mark + MAIN.encode(), techniques=mark + TECHNIQUES.encode())
    assert of(tmp_path / "marked", files) == of(tmp_path / "plain", base())


@pytest.mark.parametrize("name", ["no", "on", "1e-9", "2025-01-01", "010", "Ångström <b>"])
def test_names_are_text_whatever_they_look_like(tmp_path: Path, name: str) -> None:
    assert of(tmp_path, base(main=MAIN.replace("Base", name))).name == name


def test_ids_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    ids = ["007", "NA", "null", "no", "1e3"]
    table = "id,cost\n" + "".join(f"{id},1\n" for id in ids)
    cells = "technique,m,n\n" + "".join(f"{id},1,1\n" for id in ids)
    scenario = of(tmp_path, base(techniques=table, vulnerability=cells))
    assert [t.id for t in scenario.techniques] == sorted(ids)
    text = MAIN.replace(
        "techniques.csv", "[" + ", ".join(f"{{id: {i}, cost: 1}}" for i in ids) + "]"
    )
    text += "rules: {fund: [null, 007]}\n"
    inline = of(tmp_path / "inline", base(main=text, vulnerability=cells))
    assert [t.id for t in inline.techniques] == sorted(ids)
    assert inline.rules.fund == (Choice("007"), Choice("null"))


def test_a_technique_without_a_name_is_called_by_its_id(tmp_path: Path) -> None:
    scenario = of(tmp_path, base(techniques="id,name,cost\na,,1\nb,Beta,2\n"))
    assert [t.name for t in scenario.techniques] == ["a", "Beta"]
    assert scenario.warnings == ()


def test_a_small_number_in_yaml_is_a_number(tmp_path: Path) -> None:
    # YAML's own rules read this spelling as text; the page about the format says what it is here.
    page = (ROOT / "docs" / "scenario-format.md").read_text(encoding="utf-8")
    assert "`1e-9` is a number" in page
    assert of(tmp_path, base(main=MAIN + "unlisted: 1e-9\n")).unlisted == number("1e-9")


@pytest.mark.parametrize("budget", ["0", "1000", "'3'", "1 to 3"])
def test_budgets_of_zero_and_above_the_total_are_accepted(tmp_path: Path, budget: str) -> None:
    assert not of(tmp_path, base(main=MAIN.replace("budget: 3", f"budget: {budget}"))).warnings


LEVELS = "technique,level,cost\na,half,1\na,full,2.5\n"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("rules: {fund: [a, b], exclude: [a]}", "fund and exclude both name a: no stack"),
        ("rules: {fund: ['a:half'], exclude: ['a:half']}", "both name a:half: no stack"),
        ("rules: {fund: ['a:half'], exclude: [a]}", "both name a:half: no stack"),
        # Some level of a is left: 1 and 2 are within the budget of 3, 2.5 and 2 are not.
        ("rules: {fund: [a, b], exclude: ['a:full']}", None),
        ("rules: {fund: ['a:full', b]}", "costs at least 4.5, more than the budget of 3."),
        ("rules: {fund: ['a:full', b]}\ncommitted: [b]", "already committed"),
    ],
)  # fmt: skip
def test_rules_that_cannot_hold_together_are_no_bad_input(
    tmp_path: Path, rules: str, message: str | None
) -> None:
    main = f"{MAIN}levels: levels.csv\n{rules}\n"
    techniques = TECHNIQUES.replace("Alpha,1", "Alpha,")
    scenario = of(tmp_path, base(main=main, techniques=techniques, levels=LEVELS))
    assert "a" in {choice.technique for choice in scenario.rules.fund}
    assert len(scenario.warnings) == (message is not None)
    assert all(message in w.message and w.cure for w in scenario.warnings if message)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (base(main=MAIN.replace("budget: 3\n", "")), "no budget"),
        (base(techniques=TECHNIQUES.replace("Alpha,1", "Alpha,0")), "it is free"),
        (base(techniques=TECHNIQUES.replace("Beta", "ALPHA ")), "have the same name"),
        (base(techniques=TECHNIQUES + ",,\n"), "row is blank"),
        (base(main=MAIN + "committed: [a]\nrules: {fund: [a]}\n"), "already committed"),
        (
            base(main=MAIN + "baseline_loss: 0\n", modes="id,probability\nm,0\nn,0\n"),
            "Nothing can go wrong",
        ),
        (
            base(main=MAIN + "levels: levels.csv\n", levels="technique,level,cost\na,full,1\n"),
            "its own cost is not used",
        ),
        (
            base(
                main=MAIN + "sources: s.csv\n",
                s="table,row,column,source\nvulnerability,aa,m,Paper\n",
            ),
            "names a row that is not there: aa",
        ),
        (
            base(
                main=MAIN + "sources: s.csv\n",
                s="table,row,column,source\nvulnerabilty,a,m,Paper\n",
            ),
            "names a table that is not there",
        ),
        (
            base(
                main=MAIN + "sources: s.csv\n",
                s="table,row,column,source\nvulnerability,a,mm,Paper\n",
            ),
            "names a column that is not there: mm",
        ),
        (explicit(worlds="world,weight,loss\ncalm,1,0\nstorm,1,0\n"), "losses of all worlds are 0"),
    ],
)
def test_odd_but_accepted_is_a_warning(tmp_path: Path, files: Files, message: str) -> None:
    (warning,) = of(tmp_path, files).warnings
    assert message in warning.message
    assert warning.cure


@pytest.mark.parametrize(
    ("modes", "baseline", "harmless"),
    [
        ("m,0.1,0\nn,0,5\n", 0, True),  # each lacks another of the two
        ("m,0,1\nn,0,1\n", 0, True),
        ("m,0.1,0\nn,0.2,0\n", 0, True),
        ("m,0.1,1\nn,0.2,0\n", 0, False),  # the first does harm
        ("m,0,1\nn,0.2,3\n", 0, False),
        ("m,0.1,1\nn,0.2,1\n", 0, False),
        ("m,0,0\nn,0,0\n", 1, False),  # something else goes wrong
    ],
)
def test_a_mode_does_harm_by_a_probability_and_a_loss(
    tmp_path: Path, modes: str, baseline: int, harmless: bool
) -> None:
    main = MAIN + f"baseline_loss: {baseline}\n"
    warnings = of(tmp_path, base(main=main, modes="id,probability,loss\n" + modes)).warnings
    assert any("Nothing can go wrong" in w.message for w in warnings) == harmless


@pytest.mark.parametrize(
    ("files", "decimals"),
    [
        (base(), 2),  # at least
        (base(main=MAIN.replace("budget: 3", "budget: 3.125")), 3),
        (base(techniques=TECHNIQUES.replace("Alpha,1", "Alpha,1.0005")), 4),
        (base(main=MAIN + "rules: {limits: [{attribute: cost, at_least: 0.00001}]}\n"), 5),
        (base(main=MAIN + "rules: {limits: [{attribute: cost, at_most: 1.000001}]}\n"), 6),
        (
            base(
                main=MAIN + "levels: levels.csv\n",
                levels="technique,level,cost\na,half,0.0000001\na,full,1\n",
                techniques=TECHNIQUES.replace("Alpha,1", "Alpha,"),
            ),
            7,
        ),
        # an attribute that is no money
        (base(techniques="id,cost,staff\na,1,0.12345\nb,2,1\n"), 2),
    ],
)
def test_the_unit_of_account_has_the_most_decimals_of_any_amount(
    tmp_path: Path, files: Files, decimals: int
) -> None:
    # The page on the format: 10^-k, "with k the most decimals among the scenario's amounts".
    assert of(tmp_path, files).decimals == decimals


def test_a_technique_without_levels_may_be_named_with_its_level(tmp_path: Path) -> None:
    scenario = of(tmp_path, base(main=MAIN + "rules: {fund: ['a:full']}\n"))
    assert scenario.rules.fund == (Choice("a"),)


def test_groups_may_be_a_list_in_yaml(tmp_path: Path) -> None:
    text = "[{id: a, cost: 1, groups: [p, 'q:0.1']}, {id: b, cost: 1}]"
    main = MAIN.replace("techniques.csv", text) + "groups: {p: 0.2, q: 0.3}\n"
    scenario = of(tmp_path, base(main=main))
    assert scenario.technique("a").loadings == (("p", number("0.2")), ("q", number("0.1")))


def test_amounts_up_to_the_very_last_unit_that_counts_are_read(tmp_path: Path) -> None:
    # 2^52 cents in all, in the budget, and in a limit; of an attribute that is no money, more.
    most = "45035996273704.96"
    limits = (
        f"[{{attribute: cost, at_least: 0, at_most: {most}}}, {{attribute: staff, at_most: 1e20}}]"
    )
    files = base(
        main=MAIN.replace("budget: 3", f"budget: {most}") + f"rules: {{limits: {limits}}}\n",
        techniques="id,cost,staff\na,45035996273702.96,1\nb,2,1\n",
    )
    scenario = of(tmp_path, files)
    assert settle(scenario).budget == sum(settle(scenario).cost) == 2**52


def test_blank_lines_of_a_table_do_not_count(tmp_path: Path) -> None:
    files = base(techniques=TECHNIQUES.replace("b,", "\n\nb,"))
    assert of(tmp_path / "gaps", files) == of(tmp_path / "base", base())


def test_prerequisites_that_meet_again_are_no_cycle(tmp_path: Path) -> None:
    # a needs b and c, which both need d: d is met twice, and nothing leads back.
    techniques = "id,cost\na,1\nb,1\nc,1\nd,1\n"
    rows = "technique,m,n\na,1,1\nb,1,1\nc,1,1\nd,1,1\n"
    main = MAIN + "rules: {requires: {a: [b, c], b: [d], c: [d], d: []}}\n"
    scenario = of(tmp_path, base(main=main, techniques=techniques, vulnerability=rows))
    assert [str(choice) for choice, _ in scenario.rules.requires] == ["a", "b", "c", "d"]


def test_a_technique_is_found_by_its_id(tmp_path: Path) -> None:
    scenario = of(tmp_path, base())
    assert scenario.technique("b").name == "Beta"
    with pytest.raises(KeyError):
        scenario.technique("z")


def test_a_cell_of_several_lines_keeps_the_line_numbers_right(tmp_path: Path) -> None:
    sources = (
        'table,row,column,source,note\nvulnerability,a,m,P,"one\ntwo"\nvulnerability,zz,m,P,\n'
    )
    scenario = of(tmp_path, base(main=MAIN + "sources: s.csv\n", s=sources))
    assert [warning.row for warning in scenario.warnings] == [4]
    assert scenario.sources[0].note == "one\ntwo"


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_every_system_are_accepted(tmp_path: Path, end: str) -> None:
    files: Files = {
        name: str(content).replace("\n", end).encode() for name, content in base().items()
    }
    assert of(tmp_path / "other", files) == of(tmp_path / "plain", base())


def test_a_chain_of_prerequisites_may_be_long(tmp_path: Path) -> None:
    count = 3000
    techniques = "id,cost\n" + "".join(f"t{k},1\n" for k in range(count))
    cells = "technique,m,n\n" + "".join(f"t{k},1,1\n" for k in range(count))
    needs = "".join(f"    t{k}: [t{k + 1}]\n" for k in range(count - 1))
    files = base(
        main=MAIN + "rules:\n  requires:\n" + needs, techniques=techniques, vulnerability=cells
    )
    assert len(of(tmp_path, files).rules.requires) == count - 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_no_bad_input(tmp_path: Path) -> None:
    folder = write(tmp_path, base())
    (folder / "modes.csv").chmod(0)
    with pytest.raises(EnvironmentFailed):
        read(folder)


def test_reading_loads_no_heavy_packages() -> None:
    code = (
        "import sys, planner.scenario.read;"
        "print([m for m in ('pandas', 'scipy', 'matplotlib', 'highspy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_half_a_file_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """Every prefix of the files, and every byte spoiled, is read or refused with findings."""
    files = base(main=MAIN + "rules: {limits: [{attribute: cost, at_most: 2}]}\n")
    folder = write(tmp_path, files)
    refusals: list[BadInput] = []
    for name, content in files.items():
        data = str(content).encode()
        spoiled = [data[:k] for k in range(0, len(data), 3)]
        for k in range(0, len(data), 2):
            spoiled += [data[:k] + bad + data[k + 1 :] for bad in (b"\xff", b'"', b"{", b",", b":")]
        for bad in spoiled:
            (folder / name).write_bytes(bad)
            try:
                read(folder)
            except BadInput as error:
                refusals.append(error)
        (folder / name).write_bytes(data)
    assert len(refusals) > 100
    assert all(refusal.findings for refusal in refusals)


def test_a_folder_of_worlds_is_sorted_too(tmp_path: Path) -> None:
    lines = WORLDS.splitlines()
    backward = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    assert of(tmp_path / "b", explicit(worlds=backward)) == of(tmp_path / "a", explicit())


def test_known_headings_may_differ_in_case(tmp_path: Path) -> None:
    files = base(techniques=TECHNIQUES.replace("cost", " Cost"), modes=MODES.replace("id", "ID"))
    assert of(tmp_path / "a", files) == of(tmp_path / "b", base())
