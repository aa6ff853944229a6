"""`planner import`: a scenario folder or workbook from tables that people have."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.places import must_be_new
from planner.errors import BadInput, EnvironmentFailed, Finding
from planner.files import make_folder, write_text
from planner.report.screen import Screen, plain, print_json
from planner.report.simple_table import table as page_table
from planner.scenario.csv_text import LARGEST_CSV
from planner.scenario.digest import digest
from planner.scenario.expert_sheet import read_answers
from planner.scenario.folder import Folder, kind_of, near_file, read_bytes
from planner.scenario.import_map import Mapping, guess, read_mapping
from planner.scenario.import_table import Imported, NotMapped, import_table
from planner.scenario.notes import Notes, Place, shown
from planner.scenario.read import MAIN_FILE, read
from planner.scenario.table import Table
from planner.scenario.tabulate import Sheet
from planner.scenario.types import Scenario
from planner.scenario.workbook import Book
from planner.scenario.workbook_bytes import LARGEST_WORKBOOK, check_bytes
from planner.scenario.workbook_cells import Damaged, Sheets
from planner.scenario.workbook_tree import SETTINGS
from planner.scenario.write import write_yaml, yaml_words
from planner.scenario.write_folder import csv_of, write_folder
from planner.scenario.write_workbook import write_workbook
from planner.scenario.yaml_text import LARGEST_YAML

#: The list of what did not map, in the new folder.
NOT_MAPPED = "not-mapped.csv"


@dataclass(frozen=True)
class Brought:
    """What was made: the scenario as it reads back, in words, what did not map, and what is odd
    about what was read."""

    scenario: Scenario
    what: str
    not_mapped: tuple[NotMapped, ...] = ()
    warnings: tuple[Finding, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)


def run(arguments: Namespace) -> int:
    source, out = Path(arguments.source), Path(arguments.out)
    must_be_new(out, "--out")
    if kind_of(source) == "missing":
        raise BadInput.option(
            shown(arguments.source), "There is no such file or folder.", near_file(source)
        )
    if arguments.scenario is not None:
        brought = _answers(arguments, source, out)
    elif arguments.expert is not None:
        raise BadInput.option(
            "--expert", "An expert's sheet belongs to a scenario.", "Add --from SCENARIO."
        )
    elif arguments.map is not None or source.suffix.lower() == ".csv":
        brought = _table(source, arguments.map, out)
    else:
        brought = _convert(source, out)
    _show(arguments, out, brought)
    return 0


def _convert(source: Path, out: Path) -> Brought:
    """A scenario in another form: folder, workbook or one YAML file."""
    scenario = read(source)
    _write(scenario, out)
    return Brought(scenario, "The same scenario: the digest is equal.", warnings=scenario.warnings)


def _answers(arguments: Namespace, source: Path, out: Path) -> Brought:
    """A scenario with one expert more."""
    answers = read_answers(source, read(arguments.scenario), arguments.expert)
    _write(answers.scenario, out)
    kept = answers.asked - answers.answered
    blank = f"; {kept} left blank keep the scenario's number" if kept else ""
    what = f"The expert {answers.expert} answered {answers.answered} of {answers.asked} questions"
    facts = {"expert": answers.expert, "asked": answers.asked, "answered": answers.answered}
    return Brought(
        answers.scenario, f"{what}{blank}.", warnings=answers.warnings, facts=dict(facts)
    )


def _write(scenario: Scenario, out: Path) -> None:
    suffix = out.suffix.lower()
    if suffix == ".xlsx":
        make_folder(out.parent)
        write_workbook(scenario, out)
    elif suffix in (".yaml", ".yml"):
        make_folder(out.parent)
        write_text(out, write_yaml(scenario))
    else:
        _whole_folder(out, lambda folder: write_folder(scenario, folder))


def _table(source: Path, map_file: str | None, out: Path) -> Brought:
    """A scenario from somebody's table."""
    if out.suffix:
        raise BadInput.option(
            "--out", f"A table becomes a folder, not a {shown(out.suffix)} file.", "Name a folder."
        )
    mapping = None
    if map_file is not None:
        mapping = read_mapping(
            read_bytes(Path(map_file), shown(map_file), LARGEST_YAML), shown(Path(map_file).name)
        )
    notes = Notes()
    table = _read_table(source, mapping, notes)
    found = None
    if table is not None:
        found = import_table(table, mapping or guess(table.header), notes)
    # A row that cannot be read is no row to go on without.
    notes.stop_if_any()
    if found is None:
        raise BadInput.of(notes.findings)
    imported = found
    files = _files(imported)

    def fill(folder: Path) -> Scenario:
        for name, text in reversed(files.items()):
            write_text(folder / name, text)
        return read(folder)

    scenario = _whole_folder(out, fill)
    what = "Read it over: probabilities, and cells that the table does not name, are assumptions."
    warnings = (*notes.warnings, *scenario.warnings)
    return Brought(scenario, what, tuple(imported.not_mapped), warnings)


def _read_table(source: Path, mapping: Mapping | None, notes: Notes) -> Table | None:
    file = shown(source.name)
    if source.suffix.lower() != ".xlsx":
        return Folder.table_in(read_bytes(source, file, LARGEST_CSV), "table", file, notes)
    data = read_bytes(source, file, LARGEST_WORKBOOK)
    if not check_bytes(data, file, notes):
        return None
    try:
        sheets = Sheets(data, file)
    except Damaged:
        notes.add(Place(file), "The workbook is damaged.", "Save it again as .xlsx.")
        return None
    book = Book(sheets, notes)
    name = (mapping.sheet if mapping else "") or next(iter(sheets.titles), SETTINGS)
    return book.table("table", name, Place(file), notes)


def _files(imported: Imported) -> dict[str, str]:
    """The files of the new folder, the main one first."""
    lines = ["# Imported; sources.csv says where each number comes from.", "planner: 1"]
    lines += [f"{key}: {yaml_words(text)}" for key, text in imported.settings if text]
    lines += [f"{name}: {name}.csv" for name in imported.tables]
    files = {MAIN_FILE: "\n".join(lines) + "\n"}
    files |= {f"{name}.csv": csv_of(sheet) for name, sheet in imported.tables.items()}
    rows = [
        ("" if n.line is None else str(n.line), n.column, n.text, n.why)
        for n in imported.not_mapped
    ]
    files[NOT_MAPPED] = csv_of(Sheet(("line", "column", "text", "why"), tuple(rows)))
    return files


def _whole_folder(out: Path, fill: Callable[[Path], object]) -> Scenario:
    """Fill a folder beside its place, and move it there once it reads as a scenario."""
    make_folder(out.parent)
    try:
        beside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part"))
    except OSError as error:
        raise EnvironmentFailed(f"{out} cannot be written: {error.strerror}.") from error
    try:
        fill(beside)
        scenario = read(beside)
        os.chmod(beside, 0o755)
        os.replace(beside, out)
    except OSError as error:
        raise EnvironmentFailed(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return scenario


def _show(arguments: Namespace, out: Path, brought: Brought) -> None:
    for warning in brought.warnings:
        print(f"Note: {as_line(warning)}", file=sys.stderr)
    if arguments.json:
        print_json(
            {
                "written": str(out),
                "scenario": {"name": brought.scenario.name, "digest": digest(brought.scenario)},
                "not_mapped": [
                    {"line": n.line, "column": n.column, "text": n.text, "why": n.why}
                    for n in brought.not_mapped
                ],
                **brought.facts,
            }
        )
        return
    parts = [plain(f"Wrote {out}: {brought.scenario.name}"), plain(brought.what)]
    count = len(brought.not_mapped)
    if not count:
        Screen().show(*parts)
        return
    rows = [
        ["" if n.line is None else str(n.line), n.column, n.text, n.why]
        for n in brought.not_mapped[:10]
    ]
    things = "1 thing" if count == 1 else f"{count} things"
    parts.append(plain(f"{things} did not map as written; {out / NOT_MAPPED} lists all:"))
    Screen().show(*parts, page_table(("line", "column", "text", "why"), rows, words=(1, 2, 3)))
