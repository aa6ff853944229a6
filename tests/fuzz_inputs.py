"""Scenario files and command lines spoilt at random: what a tired person, a broken export or a
spiteful stranger might hand in. Seeded: one number gives one input."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from scenario_files import Files, base, explicit

ROOT = Path(__file__).resolve().parents[1]

#: Everything that the format knows, in one small scenario.
EVERYTHING = """\
planner: 1
name: Everything
currency: USD million
budget: 7.50
reading: together
techniques:
  - {id: a, name: Alpha, cost: 1.25, success: 0.9, background: 0.02, groups: "g;h:0.1", staff: 3}
  - {id: b, name: Beta, cost: "1 to 3", success: 1, background: 0, groups: g, staff: 4}
  - {id: c, name: Gamma, cost: {pert: [1, 2, 4]}, success: 0.8, background: 0, staff: 1}
  - {id: d, name: Delta, success: {beta: [8, 2]}, background: 0, staff: 2}
modes:
  - {id: m, name: First, probability: 0.2, loss: 1}
  - {id: n, name: Second, probability: "0.1 to 0.4", loss: 2}
vulnerability:
  - {technique: a, m: ok, n: "?"}
  - {technique: b, m: prone, n: 0.3}
  - {technique: c, m: {uniform: [0.1, 0.5]}, n: ok}
  - {technique: d, m: 0.5, n: "0.2 to 0.6"}
scale: {ok: 0.05, "?": "0.05 to 0.8", prone: 0.8}
joint: {modes: 0.3}
groups: {g: 0.4, h: 0.2}
unlisted: 0.01
baseline_loss: 1
threshold: 0.5
samples: 128
levels:
  - {technique: d, level: pilot, cost: 0.5, success: 0.4}
  - {technique: d, level: full, cost: 2, success: 0.9}
rules:
  fund: [a]
  exclude: [c]
  requires: {d: [a]}
  at_most: [{of: [a, b, c], count: 2}]
  limits: [{attribute: staff, at_most: 9}, {attribute: cost, of: [a, b], at_least: 1}]
committed: [b]
what_if: {half: {budget: 3.75}, dear: {techniques.a.cost: 2}}
"""

WIDE = "technique,calm,storm\na,0.1,0.9\nb,0,0.5\n"

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

#: Tables with all columns, named by a short main file: quick to read, so that most inputs are such.
MAIN = """\
planner: 1
name: Tables
budget: 5
techniques: techniques.csv
modes: modes.csv
vulnerability: vulnerability.csv
levels: levels.csv
sources: sources.csv
scale: {ok: 0.05, "?": "0.05 to 0.8"}
groups: {g: 0.4}
"""
TABLES: Files = {
    "scenario.yaml": MAIN,
    "techniques.csv": "id,name,cost,success,background,groups,staff\n"
    "a,Alpha,1.25,0.9,0.02,g,3\nb,Beta,1 to 3,1,0,g:0.1,4\nc,Gamma,,,0,,1\n",
    "modes.csv": "id,name,probability,loss\nm,First,0.2,1\nn,Second,0.1 to 0.4,2\n",
    "vulnerability.csv": 'technique,m,n\na,ok,?\nb,0.3,"{pert: [0.1, 0.2, 0.3]}"\nc,?,0.5\n',
    "levels.csv": "technique,level,cost,success\nc,pilot,0.5,0.4\nc,full,2,0.9\n",
    "sources.csv": "table,row,column,source,confidence\nvulnerability,a,m,a book,H\n",
}

SEEDS: tuple[Files, ...] = (
    *(base(), base(), explicit(), explicit(), explicit(failure=WIDE), TABLES, TABLES, TABLES),
    {"scenario.yaml": EVERYTHING},
)

COMMANDS = ("check", "recommend", "evaluate", "what-if", "frontier")
#: Options by command, with values that may be good or bad.
OPTIONS = {
    "--budget": ("3", "0", "1,2", "-1", "nan", "1e3", "x", "3.0000000001"),
    "--target-risk": ("0.5", "0", "-1", "nan", "x"),
    "--objective": ("expected", "cvar:0.5", "cvar:1", "worst:1", "worst:9", "depth", "cvar", "x"),
    "--solver": ("auto", "enumerate", "core", "x", ""),
    "--gap": ("0", "1e-4", "2", "-1", "x"),
    "--time-limit": ("1", "0", "-1", "1e9", "x"),
    "--seed": ("0", "7", "-1", "99999999999", "x"),
    "--alternatives": ("2", "3", "0", "x"),
    "--differ": ("1", "2", "0", "x"),
    "--stack": ("a", "a,b", "", "zz", "a,a", "d:full", "a:full,,"),
    "--set": (
        "budget=2",
        "techniques.a.cost=3",
        "techniques.a.cost=x",
        "x",
        "=",
        "budget=nan",
        "a.b.c=1",
    ),
    "--vary": (
        "budget=1:3:1",
        "budget=1,2",
        "budget=3:1:1",
        "budget=1:2:0",
        "x",
        "joint.modes=0,0.5",
    ),
    "--named": ("half", "x"),
    "--lock-in": ("a", "d:full", "x", ""),
    "--lock-out": ("b", "x"),
    "--points": ("3", "0", "x"),
    "--from": ("1", "x"),
    "--to": ("4", "-2"),
}


@dataclass(frozen=True)
class Spoilt:
    """Files of a scenario, and the words of the command line behind its path."""

    files: Files
    command: str
    words: tuple[str, ...]


def spoilt(seed: int) -> Spoilt:
    """One input. About one in eight has files without a fault, and a fault in the words."""
    rng = random.Random(seed)
    files = dict(rng.choice(SEEDS))
    if rng.random() > 0.125:
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            _spoil(files, rng)
    command = rng.choice(COMMANDS) if rng.random() < 0.15 else "check"
    return Spoilt(files, command, _words(command, rng))


def _words(command: str, rng: random.Random) -> tuple[str, ...]:
    words: list[str] = []
    if command == "evaluate" and rng.random() < 0.9:
        words += ["--stack", rng.choice(OPTIONS["--stack"])]
    if command == "what-if":
        words += ["--set", rng.choice(OPTIONS["--set"])]
    if command != "check" or rng.random() < 0.02:
        for name in rng.sample(sorted(OPTIONS), rng.choice((0, 0, 1, 2))):
            words += [name, rng.choice((*OPTIONS[name], rng.choice(NASTY)))]
    if rng.random() < 0.02:
        words.insert(rng.randrange(len(words) + 1), rng.choice(NASTY))
    if rng.random() < 0.5:
        words.append("--json")
    return tuple(words)


def _spoil(files: Files, rng: random.Random) -> None:
    name = rng.choice(sorted(files))
    content = files[name]
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    kind = rng.choice((_bytes, _token, _token, _line, _line, _cell, _cell, _cell, _file))
    if kind is _file:
        _file(files, name, rng)
    else:
        files[name] = kind(data, rng)


def _bytes(data: bytes, rng: random.Random) -> bytes:
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


def _token(data: bytes, rng: random.Random) -> bytes:
    """Something nasty put in, or put in place of a word."""
    at = rng.randrange(len(data) + 1)
    end = at
    if rng.random() < 0.6:
        while at > 0 and data[at - 1 : at].isalnum():
            at -= 1
        while end < len(data) and (data[end : end + 1].isalnum() or data[end : end + 1] == b"."):
            end += 1
    return data[:at] + rng.choice(NASTY).encode("utf-8", "surrogatepass") + data[end:]


def _line(data: bytes, rng: random.Random) -> bytes:
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


def _cell(data: bytes, rng: random.Random) -> bytes:
    """What stands between two commas, or behind a colon, becomes something nasty."""
    mark = rng.choice((b",", b": "))
    parts = data.split(mark)
    at = rng.randrange(len(parts))
    ends = [k for k in (parts[at].find(b"\n"), parts[at].find(b"}")) if k >= 0]
    rest = parts[at][min(ends) :] if ends else b""
    parts[at] = rng.choice(NASTY).encode("utf-8", "surrogatepass") + rest
    return mark.join(parts)


def _file(files: Files, name: str, rng: random.Random) -> None:
    """A file missing, empty, or with the content of another."""
    match rng.randrange(3):
        case 0:
            del files[name]
            files.setdefault("scenario.yaml", "")
        case 1:
            files[name] = ""
        case _:
            files[name] = files[rng.choice(sorted(files))]
