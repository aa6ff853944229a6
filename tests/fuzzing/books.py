"""Workbooks spoilt at random: in the archive, in its parts, and cell by cell."""

from __future__ import annotations

import io
import random
import re
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

from books import workbook
from scenario_files import Files, explicit, write

from fuzzing.folders import PANEL, TABLES, WHOLE
from fuzzing.nasty import NASTY, change_bytes
from planner.scenario.read import read
from planner.scenario.write_workbook import workbook_bytes

_VALUE = re.compile(r"(<(v|t|f)(?: [^>]*)?>)([^<]*)(</\2>)")
_ATTRIBUTE = re.compile(r'( [A-Za-z:]+=")([^"]*)(")')
#: What a cell's or a sheet's attribute may say, and what it should not.
_WORDS = (
    *("s", "str", "n", "b", "e", "d", "inlineStr", "A1", "XFD1048576", "ZZZZ9", "A0", "-1", "0"),
    *("1", "9", "999999999", "hidden", "veryHidden", "x", "", "true", "rId1", "rId99", "../../x"),
)
_PARTS = ("xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/worksheets/sheet9.xml")
_MORE = {
    "rules": [["rule", "technique"], ["fund", "a"]],
    "scale": [["symbol", "value"], ["ok", 0.1]],
}
_ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'


@lru_cache(maxsize=1)
def whole() -> tuple[dict[str, bytes], ...]:
    """The parts of sound workbooks: the planner's own, and two as openpyxl writes them."""
    books = [workbook(), workbook(_MORE)]
    kinds: tuple[Files, ...] = (TABLES, PANEL, WHOLE, explicit())
    for files in kinds:
        with tempfile.TemporaryDirectory() as name:
            books.append(workbook_bytes(read(write(Path(name), files))))
    return tuple(parts_of(book) for book in books)


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], twice: str | None = None) -> bytes:
    """A workbook of those parts; one of them may stand twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    data = out.getvalue()
    if twice is None:
        return data
    return data + data[: len(data) // 2]


def book(rng: random.Random, sound: float = 0.05) -> bytes:
    """A workbook, most often with something wrong."""
    # The small ones more often: reading takes as long as there are sheets.
    parts = dict(rng.choices(whole(), (4, 4, 1, 1, 1, 2))[0])
    if rng.random() < sound:
        return packed(parts)
    return spoilt_book(parts, rng)


def spoilt_book(parts: dict[str, bytes], rng: random.Random) -> bytes:
    """The workbook of those parts with something wrong."""
    how = rng.random()
    if how < 0.12:
        data = packed(parts)
        for _ in range(rng.choice((1, 2, 5))):
            data = change_bytes(data, rng) or b"P"
        return data
    if how < 0.2:
        return _archive(parts, rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        sheets = [name for name in parts if "sheet" in name.lower() and name.endswith(".xml")]
        name = rng.choice(sheets if rng.random() < 0.7 and sheets else sorted(parts))
        parts[name] = _part(parts[name], rng)
    return packed(parts)


def _archive(parts: dict[str, bytes], rng: random.Random) -> bytes:
    """Parts lost, renamed, doubled, swapped, added; sizes that lie; a lock."""
    names = sorted(parts)
    name, other = rng.choice(names), rng.choice(names)
    match rng.randrange(8):
        case 0:
            del parts[name]
        case 1:
            parts[rng.choice((name.upper(), f"../{name}", f"{name} ", "x"))] = parts.pop(name)
        case 2:
            parts[name], parts[other] = parts[other], parts[name]
        case 3:
            parts[rng.choice(_PARTS)] = parts[name]
        case 4:
            return packed(parts, twice=name)
        case 5:
            parts[name] = b" " * rng.choice((10, 100_000))
        case 6:
            # A flag of the first part (locked, other method), and a size in the directory.
            data = bytearray(packed(parts))
            data[6] |= rng.choice((1, 8, 64))
            at = data.rfind(b"PK\x01\x02")
            data[at + 24 : at + 28] = rng.choice((b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\1\0\0\0"))
            data[at + 8] |= rng.choice((0, 1))
            return bytes(data)
        case _:
            parts[name] = _ENTITY.encode() + parts[name]
    return packed(parts)


def _part(data: bytes, rng: random.Random) -> bytes:
    """One cell's text, one attribute, one stretch of the XML."""
    text = data.decode("utf-8", "replace")
    how = rng.random()
    pattern = _VALUE if how < 0.55 else _ATTRIBUTE
    found = list(pattern.finditer(text)) if how < 0.85 else []
    if not found:
        return change_bytes(data, rng) if data else b"<x/>"
    match = rng.choice(found)
    if pattern is _VALUE:
        start, end = match.span(3)
        new = escape(rng.choice(NASTY).replace("\x00", "").replace("\x1b", ""))
        if rng.random() < 0.2:
            new = str(rng.choice((0, 1, 2, 7, 50, -1, 0.30000000000000004, 1e300, 45000)))
    else:
        start, end = match.span(2)
        new = rng.choice(_WORDS)
    return (text[:start] + new + text[end:]).encode("utf-8", "surrogatepass")
