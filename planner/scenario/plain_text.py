"""Bytes of a file -> text, or findings that say which byte is in the way."""

from __future__ import annotations

import re

from planner.scenario.notes import Notes, Place

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
