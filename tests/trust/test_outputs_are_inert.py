"""Whatever a scenario's names hold, no file that the planner writes runs it: no cell of a CSV file
or workbook starts as a formula does, and markup stays text in pages, Markdown and pictures."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")

import openpyxl
from inert import (
    NAMES,
    SCRIPT,
    formulas_of_book,
    formulas_of_csv,
    hostile_files,
    markup_of_markdown,
    markup_of_page,
    markup_of_picture,
    quoted,
)
from scenario_files import write

from planner.cli.commands import COMMANDS
from planner.cli.main import main
from planner.report import drawing

#: A table that somebody has, to be imported.
TABLE = "agenda,problem,cost,failure,link,=extra\n" + "".join(
    f"{quoted(name)},{quoted(NAMES[(k + 1) % 5])},{k},0.3,{quoted(name)},{quoted(name)}\n"
    for k, name in enumerate(NAMES)
)

#: Command lines that write, among them every kind of file; {in} is the scenario, {out} a folder.
RUNS = (
    "recommend {in} --full --alternatives 2 --out {out}/recommend",
    "recommend {in} --budget 1,2 --out {out}/budgets",
    "evaluate {in} --stack b,c --out {out}/evaluate",
    "explain {in} --draws 5 --out {out}/explain",
    "frontier {in} --out {out}/frontier",
    "frontier {in} --against =staff<b> --out {out}/second",
    "what-if {in} --vary budget=1,2 --out {out}/what-if",
    "gaps {in} --out {out}/gaps",
    "robust {in} --draws 5 --seed 1 --settle 1 --out {out}/robust",
    "sweep {in} --draws 2 --seed 1 --budget 0,2 --experts all --out {out}/sweep",
    "report {in} --draws 0 --out {out}/report.html",
    "report {in} --draws 0 --out {out}/report.xlsx",
    "report {in} --draws 0 --out {out}/report.md",
    "new {out}/anna.csv --from {in} --expert =anna<b>",
    "new {out}/anna.xlsx --from {in} --expert =anna<b>",
    "import {in} --out {out}/folder",
    "import {in} --out {out}/book.xlsx",
    "import {table} --out {out}/table",
)


def test_the_looks_see_what_they_look_for() -> None:
    assert formulas_of_csv(b"a,=1+1,-0.5\n@x,'=1,-m\n") == ["=1+1", "@x", "-m"]
    book = openpyxl.Workbook()
    book.active["A1"] = "=1+1"
    out = io.BytesIO()
    book.save(out)
    assert formulas_of_book(out.getvalue()) == ["A1 =1+1", "xl/worksheets/sheet1.xml"]
    page = "<script></script><script></script><p onclick=x><script>"
    assert markup_of_page(page) == ["onclick", "script"]
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" onload="x"><script/><a href="y"/></svg>'
    assert markup_of_picture(picture) == ["onload", "script", "a", "href"]
    assert markup_of_markdown(f"a {SCRIPT}") == ["<script>"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all that the commands write of a hostile scenario."""
    place = tmp_path_factory.mktemp("inert")
    paths = {
        "in": write(place / "in", hostile_files()),
        "out": place / "out",
        "table": place / "table.csv",
    }
    paths["table"].write_text(TABLE, encoding="utf-8")
    # Pixels cost time, and hold no text.
    with mock.patch.object(drawing, "RESOLUTION", 10):
        for line in RUNS:
            words = [word.format(**paths) for word in line.split()]
            assert main(words) == 0, line
    return place / "out"


def every(folder: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob(f"*{suffix}")):
        yield str(path.relative_to(folder)), path.read_bytes()


@pytest.mark.slow
def test_no_cell_of_any_table_is_a_formula(written: Path) -> None:
    # Of the commands that write files, `app` hands out the same ones: see `tests/app`.
    assert {line.split()[0] for line in RUNS} == COMMANDS.keys() - {
        *("app", "check", "verify", "solvers")
    }
    tables = dict(every(written, ".csv"))
    assert {name: bad for name, data in tables.items() if (bad := formulas_of_csv(data))} == {}
    books = dict(every(written, ".xlsx"))
    assert {name: bad for name, data in books.items() if (bad := formulas_of_book(data))} == {}
    # The names did reach them.
    guarded = [name for name, data in tables.items() if b"'=" in data or b"'-" in data]
    assert len(guarded) > 20
    assert len(books) == 3
    for data in books.values():
        assert any(b"&lt;script&gt;" in part or b"&lt;b&gt;" in part for part in parts(data))


def parts(data: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.mark.slow
def test_markup_stays_text_in_pages_markdown_and_pictures(written: Path) -> None:
    page = (written / "report.html").read_text("utf-8")
    assert markup_of_page(page) == []
    assert "&lt;script&gt;" in page
    text = (written / "report.md").read_text("utf-8")
    assert markup_of_markdown(text) == []
    assert "script" in text
    pictures = dict(every(written, ".svg"))
    assert {name: bad for name, data in pictures.items() if (bad := markup_of_picture(data))} == {}
    assert len(pictures) > 20
    assert sum(b"alert(1)" in data for data in pictures.values()) > 3


@pytest.mark.slow
def test_what_was_odd_but_accepted_stands_in_every_report(written: Path) -> None:
    odd = "cost is 0: it is free."
    assert odd in (written / "report.html").read_text("utf-8")
    assert odd in (written / "report.md").read_text("utf-8")
    assert any(odd.encode() in part for part in parts((written / "report.xlsx").read_bytes()))


@pytest.mark.slow
def test_what_was_written_reads_back_with_the_names_as_they_were(written: Path) -> None:
    from planner.scenario.digest import digest
    from planner.scenario.read import read

    before = read(written.parent / "in")
    for form in ("folder", "book.xlsx"):
        assert digest(read(written / form)) == digest(before)
        assert [t.name for t in read(written / form).techniques] == NAMES
