"""The folder of a scenario, and references to files in it that never lead outside."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Protocol

from planner.errors import EnvironmentFailed
from planner.scenario.csv_text import LARGEST_CSV, read_csv
from planner.scenario.notes import Notes, Place, nearest, shown
from planner.scenario.table import Row, Table


class Holder(Protocol):
    """What holds the tables of a scenario: a folder of files, or a workbook of sheets."""

    def find(self, name: str, place: Place, notes: Notes) -> object | None:
        """What bears that name; None after a finding."""

    def table(self, key: str, name: str, place: Place, notes: Notes) -> Table | None:
        """The table of that name; None after a finding."""


class Folder:
    """The files of one scenario; `root` is the folder that holds them all."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))

    def find(self, name: str, place: Place, notes: Notes) -> Path | None:
        """The regular file of that name inside the folder; None after a finding."""
        problem = _escapes(name)
        if problem:
            notes.add(
                place,
                f"{shown(name)} {problem}.",
                "Name a file in the scenario's folder, such as techniques.csv.",
            )
            return None
        path = Path(os.path.realpath(self.root / name))
        if not path.is_relative_to(self.root):
            notes.add(
                place,
                f"{shown(name)} is a link that leads outside the scenario's folder.",
                "Copy the file into the folder.",
            )
            return None
        kind = kind_of(path)
        if kind == "file":
            return path
        if kind == "missing":
            cure = near_file(self.root / name, str(Path(name).parent))
            notes.add(place, f"There is no file {shown(name)} in the scenario's folder.", cure)
        else:
            notes.add(place, f"{shown(name)} is a {kind}, not a file.", "Name a regular file.")
        return None

    def read(self, name: str, place: Place, cap: int, notes: Notes) -> bytes | None:
        """The bytes of a file of the folder, at most one more than the cap."""
        path = self.find(name, place, notes)
        return None if path is None else read_bytes(path, name, cap)

    def table(self, key: str, name: str, place: Place, notes: Notes) -> Table | None:
        """The table in a CSV file of the folder; None after a finding."""
        if not name.lower().endswith(".csv"):
            notes.add(
                place,
                f"{shown(name)} is not the name of a CSV file.",
                "Save the table as CSV and name that file, or write the table here.",
            )
            return None
        data = self.read(name, place, LARGEST_CSV, notes)
        return None if data is None else self.table_in(data, key, name, notes)

    @staticmethod
    def table_in(data: bytes, key: str, name: str, notes: Notes) -> Table | None:
        """The table in the bytes of a CSV file; None after a finding."""
        found = read_csv(data, name, notes)
        if found is None:
            return None
        rows = [Row(line, cells) for line, cells in found.rows]
        lines = (found.header_line,) * len(found.header)
        return Table(key, name, "", found.header, lines, rows, found.complete)


def read_bytes(path: Path, name: str, cap: int) -> bytes:
    """The file's bytes, at most one more than the cap (enough to see that it is too large)."""
    try:
        with path.open("rb") as file:
            return file.read(cap + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise EnvironmentFailed(f"{shown(name)} cannot be read: {reason}.") from error


def kind_of(path: Path) -> str:
    """`file`, `folder`, `missing`, or what else stands there (never opened)."""
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        raise EnvironmentFailed(f"{shown(str(path))} cannot be read: no permission.") from error
    except (OSError, ValueError):
        return "missing"
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "pipe" if stat.S_ISFIFO(mode) else "device or socket"


def near_file(path: Path, prefix: str = ".") -> str:
    """The cure for a missing file: the nearest name beside it."""
    try:
        names = os.listdir(path.parent)
    except (OSError, ValueError):
        names = []
    close = nearest(path.name, names)
    if close is None:
        return "Check the name, or add the file."
    return f"Did you mean {shown(close if prefix == '.' else f'{prefix}/{close}')}?"


def _escapes(name: str) -> str | None:
    """Why the name is no plain reference inside the folder, or None."""
    if not name.strip() or not name.isprintable():
        return "is not a file name"
    if "\\" in name or re.match("[A-Za-z]:", name):
        return "has a backslash or a drive letter"
    if name.startswith(("/", "~")):
        return "is an absolute path"
    if ".." in name.split("/"):
        return "leads out of the scenario's folder"
    return None
