"""Scenario folders spoilt at random: what a tired person, a broken export or a spiteful stranger
might hand in."""

from __future__ import annotations

import random

from scenario_files import Files, base, explicit

from fuzzing.nasty import spoil

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
  - {technique: a, m: ok, n: {mix: {ok: 0.5, prone: 0.5}}}
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
sources:
  - {table: techniques, row: a, column: cost, source: a letter, confidence: M}
  - {table: vulnerability, row: "*", column: n, source: a guess, judged by: anna, confidence: L}
experts:
  anna: {table: {a: {m: ok, n: prone}, b: {m: 0.2, n: ok}, c: {m: ok, n: ok}, d: {m: 0.1, n: 0.2}}}
judgement_correlation: 0.2
what_if: {half: {budget: 3.75}, dear: {techniques.a.cost: 2}}
"""

WIDE = "technique,calm,storm\na,0.1,0.9\nb,0,0.5\n"

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

#: Two experts with tables of their own, a mixture, and a matrix of correlations.
PANEL: Files = {
    **TABLES,
    "scenario.yaml": MAIN
    + "experts: {anna: anna.csv, ben: {table: experts/ben.csv, weight: 2}}\n"
    + "joint: {modes: joint.csv}\njudgement_correlation: 0.3\n",
    "anna.csv": "technique,m,n\na,ok,ok\nb,0.3,0.1 to 0.4\nc,?,0.5\n",
    "experts/ben.csv": 'technique,m,n\na,?,?\nb,0.1,"{mix: {ok: 0.25, 0.5: 0.75}}"\nc,ok,0.5\n',
    "joint.csv": "mode,m,n\nm,1,0.3\nn,0.3,1\n",
}

SEEDS: tuple[Files, ...] = (
    *(base(), base(), base(), explicit(), explicit(), explicit(failure=WIDE)),
    *(TABLES, TABLES, TABLES, PANEL, PANEL),
)
WHOLE: Files = {"scenario.yaml": EVERYTHING}

#: What may stand where a file should: the harness makes it.
ODD = ("pipe", "folder", "link outside", "link to itself", "link to nothing")


MAIN_FILE = "scenario.yaml"
TABLE = ".csv"


def folder(
    rng: random.Random, sound: float = 0.1, where: str = ""
) -> tuple[Files, tuple[tuple[str, str], ...]]:
    """The files of a scenario, and what stands where one of them should. `sound` of them have
    nothing wrong, a few have a lot; `where` ends the names of the files that may be spoilt, which
    then all stay files."""
    whole = where != TABLE and rng.random() < 0.03
    files = dict(WHOLE if whole else rng.choice(SEEDS))
    odd: tuple[tuple[str, str], ...] = ()
    if rng.random() < sound:
        return files, odd
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        name = rng.choice(sorted(name for name in files if name.endswith(where)))
        if not where and rng.random() < 0.11:
            odd += _replace(files, name, rng)
        else:
            content = files[name]
            data = content if isinstance(content, bytes) else content.encode()
            files[name] = spoil(data, rng)
    return files, odd


def _replace(files: Files, name: str, rng: random.Random) -> tuple[tuple[str, str], ...]:
    """A file that is missing, empty, has the content of another, or is none."""
    match rng.randrange(4):
        case 0 if len(files) > 1:
            del files[name]
        case 1:
            files[name] = files[rng.choice(sorted(files))]
        case 2 if len(files) > 1:
            del files[name]
            return ((name, rng.choice(ODD)),)
        case _:
            files[name] = ""
    return ()
