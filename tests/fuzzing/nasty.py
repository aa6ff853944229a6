"""Text that has broken readers before, and ways to spoil bytes with it."""

from __future__ import annotations

import random

#: Text that has broken readers of tables and of YAML before.
NASTY = (
    "nan",
    "NaN",
    ".nan",
    "inf",
    "-inf",
    ".inf",
    "1e400",
    "1e-400",
    "-0",
    "0",
    "-1",
    "1e-9",
    "1_0",
    "010",
    "1:30",
    "2024-01-01",
    "0x1f",
    "30%",
    "$1,000",
    "1,5",
    "1,000",
    "1.",
    ".5",
    "+1",
    "1e",
    "--1",
    "9" * 400,
    "0." + "0" * 400 + "1",
    "yes",
    "no",
    "on",
    "null",
    "~",
    "",
    " ",
    "\t",
    "NA",
    "007",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "@sum",
    "-x",
    "+x",
    "<script>alert(1)</script>",
    "'",
    '"',
    '""',
    "\\",
    "/",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "~root",
    "a" * 300,
    "a" * 10_001,
    "é",
    "ﬁ",
    "İ",
    "ß",
    "\u202eabc",
    "\u200b",
    "\u0000",
    "\u0007",
    "\u001b[31m",
    "\ufeff",
    "\ufffd",
    "😀",
    "&a",
    "*a",
    "<<: *a",
    "!!python/object:os.system",
    "!x",
    "%YAML 1.2",
    "---",
    "...",
    "# x",
    ": ",
    "- ",
    "? ",
    "|",
    ">",
    "[",
    "]",
    "{",
    "}",
    "[[[[[[[[",
    "{a: {a: {a: ",
    ",,,,",
    ";",
    "\r",
    "\n",
    "\r\n",
    "\n\n",
    "a;b:0.3",
    "a:0.5;a:0.5",
    "0.1 to 0.4",
    "0.4 to 0.1",
    "1 to",
    "to 1",
    "0 to 1",
    "{pert: [1, 2]}",
    "{pert: [3, 2, 1]}",
    "{beta: [0, 1]}",
    "{uniform: [1, 0]}",
    "{unknown: 1}",
    "[]",
    "{}",
    "together",
    "by-mode",
    "cost",
    "ok",
    "true",
    "a",
    "b",
    "m",
    "n",
    "full",
    "depth",
    "0.5",
    "1",
    "2",
    "3.333",
    "1000000000000",
    "0.0000000001",
)


def spoil(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one thing wrong."""
    kinds = (change_bytes, token, token, line, line, cell, cell, cell)
    return rng.choice(kinds)(data, rng)


def nasty(rng: random.Random) -> bytes:
    return rng.choice(NASTY).encode("utf-8", "surrogatepass")


def change_bytes(data: bytes, rng: random.Random) -> bytes:
    """A byte changed, taken out, put in; a stretch doubled or lost; the end cut off."""
    at = rng.randrange(len(data) + 1)
    other = rng.randrange(len(data) + 1)
    low, high = min(at, other), max(at, other)
    match rng.randrange(7):
        case 0:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + 1 :]
        case 2:
            return data[:at] + bytes([rng.randrange(256)]) + data[at:]
        case 3:
            return data[:low] + data[high:]
        case 4:
            return data[:high] + data[low:]
        case 5:
            return data[:at]
        case _:
            return data.decode("utf-8", "replace").encode(
                rng.choice(("utf-16", "latin-1", "utf-8-sig")), "replace"
            )


def token(data: bytes, rng: random.Random) -> bytes:
    """Something nasty put in, or put in place of a word."""
    at = rng.randrange(len(data) + 1)
    end = at
    if rng.random() < 0.6:
        while at > 0 and data[at - 1 : at].isalnum():
            at -= 1
        while end < len(data) and (data[end : end + 1].isalnum() or data[end : end + 1] == b"."):
            end += 1
    return data[:at] + nasty(rng) + data[end:]


def line(data: bytes, rng: random.Random) -> bytes:
    """Lines doubled, lost, swapped, shifted."""
    lines = data.split(b"\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            lines.insert(other, lines[at])
        case 1:
            del lines[at]
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = rng.choice((b" ", b"  ", b"\t")) + lines[at]
        case _:
            lines[at] = lines[at].replace(
                rng.choice((b",", b":", b'"')), rng.choice((b"", b",,", b";", b"::"))
            )
    return b"\n".join(lines)


def cell(data: bytes, rng: random.Random) -> bytes:
    """What stands between two commas, or behind a colon, becomes something nasty."""
    mark = rng.choice((b",", b": "))
    parts = data.split(mark)
    at = rng.randrange(len(parts))
    ends = [k for k in (parts[at].find(b"\n"), parts[at].find(b"}")) if k >= 0]
    rest = parts[at][min(ends) :] if ends else b""
    parts[at] = nasty(rng) + rest
    return mark.join(parts)
