"""The tutorial, tried as written: the tables of the page typed into the empty workbook give the
very lines that the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")

import openpyxl

from planner.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "first-scenario.md"


def tables(text: str) -> dict[str, list[list[str]]]:
    """The table after each `sheet` that the page names, header included."""
    found: dict[str, list[list[str]]] = {}
    for part in text.split("\n## "):
        name, rows = re.search(r"sheet `(\w+)`", part), re.search(r"(?:^\|.*\n)+", part, re.M)
        if name and rows:
            lines = [[c.strip() for c in row.strip("|").split("|")] for row in rows[0].splitlines()]
            found[name[1]] = [lines[0], *lines[2:]]
    return found


def typed(text: str) -> str | float:
    """What a spreadsheet makes of it."""
    try:
        return float(text)
    except ValueError:
        return text


def test_the_first_scenario_gives_what_its_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    page = PAGE.read_text("utf-8")
    assert main(["new", "first.xlsx"]) == 0
    book = openpyxl.load_workbook("first.xlsx")
    pages = tables(page)
    assert set(pages) == {"scenario", "techniques", "modes", "vulnerability"}
    settings = {row[0].value: row[1] for row in book["scenario"].iter_rows()}
    for key, value in pages["scenario"][1:]:
        settings[key].value = typed(value)
    for name in ("techniques", "modes", "vulnerability"):
        head, *rows = pages[name]
        for column, text in enumerate(head, start=1):
            book[name].cell(1, column, text)
        for number, row in enumerate(rows, start=3):
            for column, text in enumerate(row, start=1):
                book[name].cell(number, column, typed(text))
    book.save("first.xlsx")
    capsys.readouterr()
    assert main(["check", "first.xlsx"]) == 0
    assert main(["recommend", "first.xlsx"]) == 0
    printed = capsys.readouterr().out
    shown = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 3
    for block in shown:
        assert block in printed
