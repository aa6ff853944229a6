"""`planner what-if`: the same scenario with something changed, side by side with the base."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.options import Reader
from planner.cli.progress import Progress
from planner.cli.recommend import say_notes
from planner.errors import BadInput, Finding
from planner.files import make_folder, write_bytes, write_text
from planner.report import what_if_page
from planner.report.drawing import png, svg
from planner.report.figures_what_if import grid_drawing
from planner.report.screen import Screen, as_json, print_json
from planner.scenario.changes import Change, change_all, labelled, lock_in, lock_out
from planner.scenario.notes import Notes, listed, shown
from planner.scenario.read import read
from planner.scenario.types import Scenario
from planner.solve.search import Search
from planner.study.what_if import Case, Comparison, Grid, vary, what_if

#: The case that --set and the locks make together.
SET = "set"


@dataclass(frozen=True)
class Asked:
    """What `what-if` was asked, checked against the scenario."""

    cases: tuple[Case, ...]
    grid: Grid | None
    search: Search
    seed: int


def run(arguments: Namespace) -> int:
    scenario = read(arguments.scenario)
    asked = _read(arguments, scenario)
    folder = None if arguments.out is None else make_folder(Path(arguments.out))
    with Progress() as progress:
        found = what_if(
            scenario,
            asked.cases,
            arguments.objective,
            asked.search,
            asked.seed,
            grid=asked.grid,
            progress=progress,
        )
    written = [] if folder is None else _write(folder, found)
    if arguments.json:
        print_json(what_if_page.document(found))
    else:
        screen = Screen()
        screen.show(*what_if_page.page(found, screen.width))
        say_notes([as_line(warning) for warning in what_if_page.warnings_of(found)], written)
    return 0


def _write(folder: Path, found: Comparison) -> list[Path]:
    document = as_json(what_if_page.document(found)) + "\n"
    written = [
        write_text(folder / "what-if.json", document),
        write_text(folder / "what-if.csv", what_if_page.comparison_csv(found)),
    ]
    drawing = grid_drawing(found)
    if drawing is not None:
        written.append(write_bytes(folder / f"{drawing.name}.png", png(drawing)))
        written.append(write_bytes(folder / f"{drawing.name}.svg", svg(drawing)))
    return written


def _read(arguments: Namespace, scenario: Scenario) -> Asked:
    """Raises BadInput with every finding about the options."""
    reader = Reader(arguments)
    search = reader.search()
    seed = reader.seed()
    own = _own_case(arguments, scenario, reader)
    names = list(dict.fromkeys(arguments.named or ()))
    grid = None
    if arguments.vary:
        try:
            grid = vary(scenario, arguments.vary, own)
        except BadInput as error:
            reader.findings += error.findings
    if own is None and not names and not arguments.vary:
        names = [name for name, _ in scenario.what_if]
        if not names:
            reader.find(
                "--set",
                "Nothing is asked: no option is given, and the scenario has no named changes.",
                "Write --set budget=12, or what_if: {half: {budget: 4.5}} into the scenario.",
            )
    named = _named(names, scenario, reader)
    reader.check()
    return Asked((*(() if own is None else (own,)), *named), grid, search, seed)


def _own_case(arguments: Namespace, scenario: Scenario, reader: Reader) -> Case | None:
    """--set and the locks, as one case."""
    pairs = []
    for written in arguments.set or ():
        path, sign, text = written.partition("=")
        if sign and path.strip():
            pairs.append((path.strip(), text.strip()))
        else:
            message = f"{shown(written)} is no path with a value."
            reader.find("--set", message, "Write --set techniques.debate.cost=2.")
    _try_changes(pairs, scenario, reader)
    inside = _choices(arguments.lock_in)
    outside = _choices(arguments.lock_out)
    for option, choices, lock in (
        ("--lock-in", inside, lock_in),
        ("--lock-out", outside, lock_out),
    ):
        for choice in choices:
            try:
                lock(scenario, choice)
            except BadInput as error:
                reader.findings += labelled(error, option)
    for choice in inside:
        if choice in outside:
            message = f"{shown(choice)} is locked in and locked out."
            reader.find("--lock-out", message, "Keep one of the two.")
    if not (pairs or inside or outside):
        return None
    return Case(SET, tuple(pairs), inside, outside)


def _try_changes(pairs: Sequence[Change], scenario: Scenario, reader: Reader) -> None:
    try:
        change_all(scenario, pairs)
    except BadInput as error:
        reader.findings += labelled(error, "--set")


def _choices(written: Sequence[str] | None) -> tuple[str, ...]:
    """Names, each option with one or several between commas."""
    parts = [part.strip() for text in written or () for part in text.split(",")]
    return tuple(dict.fromkeys(parts))


def _named(names: Sequence[str], scenario: Scenario, reader: Reader) -> list[Case]:
    known = dict(scenario.what_if)
    found = []
    for name in names:
        if name in known:
            found.append(Case(name, known[name]))
            continue
        cure = Notes().suggest(name, known)
        if not known:
            cure = "The scenario names none; use --set, or write what_if: into it."
        elif len(known) > 1 and "Did you mean" in cure:
            cure += f" There are: {listed(sorted(known))}."
        reader.findings.append(
            Finding("--named", None, None, f"{shown(name)} is not a named change.", cure)
        )
    return found
