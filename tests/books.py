"""Workbooks for the tests: made by openpyxl, which the planner only reads with, cell by cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook

Rows = list[list[Any]]

SETTINGS: Rows = [["setting", "value"], ["planner", 1], ["name", "Base"], ["budget", 3]]
TECHNIQUES: Rows = [["id", "name", "cost"], ["a", "Alpha", 1], ["b", "Beta", 2]]
MODES: Rows = [["id", "probability"], ["m", 0.1], ["n", 0.2]]
VULNERABILITY: Rows = [["technique", "m", "n"], ["a", 0.5, 0.1], ["b", 0.2, 0.3]]
#: The same content as `scenario_files.base()`.
BASE: dict[str, Rows] = {
    "scenario": SETTINGS,
    "techniques": TECHNIQUES,
    "modes": MODES,
    "vulnerability": VULNERABILITY,
}


def workbook(
    sheets: Mapping[str, Rows | None] | None = None,
    edit: Callable[[Workbook], object] | None = None,
) -> bytes:
    """The base scenario with some sheets replaced (None: left out), then edited."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in {**BASE, **(sheets or {})}.items():
        if rows is not None:
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
    if edit is not None:
        edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell(name: str, value: Any, format: str | None = None) -> bytes:
    """The base workbook with one cell written: `techniques!C2`."""
    sheet, _, where = name.partition("!")

    def edit(book: Workbook) -> None:
        book[sheet][where] = value
        if format is not None:
            book[sheet][where].number_format = format

    return workbook(edit=edit)


def with_part(name: str, data: bytes | str, base: bytes | None = None) -> bytes:
    """A workbook with a part added or replaced inside its archive."""
    old = zipfile.ZipFile(io.BytesIO(base or workbook()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, data)
    return out.getvalue()


def plain_zip(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "nothing")
    return out.getvalue()
