"""What `sweep` is asked, read and checked against its scenarios; every finding names its option."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.cli.options import Reader
from planner.errors import BadInput, Finding
from planner.plan import DEPTH
from planner.risk.measures import parse
from planner.scenario.experts import expert_names
from planner.scenario.notes import Notes, listed, shown
from planner.scenario.numbers import parse_whole
from planner.scenario.read import read
from planner.scenario.types import Scenario
from planner.solve.engine import SOLVERS
from planner.study.what_if import Axis, read_axes
from planner.sweep.cases import AS_WRITTEN, Named, Sweep

#: Draws of a cell (a Sobol sequence of 30 bits repeats itself beyond), and cells of a grid.
MOST_DRAWS, MOST_CELLS = 2**30, 1_000_000
#: Processes of this machine. More than its processors bring nothing.
MOST_WORKERS = 1024
#: Words of --experts: every expert, and the scenario's own table.
ALL, OWN = "all", "own"


@dataclass(frozen=True)
class Asked:
    """A sweep, where it is kept, and who does it."""

    sweep: Sweep
    out: Path | None
    resume: bool
    workers: int
    cluster: str | None


def read_status(arguments: Namespace) -> Path:
    """The folder whose sweep is asked after."""
    if arguments.out is None:
        raise BadInput.option("--status", "no folder is named.", "Write --status --out DIR.")
    return Path(arguments.out)


def read_asked(arguments: Namespace) -> Asked:
    """Raises BadInput with every finding about the scenarios, or else about the options."""
    scenarios = _scenarios(arguments.scenario)
    reader = Reader(arguments)
    search = reader.search()
    sweep = Sweep(
        scenarios=scenarios,
        objectives=_objectives(arguments.objective, reader),
        experts=_experts(arguments.experts, scenarios, reader),
        named=_named(arguments.named, scenarios, reader),
        axes=_axes(arguments, scenarios, reader),
        draws=reader.read("--draws", lambda text: parse_whole(text, 1, MOST_DRAWS), None),
        seed=reader.seed(),
        solver=search.solver,
        gap=search.gap,
    )
    if search.solver not in SOLVERS:
        message = f"{shown(search.solver)} is no solver here."
        reader.find("--solver", message, f"Write one of {', '.join(SOLVERS)}.")
    workers = reader.read("--workers", lambda text: parse_whole(text, 1, MOST_WORKERS), 1)
    if arguments.cluster is not None and arguments.workers is not None:
        reader.find("--workers", "The cluster has workers of its own.", "Leave one of the two out.")
    if arguments.resume and arguments.out is None:
        reader.find("--resume", "No folder is named.", "Add the --out DIR that it was begun with.")
    _check_paths(sweep, reader)
    _check_budgets(sweep, reader)
    reader.check()
    out = None if arguments.out is None else Path(arguments.out)
    return Asked(sweep, out, arguments.resume, workers, arguments.cluster)


def _scenarios(paths: Sequence[str]) -> tuple[Scenario, ...]:
    """All of them read; the findings of all in one list."""
    if not paths:
        raise BadInput.option(
            "planner sweep", "No scenario is named.", "Write planner sweep SCENARIO --draws 1000."
        )
    found: list[Scenario] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            found.append(read(path))
        except BadInput as error:
            findings += error.findings
    if findings:
        raise BadInput.of(findings)
    return tuple(found)


def _objectives(text: str, reader: Reader) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in names:
        if name != DEPTH:
            try:
                parse(name)
            except BadInput as error:
                reader.findings += error.findings
    return names


def _experts(
    text: str | None, scenarios: Sequence[Scenario], reader: Reader
) -> tuple[str | None, ...]:
    if text is None:
        return (None,)
    known = [expert_names(scenario) for scenario in scenarios]
    common = sorted(set(known[0]).intersection(*known[1:]))
    found: list[str | None] = []
    for name in (part.strip() for part in text.split(",")):
        if name == ALL:
            found += common
        elif name == OWN:
            found.append(None)
        elif name in common:
            found.append(name)
        else:
            where = " of every scenario" if len(scenarios) > 1 else " of the scenario"
            cure = "Write experts: {anna: experts/anna.csv} into the scenario."
            if common:
                cure = f"{Notes().suggest(name, common)} There are: {listed(common)}."
            reader.find("--experts", f"{shown(name)} is no expert{where}.", cure)
    if not found and not reader.findings:
        cure = "Write experts: {anna: experts/anna.csv} into it, or leave --experts out."
        reader.find("--experts", "The scenario has no experts.", cure)
    return tuple(dict.fromkeys(found)) or (None,)


def _named(
    names: Sequence[str] | None, scenarios: Sequence[Scenario], reader: Reader
) -> tuple[Named, ...]:
    """The scenario as written, then each named change, which must say the same everywhere."""
    found = [Named(AS_WRITTEN)]
    for name in dict.fromkeys(names or ()):
        stated = {dict(scenario.what_if).get(name) for scenario in scenarios}
        changes = next(iter(stated))
        if len(stated) == 1 and changes is not None:
            found.append(Named(name, changes))
            continue
        known = sorted(dict(scenarios[0].what_if))
        if stated == {None}:
            message = f"{shown(name)} is not a named change."
            cure = Notes().suggest(name, known) if known else "The scenario names none."
        else:
            message = f"{shown(name)} is not the same change in every scenario."
            cure = "Sweep these scenarios one by one."
        reader.find("--named", message, cure)
    return tuple(found)


def _axes(arguments: Namespace, scenarios: Sequence[Scenario], reader: Reader) -> tuple[Axis, ...]:
    """The axes of --vary, then the budgets; they must fit every scenario."""
    written = list(arguments.vary or ())
    if arguments.budget is not None:
        written.append(f"budget={arguments.budget}")
    axes: tuple[Axis, ...] = ()
    findings: dict[Finding, None] = {}
    for scenario in scenarios:
        try:
            axes = read_axes(scenario, written, (), MOST_CELLS)
        except BadInput as error:
            findings.update(dict.fromkeys(error.findings))
    reader.findings += findings
    return axes


def _check_paths(sweep: Sweep, reader: Reader) -> None:
    """No named change has a path that an axis changes too."""
    varied = {axis.path for axis in sweep.axes}
    for named in sweep.named:
        for path in sorted(varied & {path for path, _ in named.changes}):
            message = f"{shown(named.name)} changes {path}, and so does an axis."
            reader.find("--named", message, "Leave one of the two out.")


def _check_budgets(sweep: Sweep, reader: Reader) -> None:
    """Every case has a budget."""
    given = any(axis.path == "budget" for axis in sweep.axes)
    for scenario in sweep.scenarios:
        if scenario.budget is None and not given:
            reader.find(
                "--budget",
                "The scenario has no budget.",
                "Write `budget: 9` into scenario.yaml, or pass --budget.",
            )
            return
