"""Bytes of a file -> text, or findings that say which byte is in the way."""

from __future__ import annotations

import re

from planner.scenario.notes import Notes, Place

#: What a spreadsheet takes for the start of a formula.
FORMULA_MARKS = r"[=+\-@]"
#: In a sheet, also what marks a row as a remark, or a text as rich to the library that writes it.
SHEET_MARKS = r"[=+\-@#]|<r>"
_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
#: A file full of control characters is named a few times, not a thousand.
_MOST_NAMED = 5


def decode(data: bytes, file: str, cap: int, notes: Notes) -> str | None:
    """UTF-8 text without its byte order mark; None after a finding."""
    if len(data) > cap:
        mib = cap // 2**20
        notes.add(
            Place(file),
            f"The file is larger than {mib} MiB, the most that is read.",
            "Leave out what the scenario does not need, or split it.",
        )
        return None
    if data[:4] == b"PK\x03\x04":
        notes.add(
            Place(file),
            "The file is a workbook or a zip archive, not text.",
            "Name it .xlsx if it is a workbook, or save it as text.",
        )
        return None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[1:2] == b"\0" or data[:1] == b"\0":
        notes.add(Place(file), "The file looks like UTF-16, not UTF-8.", "Save it as UTF-8.")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        notes.add(
            Place(file, row),
            f"The file is not UTF-8: byte 0x{data[error.start]:02X} at offset {error.start} "
            "cannot be read.",
            "Save it as UTF-8.",
        )
        return None
    text = text.removeprefix("\ufeff")
    if not text.strip():
        notes.add(Place(file), "The file is empty.", "Fill it in, or remove it.")
        return None
    found = list(_BAD.finditer(text))
    for match in found[:_MOST_NAMED]:
        code = ord(match[0])
        what = "a NUL character" if code == 0 else f"a control character (U+{code:04X})"
        row = text.count("\n", 0, match.start()) + 1
        notes.add(Place(file, row), f"The line holds {what}.", "Remove it.")
    return None if found else text


def guard(text: str, marks: str = FORMULA_MARKS) -> str:
    """Text that a spreadsheet shows and never runs: an apostrophe before a formula's mark.

    `unguard` takes it off again. Plain numbers keep their sign.

    >>> guard("=1+1"), guard("-0.5"), guard("'@x"), guard("debate")
    ("'=1+1", '-0.5', "''@x", 'debate')
    """
    if _PLAIN_NUMBER.fullmatch(text) or not re.match(f"'*(?:{marks})", text):
        return text
    return f"'{text}"


def unguard(text: str, marks: str = FORMULA_MARKS) -> str:
    """The text without the apostrophe that `guard` put before it.

    >>> unguard("'=1+1"), unguard("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and re.match(f"'+(?:{marks})", text) else text


def control_character(text: str) -> str | None:
    """The first character that no table may hold, or None."""
    found = _BAD.search(text)
    return None if found is None else found[0]
