"""Scenario -> a folder with a scenario.yaml and CSV tables that reads back as the same content."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from planner.errors import EnvironmentFailed
from planner.files import make_folder, write_text
from planner.scenario.digest import digest
from planner.scenario.plain_text import guard
from planner.scenario.read import MAIN_FILE, read
from planner.scenario.tabulate import Sheet, tables_of
from planner.scenario.types import Scenario
from planner.scenario.write import write_main


def folder_files(scenario: Scenario) -> dict[str, str]:
    """File name -> text, the main file first; the same scenario gives the same bytes."""
    tables = tables_of(scenario)
    names = _names(tables)
    files = {("joint.modes" if key == "correlation" else key): name for key, name in names.items()}
    texts = {MAIN_FILE: write_main(scenario, files)}
    return texts | {names[key]: csv_of(sheet) for key, sheet in tables.items()}


def write_folder(scenario: Scenario, folder: Path) -> list[Path]:
    """Write the files, read them back, and return their paths.

    Raises EnvironmentFailed where a file cannot be written, or does not read back the same.
    """
    written = []
    # The main file comes last: a folder that lacks it is seen to be unfinished.
    for name, text in reversed(folder_files(scenario).items()):
        path = folder / name
        make_folder(path.parent)
        written.append(write_text(path, text))
    check_same(scenario, folder)
    return list(reversed(written))


def check_same(scenario: Scenario, path: Path) -> None:
    """Raise EnvironmentFailed where what was written does not read back as the same content."""
    if digest(read(path)) != digest(scenario):
        raise EnvironmentFailed(
            f"{path} does not read back as the same scenario; do not use it. Look for blanks at "
            "the ends of names."
        )


def csv_of(sheet: Sheet) -> str:
    """CSV text; no cell of it is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([guard(head) for head in sheet.header])
    writer.writerows([guard(cell) for cell in row] for row in sheet.rows)
    return out.getvalue()


def _names(tables: dict[str, Sheet]) -> dict[str, str]:
    """A file for each table; an expert's is made of the letters of the name that files may have."""
    names: dict[str, str] = {}
    for key in tables:
        kind, _, expert = key.partition(".")
        if not expert:
            names[key] = f"{kind}.csv"
            continue
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", expert).strip("-")[:60] or "expert"
        taken = {name.lower() for name in names.values()}
        name, count = f"experts/{stem}.csv", 2
        while name.lower() in taken:
            name, count = f"experts/{stem}-{count}.csv", count + 1
        names[key] = name
    return names
