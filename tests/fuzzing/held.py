"""Scenario folders held in memory, so that a fuzz input need not touch a disk; and what is sound
parsed once.

Everything else of the planner runs as it is. What the stand-in cannot answer the very way a folder
does (a name that is not one of the files) it leaves to a run on a real folder: `NotHeld`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from unittest import mock

from scenario_files import Files

from fuzzing.folders import MAIN_FILE, SEEDS, TABLE, WHOLE
from planner.cli import parser as words
from planner.report import drawing
from planner.scenario import read as reading
from planner.scenario.csv_text import CsvText, read_csv
from planner.scenario.folder import Folder
from planner.scenario.notes import Notes, Place
from planner.scenario.table import Row, Table
from planner.scenario.yaml_text import Node, read_yaml

#: What stands in the place of a figure: drawing takes a hundred times as long as all the rest.
NOT_DRAWN = b"not drawn"


class NotHeld(BaseException):
    """The input is about a file that is not there; not an Exception, so that nothing swallows
    it."""


class Held(Folder):
    """A folder whose files are in `files`; sound tables are not parsed again."""

    files: dict[str, bytes]

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, *_: object) -> Path | None:
        raise NotHeld

    def read(self, name: str, _: Place, cap: int, __: Notes) -> bytes | None:
        data = Held.files.get(name)
        if data is None:
            raise NotHeld
        return data[: cap + 1]

    @staticmethod
    def table_in(data: bytes, key: str, name: str, notes: Notes) -> Table | None:
        """The table, from the sound ones where it is one of them."""
        sound = _sound_tables().get(data)
        if sound is None:
            return Folder.table_in(data, key, name, notes)
        text, rows = sound
        lines = (text.header_line,) * len(text.header)
        return Table(key, name, "", text.header, lines, list(rows), text.complete)


def as_bytes(files: Files) -> dict[str, bytes]:
    return {
        name: data if isinstance(data, bytes) else data.encode() for name, data in files.items()
    }


@lru_cache(maxsize=1)
def _sound_tables() -> dict[bytes, tuple[CsvText, list[Row]]]:
    """The text of tables that are as they should be, and bring no warning."""
    tables = {}
    for files in SEEDS:
        for name, data in as_bytes(files).items():
            if name.endswith(TABLE):
                notes = Notes()
                text = read_csv(data, name, notes)
                assert text is not None
                assert not notes.warnings
                tables[data] = text, [Row(line, cells) for line, cells in text.rows]
    return tables


@lru_cache(maxsize=1)
def _sound_trees() -> dict[bytes, Node]:
    """The trees of main files that are as they should be."""
    trees = {}
    for files in (*SEEDS, WHOLE):
        data = as_bytes(files)[MAIN_FILE]
        tree = read_yaml(data, MAIN_FILE, Notes())
        assert tree is not None
        trees[data] = tree
    return trees


def _read_yaml(data: bytes, file: str, notes: Notes) -> Node | None:
    if file == MAIN_FILE and data in _sound_trees():
        return _sound_trees()[data]
    return read_yaml(data, file, notes)


def _not_drawn(*_: object, **__: object) -> bytes:
    return NOT_DRAWN


_parser = lru_cache(maxsize=None)(words._parser)


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """Sound main files come parsed, parsers of options are made once, and nothing is drawn."""
    with (
        mock.patch.object(drawing, "_drawn", _not_drawn),
        mock.patch.object(reading, "read_yaml", _read_yaml),
        mock.patch.object(words, "_parser", _parser),
    ):
        yield


@contextlib.contextmanager
def held(files: Files) -> Iterator[None]:
    """Whatever folder is read holds these files."""
    Held.files = as_bytes(files)
    real = reading.Folder
    reading.Folder = Held  # type: ignore[misc]
    try:
        yield
    finally:
        reading.Folder = real  # type: ignore[misc]
