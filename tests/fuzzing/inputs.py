"""Spoilt inputs: files, and a command line about them. Seeded: one number gives one input."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from scenario_files import Files

from fuzzing import books, others
from fuzzing.folders import MAIN_FILE, PANEL, TABLE, folder
from fuzzing.nasty import NASTY

#: Commands that solve, the quick ones more often.
SOLVING = (
    *(("recommend",) * 4),
    *(("evaluate", "what-if", "frontier") * 3),
    *("explain", "gaps", "gaps", "robust", "sweep", "sweep"),
)
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
        *("budget=2", "techniques.a.cost=3", "techniques.a.cost=x", "x", "=", "budget=nan"),
        "a.b.c=1",
    ),
    "--vary": (
        *("budget=1:3:1", "budget=1,2", "budget=3:1:1", "budget=1:2:0", "x", "joint.modes=0,0.5"),
    ),
    "--named": ("half", "x"),
    "--lock-in": ("a", "d:full", "x", ""),
    "--lock-out": ("b", "x"),
    "--points": ("3", "0", "x"),
    "--from": ("1", "x"),
    "--to": ("4", "-2"),
    "--against": ("staff", "cost", "x", ""),
    "--cost": ("1", "0", "-1", "x"),
    "--modes": ("1", "2", "99", "x"),
    "--withstands": ("0.05", "ok", "2", "x"),
    "--fails": ("0.8", "prone", "-1", "x"),
    "--success": ("0.5", "2", "x"),
    "--judgement-correlation": ("0", "0.5", "1", "2", "x"),
    "--settle": ("0", "1", "-1", "x"),
    "--draws": ("1", "2", "0", "-1", "x", "99999999999"),
    "--experts": ("anna", "all", "own", "zz", "", "anna,anna"),
    "--workers": ("1", "0", "-1", "x", "99999999999"),
    "--format": ("md", "html", "xlsx", "pdf", ""),
    "--full": None,
    "--certify": None,
    "--by-confidence": None,
}
#: What each command takes; an option of another is a fault.
OWN = {
    "check": (),
    "recommend": (
        *("--budget", "--target-risk", "--objective", "--solver", "--gap", "--time-limit"),
        *("--seed", "--alternatives", "--differ", "--full", "--certify"),
    ),
    "evaluate": ("--budget", "--objective", "--solver", "--gap", "--time-limit"),
    "what-if": ("--named", "--vary", "--lock-in", "--lock-out", "--objective", "--solver"),
    "frontier": ("--points", "--from", "--to", "--objective", "--against", "--budget", "--gap"),
    "explain": ("--stack", "--budget", "--objective", "--seed"),
    "gaps": (
        *("--budget", "--objective", "--cost", "--modes", "--withstands", "--fails", "--success"),
    ),
    "sweep": ("--draws", "--budget", "--vary", "--named", "--experts", "--objective", "--workers"),
    "report": ("--budget", "--objective", "--format", "--seed"),
    "robust": ("--budget", "--judgement-correlation", "--settle", "--seed", "--by-confidence"),
}
ALWAYS = {
    "evaluate": "--stack",
    "what-if": "--set",
}
#: Draws are few, so that an input is quick.
FEW = {
    "explain": ("--draws", "3"),
    "robust": ("--draws", "4", "--settle", "0"),
    "report": ("--draws", "0", "--out", "{out}/r.md"),
}
#: Stray words of a command line; none that names a folder of this machine.
STRAY = tuple(word for word in NASTY if word != "/")
OUTS = ("{out}", "{out}", "{out}/deeper", "{out}/x\ty", "{taken}", "{taken}/below", "/dev/null", "")


@dataclass(frozen=True)
class Spoilt:
    """Files in the folder `{in}`, what stands there that is none, and the words of a command line
    in which `{in}` and `{out}` are folders, `{taken}` a file that is not to be touched."""

    files: Files
    words: tuple[str, ...]
    odd: tuple[tuple[str, str], ...] = ()
    kind: str = ""

    @property
    def command(self) -> str:
        return self.words[0] if self.words else ""


def spoilt(seed: int) -> Spoilt:
    """One input. Most are `check` of a small folder of spoilt tables, which is quick."""
    rng = random.Random(seed)
    kind = rng.choices(tuple(KINDS), cum_weights=_SUMS)[0]
    given = _MAKERS[kind](rng)
    words = list(given.words)
    if kind == "words" or rng.random() < 0.015:
        words.insert(rng.randrange(len(words) + 1), rng.choice(STRAY))
    if rng.random() < (0.95 if kind in ("tables", "main file") else 0.7):
        words.append("--json")
    return Spoilt(given.files, tuple(words), given.odd, kind)


def _tables(rng: random.Random) -> Spoilt:
    files, odd = folder(rng, sound=0.02, where=TABLE)
    return Spoilt(files, ("check", "{in}"), odd)


def _main(rng: random.Random) -> Spoilt:
    files, odd = folder(rng, sound=0.02, where=MAIN_FILE)
    return Spoilt(files, ("check", "{in}"), odd)


def _check(rng: random.Random) -> Spoilt:
    return _folder("check", rng)


def _solve(rng: random.Random) -> Spoilt:
    return _folder(rng.choice(SOLVING), rng)


def _report(rng: random.Random) -> Spoilt:
    return _folder("report", rng)


def _words(rng: random.Random) -> Spoilt:
    """A sound scenario, and a command line of any command with one word too many."""
    return _folder(rng.choice(sorted(OWN)), rng, sound=1.0)


def _folder(command: str, rng: random.Random, sound: float | None = None) -> Spoilt:
    if sound is None:
        sound = 0.02 if command == "check" else 0.5
    files, odd = folder(rng, sound)
    where = "{in}/scenario.yaml" if rng.random() < 0.05 else "{in}"
    words = [command, where]
    if command == "check":
        if rng.random() < 0.01:
            words += _option(rng.choice(sorted(OPTIONS)), rng)
        return Spoilt(files, tuple(words), odd)
    if command in ALWAYS and rng.random() < 0.95:
        words += _option(ALWAYS[command], rng)
    own = OWN[command] if rng.random() < 0.9 else tuple(OPTIONS)
    for name in rng.sample(sorted(own), rng.choice((0, 0, 1, 2))):
        if name != ALWAYS.get(command):
            words += _option(name, rng)
    if command in FEW:
        words += [word for word in FEW[command] if word not in words] * (rng.random() < 0.99)
    if rng.random() < 0.05 and "--out" not in words:
        words += ["--out", rng.choice(OUTS)]
    return Spoilt(files, tuple(words), odd)


def _option(name: str, rng: random.Random) -> list[str]:
    values = OPTIONS[name]
    if values is None:
        return [name]
    return [name, rng.choice((*values, rng.choice(NASTY)))]


def _book(rng: random.Random) -> Spoilt:
    name = "book.xlsx" if rng.random() < 0.98 else rng.choice(("b.xlsm", "b.xls", "b.yaml", "b"))
    command = "check" if rng.random() < 0.99 else "recommend"
    return Spoilt({name: books.book(rng)}, (command, f"{{in}}/{name}"))


def _plan(rng: random.Random) -> Spoilt:
    files, plan = others.plan(rng)
    words = ["verify", "{in}/plan.json", "{in}"]
    if rng.random() < 0.3:
        words.append("--numbers-only")
    return Spoilt({**files, "plan.json": plan}, tuple(words))


def _import(rng: random.Random) -> Spoilt:
    """A table, or a scenario in another form."""
    out = rng.choice(("{out}/new", "{out}/new", "{out}/new.yaml", "{out}/n.xlsx", *OUTS))
    if rng.random() < 0.7:
        table, columns = others.table(rng)
        words = ["import", "{in}/table.csv", "--out", out]
        if columns is None:
            return Spoilt({"table.csv": table}, tuple(words))
        return Spoilt({"table.csv": table, "map.yaml": columns}, (*words, "--map", "{in}/map.yaml"))
    if rng.random() < 0.3:
        return Spoilt({"b.xlsx": books.book(rng, 0.3)}, ("import", "{in}/b.xlsx", "--out", out))
    files, odd = folder(rng, sound=0.3)
    return Spoilt(files, ("import", "{in}", "--out", out), odd)


def _answers(rng: random.Random) -> Spoilt:
    name, data = others.sheet(rng)
    words = ["import", f"{{in}}/{name}", "--from", "{in}", "--out", "{out}/new"]
    if rng.random() < 0.3:
        words += ["--expert", rng.choice(("anna", "dora", rng.choice(NASTY)))]
    return Spoilt({**PANEL, name: data}, tuple(words))


def _new(rng: random.Random) -> Spoilt:
    names = ("n.xlsx", "n", "q.csv", "deeper/n.xlsx", rng.choice(NASTY))
    path = rng.choice(("{out}/" + rng.choice(names), *OUTS))
    words = ["new", path]
    files: Files = {}
    if rng.random() < 0.3:
        files, _ = folder(rng, sound=0.8)
        words += ["--from", "{in}", "--expert", rng.choice(("anna", "dora", rng.choice(NASTY)))]
    return Spoilt(files, tuple(words))


#: Kinds of input, with their share in thousandths: the dear ones seldom, yet over 20,000 in a
#: million.
KINDS = {
    "tables": 748.5,  # a folder whose CSV tables are spoilt
    "main file": 60.0,  # one whose scenario.yaml is
    "folder": 45.0,  # anything in it, also links, pipes, and files that are missing
    "words": 20.5,  # command lines of every command
    "solve": 20.5,  # a folder for a command that solves
    "report": 1.0,
    "workbook": 21.5,
    "plan": 21.0,  # a saved plan, to be verified
    "import": 21.0,
    "answers": 20.5,  # an expert's sheet
    "new": 20.5,
}
_MAKERS: dict[str, Callable[[random.Random], Spoilt]] = {
    "tables": _tables,
    "main file": _main,
    "folder": _check,
    "words": _words,
    "solve": _solve,
    "report": _report,
    "workbook": _book,
    "plan": _plan,
    "import": _import,
    "answers": _answers,
    "new": _new,
}
_SUMS = tuple(accumulate(KINDS.values()))
