"""The page on the scenario format lists the sizes that the code has."""

from __future__ import annotations

from pathlib import Path

from planner.app import limits
from planner.proof.verify_plan import MOST_BYTES
from planner.scenario import (
    csv_text,
    names,
    notes,
    numbers,
    read_modes,
    read_techniques,
    read_worlds,
    workbook_bytes,
    workbook_cells,
    yaml_text,
)
from planner.scenario.room import MOST_CELLS

PAGE = Path(__file__).parents[2] / "docs" / "scenario-format.md"
MIB = 2**20


def test_every_size_is_as_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("### The largest that is read")[2]
    rows = [line.split(" | ")[:2] for line in text.splitlines() if line.startswith("| ")]
    listed = {row[0].removeprefix("| "): row[1] for row in rows}
    assert listed["a YAML file"] == (
        f"{yaml_text.LARGEST_YAML // MIB} MiB, {yaml_text.DEEPEST} levels deep"
    )
    assert listed["a CSV file"] == f"{csv_text.LARGEST_CSV // MIB} MiB"
    assert listed["a workbook"] == (
        f"{workbook_bytes.LARGEST_WORKBOOK // MIB} MiB; "
        f"{workbook_bytes.LARGEST_UNPACKED // MIB} MiB unpacked, in "
        f"{workbook_bytes.MOST_PARTS:,} parts; a sheet that reaches over "
        f"{workbook_cells.MOST_CELLS:,} cells"
    )
    assert listed["a field; a name; an id"] == (
        f"{csv_text.LONGEST_FIELD:,}; {names.LONGEST_NAME}; {names.LONGEST_ID} characters"
    )
    assert listed["a number"] == (
        f"{numbers.MOST_DIGITS} digits, {numbers.MOST_DECIMALS} decimals of an amount"
    )
    assert listed["modes"] == f"{read_modes.MOST_MODES}"
    assert listed["techniques; explicit worlds"] == (
        f"{read_techniques.MOST_TECHNIQUES:,}; {read_worlds.MOST_WORLDS:,}"
    )
    assert listed["cells of a table of vulnerabilities or failures"] == f"{read_modes.MOST_CELLS:,}"
    assert listed["options × worlds, once built"].startswith(f"{MOST_CELLS:,} ")
    assert listed["a saved plan"] == f"{MOST_BYTES:,} bytes"
    assert listed["findings in one list"].startswith(f"{notes.MOST_FINDINGS:,};")
    page = text.partition("The page (")[2].splitlines()[0]
    assert f"uploads of {limits.UPLOAD_BYTES // MIB} MiB, {limits.TECHNIQUES} techniques" in page
    assert f"{limits.DRAWS:,} draws" in page
