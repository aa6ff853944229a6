"""A slip of meaning is told in the same words wherever the tables stand: in the CSV files of a
folder, inline in one YAML file, or in the sheets of a workbook. Each case of `bad_scenarios` that
can be written in another form is; the case says what must be told, the place follows from where
the cell went."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")

import openpyxl
from bad_scenarios import CASES, Case
from openpyxl.utils import get_column_letter
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from scenario_files import Files

from planner.cli.main import main
from planner.errors import Finding

MAIN_FILE = "scenario.yaml"
#: Keys whose value is a file of rows.
TABLES = ("techniques", "modes", "vulnerability", "levels", "worlds", "failure", "sources")
#: Keys of single values, which are rows of a workbook's settings.
SETTINGS = (
    *("planner", "name", "budget", "currency", "reading", "unlisted", "baseline_loss"),
    *("threshold", "samples", "judgement_correlation"),
)
#: Small tables of a workbook that a folder writes in its main file.
PAIRS = {"scale": ("symbol", "value"), "groups": ("group", "loading")}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
ON_LINES = re.compile(r"lines (\d+) and (\d+)")

#: What a table is called in the other forms where the cases' file has another name.
CALLED = {"r.csv": "correlation", "s.csv": "sources"}

Rows = list[list[str]]


def tables(files: Files) -> dict[str, Rows] | None:
    """Every CSV file as rows of text; None where one is none, or has rows that do not fit."""
    found = {}
    for name, content in files.items():
        if name.endswith(".csv"):
            if isinstance(content, bytes) or re.search("[\\0-\\x08\\x0b-\\x1f]", content):
                return None
            try:
                rows = list(csv.reader(io.StringIO(content), strict=True))
            except csv.Error:
                return None
            head = ["".join(cell.split()).lower() for cell in rows[0]] if rows else []
            sound = len(rows) > 1 and "" not in head and not re.search(r"[;\t]", rows[0][0])
            sound = sound and len(set(head)) == len(head)
            if not sound or any(
                len(row) != len(head) or len(max(row, key=len)) > 10_000 for row in rows
            ):
                return None
            found[name] = rows
    return found


def settings(files: Files) -> dict[str, Any] | None:
    """The main file as text in mappings and lists; None where it is not plain YAML."""
    text = files[MAIN_FILE]
    if (
        isinstance(text, bytes)
        or text.count("[") + text.count("{") > 50
        or re.search(r"[&*!]\w|<<|---|\\", text)
    ):
        return None
    try:
        found = YAML(typ="base").load(text)  # type: ignore[no-untyped-call]
    except (YAMLError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def inline(files: Files) -> tuple[str, dict[str, list[int]]] | None:
    """The scenario as one YAML file, and the line that each row of each table came to."""
    rows, held = tables(files), settings(files)
    if rows is None or held is None or not isinstance(files[MAIN_FILE], str):
        return None
    lines: list[str] = []
    places: dict[str, list[int]] = {}
    for line in str(files[MAIN_FILE]).splitlines():
        key, _, value = line.partition(": ")
        if key not in TABLES or value not in rows:
            if ".csv" in line:
                return None
            lines.append(line)
            continue
        head, *body = rows[value]
        lines.append(f"{key}:")
        places[value] = [0, len(lines) + 1]
        for row in body:
            pairs = (f"{json.dumps(h)}: {json.dumps(c)}" for h, c in zip(head, row, strict=True))
            lines.append(f"  - {{{', '.join(pairs)}}}")
            places[value].append(len(lines))
    return "\n".join(lines) + "\n", places


def sheets(files: Files) -> dict[str, Rows] | None:
    """The scenario as the sheets of a workbook."""
    rows, held = tables(files), settings(files)
    if rows is None or held is None:
        return None
    found: dict[str, Rows] = {"scenario": [["setting", "value"]]}
    for key, value in held.items():
        if key in TABLES and isinstance(value, str) and value in rows:
            found[key] = rows[value]
        elif key in SETTINGS and isinstance(value, str) and value.strip() not in ("", "null"):
            found["scenario"].append([key, value])
        elif key in PAIRS and is_pairs(value):
            found[key] = [list(PAIRS[key]), *([k, v] for k, v in value.items())]
        elif key == "joint" and is_pairs(value) and list(value) == ["modes"]:
            if value["modes"] in rows:
                found["correlation"] = rows[value["modes"]]
            else:
                found["scenario"].append(["joint", value["modes"]])
        else:
            return None
    return found


def is_pairs(value: object) -> bool:
    """Whether it is a mapping of words to values, none of them blank."""
    return isinstance(value, dict) and all(
        isinstance(v, str) and k.strip() and v.strip() for k, v in value.items()
    )


def book(content: dict[str, Rows]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in content.items():
        sheet = made.create_sheet(name)
        for r, row in enumerate(rows, start=1):
            for c, text in enumerate(row, start=1):
                # A spreadsheet keeps fifteen digits; longer numbers are text in it.
                plain = NUMBER.fullmatch(text) is not None and len(text) < 15
                cell = sheet.cell(r, c, float(text) if plain else None)
                if not plain and text:
                    cell.value = text
                    cell.data_type = "s"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


YAML_FORM = [(case, made) for case in CASES if case[2] != MAIN_FILE and (made := inline(case[1]))]
BOOK_FORM = [(case, made) for case in CASES if (made := sheets(case[1]))]


def the_one(
    path: Path, capsys: pytest.CaptureFixture[str], message: str, cure: str
) -> tuple[str, int | None, str | None]:
    """File, row and column of the finding that says so."""
    code = main(["check", str(path), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert code == 2, document
    found = [Finding(**finding) for finding in document["error"]["findings"]]
    matching = [f for f in found if message in f.message and cure in f.cure]
    assert matching, [str(f) for f in found]
    return matching[0].file, matching[0].row, matching[0].column


@pytest.mark.parametrize(("case", "made"), YAML_FORM, ids=[case[0] for case, _ in YAML_FORM])
def test_in_one_yaml_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    case: Case,
    made: tuple[str, dict[str, list[int]]],
) -> None:
    _, _, file, row, column, message, cure = case
    text, places = made
    # `places` begins with the row of headings; a heading that is missing is told at the table.
    lines = places[file]
    twice = ON_LINES.sub(lambda m: f"lines {lines[int(m[1])]} and {lines[int(m[2])]}", message)
    path = tmp_path / "one.yaml"
    path.write_text(text, encoding="utf-8")
    key = CALLED.get(file, file.removesuffix(".csv"))
    where = key if column is None else f"{key}.{column}"
    assert the_one(path, capsys, twice, cure) == (path.name, row and lines[row], where)


@pytest.mark.parametrize(("case", "made"), BOOK_FORM, ids=[case[0] for case, _ in BOOK_FORM])
def test_in_a_workbook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: Case, made: dict[str, Rows]
) -> None:
    _, _, file, row, column, message, cure = case
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(made))
    found, line, where = the_one(path, capsys, message, cure)
    assert found == path.name
    if file == MAIN_FILE or row is None or where is None:
        # What no row says, or a setting that is not there, has no cell.
        assert (line is None) == (row is None)
        return
    name = CALLED.get(file, file.removesuffix(".csv"))
    head = made[name][0]
    # A column that is missing is told at the first heading.
    letter = get_column_letter(head.index(column) + 1) if column in head else "A"
    assert (line, where.partition(" ")[0]) == (row, f"{name}!{letter}{row}")


def test_most_slips_of_meaning_have_every_form() -> None:
    # Those of the text itself (bytes, brackets, quotes, commas) have none; rules and experts are
    # spelled otherwise in a workbook, and have cases of their own in `test_bad_workbooks`.
    tables_alone = [case for case in CASES if case[2] != MAIN_FILE and tables(case[1])]
    assert len(YAML_FORM) > 0.9 * len(tables_alone) > 55
    assert len(BOOK_FORM) > 90
