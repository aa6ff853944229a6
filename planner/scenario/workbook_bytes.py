"""Is it a workbook that may be opened? Judged from the bytes, before any of it is unpacked."""

from __future__ import annotations

import functools
import io
import re
import zipfile
import zlib

from planner.scenario.notes import Notes, Place, shown

LARGEST_WORKBOOK = 32 * 2**20
#: What the parts may come to once unpacked: a small file can hold gigabytes of zeros.
LARGEST_UNPACKED = 192 * 2**20
MOST_PARTS = 2_000
#: Cells that a sheet may merge or link in ranges.
MOST_SPANNED = 100_000

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_HEAD = 4096
_SPAN = re.compile(
    rb"<(?:\w+:)?(?:mergeCell|hyperlink)\b[^>]*?\bref\s*=\s*[\"']\$?([A-Za-z]{1,3})\$?([0-9]{1,9})"
    rb":\$?([A-Za-z]{1,3})\$?([0-9]{1,9})"
)

#: What the libraries raise for parts that are missing, cut short or not what they should be.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    LookupError,  # a part or a key that is not there, an encoding that nobody knows
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    EOFError,
    OverflowError,
    OSError,
    RuntimeError,
)


def check_bytes(data: bytes, file: str, notes: Notes) -> bool:
    """Whether the bytes are a plain workbook of a size to read; findings where they are not."""
    place = Place(file)
    if len(data) > LARGEST_WORKBOOK:
        notes.add(
            place,
            f"The file is larger than {LARGEST_WORKBOOK // 2**20} MiB, the most that is read.",
            "Leave out what the scenario does not need, or use a folder of CSV tables.",
        )
    elif not data:
        notes.add(place, "The file is empty.", "Save the workbook again.")
    elif data.startswith(_OLD_EXCEL):
        notes.add(
            place,
            "The file is an old Excel workbook (.xls), or is locked with a password.",
            "Save it as .xlsx, without a password.",
        )
    elif not data.startswith(_ZIP):
        text = b"\0" not in data[:_HEAD]
        notes.add(
            place,
            "The file is named .xlsx but is no workbook" + (": it is plain text." if text else "."),
            "Give it the extension that it has, such as .csv or .yaml, or save it as .xlsx.",
        )
    else:
        return _check_parts(data, place, notes)
    return False


def _check_parts(data: bytes, place: Place, notes: Notes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _check_archive(archive, place, notes)
    except DAMAGED:
        notes.add(place, "The file is damaged: it cannot be unpacked.", "Save the workbook again.")
        return False


def _check_archive(archive: zipfile.ZipFile, place: Place, notes: Notes) -> bool:
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > LARGEST_UNPACKED:
        notes.add(
            place,
            f"The workbook would unpack to {unpacked / 2**20:,.0f} MiB in {len(parts):,} parts; at "
            f"most {LARGEST_UNPACKED // 2**20} MiB in {MOST_PARTS:,} are read.",
            "Copy the tables alone into a new workbook.",
        )
        return False
    if any(part.flag_bits & 1 for part in parts):
        notes.add(place, "The file is locked with a password.", "Save it without a password.")
        return False
    if "xl/workbook.xml" not in names:
        other = "an OpenDocument file" if "mimetype" in names else "a zip archive"
        notes.add(place, f"The file is {other}, not a workbook.", "Save it as .xlsx.")
        return False
    sound = True
    for mark, what, cure in (
        ("xl/vbaproject", "holds macros", "Save it as .xlsx, which holds none."),
        ("xl/macrosheets/", "holds macro sheets", "Save it as .xlsx, without them."),
        ("xl/externallinks/", "links to other workbooks", "Break the links: keep their values."),
        ("xl/connections", "draws on outside data", "Remove the connections: keep their values."),
    ):
        found = sorted(name for name in names if name.startswith(mark))
        if found:
            sound = False
            notes.add(place, f"The workbook {what} ({shown(found[0])}).", cure)
    for part in parts:
        if part.filename.lower().startswith("xl/worksheets/") and _spans_too_far(archive, part):
            sound = False
            notes.add(
                place,
                f"The part {shown(part.filename)} merges or links more than {MOST_SPANNED:,} cells "
                "in one go.",
                "Copy the tables alone into a new workbook.",
            )
        if part.filename.lower().endswith((".xml", ".rels")):
            with archive.open(part) as text:
                head = text.read(_HEAD).upper()
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                sound = False
                notes.add(
                    place,
                    f"The part {shown(part.filename)} defines XML entities, which no workbook "
                    "needs.",
                    "Copy the tables into a new workbook.",
                )
    return sound


def _spans_too_far(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether the sheet merges or links more cells than any table has: the library that reads it
    would make each of them."""
    found = _SPAN.finditer(archive.read(part))
    ends = (list(map(int, m.group(2, 4))) + list(map(_column, m.group(1, 3))) for m in found)
    return sum((abs(b - a) + 1) * (abs(d - c) + 1) for a, b, c, d in ends) > MOST_SPANNED


def _column(letters: bytes) -> int:
    return functools.reduce(lambda sum, letter: 26 * sum + letter - 64, letters.upper(), 0)
