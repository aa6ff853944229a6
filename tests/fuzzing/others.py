"""Spoilt input of the other commands: saved plans, tables to import, sheets of an expert."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from scenario_files import Files, base, explicit, write

from fuzzing.books import parts_of, spoilt_book
from fuzzing.folders import PANEL, TABLES
from fuzzing.nasty import NASTY, spoil
from planner.cli.main import main

#: Scenarios that plans are saved of, each with a question.
_ASKED: tuple[tuple[Files, tuple[str, ...]], ...] = (
    (base(), ()),
    (base(), ("--target-risk", "0.3")),
    (explicit(), ("--objective", "cvar:0.5")),
    (TABLES, ("--objective", "worst:1")),
    (TABLES, ("--objective", "depth")),
)
_JSON: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**63, 10**400, 0.5, 1e308, "", "0", "x", [], {}, [[]], [None]),
    *("0x1p-1", "0x1p+5000", "nan", "inf", "-0x0p+0", "0:1", "1:1 1:1", "9 9 9", {"branch": 0}),
)

TABLE = """\
agenda,problem,cost,failure,source,year
Debate,deception;collusion,"1,200",0.4,a paper,2024
Debate,sycophancy,1200,0.2,,2025
Interpretability,deception,800,,a talk,2023
Control,collusion,,0.1 to 0.3,a memo,
"""
MAP = """\
technique: agenda
mode: problem
cost: cost
failure: failure
source: source
date: year
name: Some table
currency: USD
budget: "2000"
missing_cost: "500"
"""


def _run(*words: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = main(list(words))
    assert code == 0, words


@lru_cache(maxsize=1)
def plans() -> tuple[tuple[Files, str], ...]:
    """Saved plans, each with its scenario."""
    made = []
    for files, words in _ASKED:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "in"
            folder.mkdir()
            write(folder, files)
            _run("recommend", str(folder), *words, "--out", f"{name}/out")
            made.append((files, (Path(name) / "out" / "plan.json").read_text()))
    return tuple(made)


def plan(rng: random.Random) -> tuple[Files, bytes]:
    """A saved plan with something wrong, and the scenario that it is of."""
    files, text = rng.choice(plans())
    if rng.random() < 0.1:
        return files, text.encode()
    if rng.random() < 0.3:
        return files, spoil(text.encode(), rng)
    tree = json.loads(text)
    for _ in range(rng.choice((1, 1, 2, 3))):
        _bend(tree, rng)
    return files, json.dumps(tree).encode()


def _bend(tree: Any, rng: random.Random) -> None:
    """Somewhere in the tree a value is lost, doubled, or another one."""
    while True:
        keys: list[Any] = sorted(tree) if isinstance(tree, dict) else list(range(len(tree)))
        if not keys:
            return
        key = "certificate" if "certificate" in keys and rng.random() < 0.5 else rng.choice(keys)
        if isinstance(tree[key], dict | list) and tree[key] and rng.random() < 0.8:
            tree = tree[key]
            continue
        match rng.randrange(5):
            case 0:
                del tree[key]
            case 1:
                tree[key] = tree[rng.choice(keys)]
            case 2 if isinstance(tree[key], str):
                tree[key] = spoil(tree[key].encode(), rng).decode("utf-8", "replace")
            case _:
                tree[key] = rng.choice(_JSON)
        return


@lru_cache(maxsize=1)
def sheets() -> tuple[bytes, dict[str, bytes]]:
    """Questions for an expert about `PANEL`: the CSV table, and the parts of the workbook."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        write(folder, PANEL)
        for kind in ("csv", "xlsx"):
            _run("new", f"{name}/q.{kind}", "--from", str(folder), "--expert", "cleo", "--all")
        data = (Path(name) / "q.csv").read_bytes()
        return data, parts_of((Path(name) / "q.xlsx").read_bytes())


def sheet(rng: random.Random) -> tuple[str, bytes]:
    """The name and the content of an expert's sheet, filled in somehow."""
    data, parts = sheets()
    if rng.random() < 0.35:
        return "q.xlsx", spoilt_book(dict(parts), rng)
    lines = data.decode().splitlines()
    for k in range(1, len(lines)):
        if rng.random() < 0.7:
            cells = lines[k].rsplit(",", 2)
            word = rng.choice(("ok", "?", "0.3", "0.1 to 0.4", rng.choice(NASTY)))
            lines[k] = f"{cells[0]},{word},"
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return "q.csv", spoil(data, rng) if rng.random() < 0.4 else data


def table(rng: random.Random) -> tuple[bytes, bytes | None]:
    """Somebody's table, and the mapping of its columns (None: guessed)."""
    data = spoil(TABLE.encode(), rng) if rng.random() < 0.7 else TABLE.encode()
    if rng.random() < 0.3:
        return data, None
    return data, spoil(MAP.encode(), rng) if rng.random() < 0.7 else MAP.encode()
