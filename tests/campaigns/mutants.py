"""Faults put into the verifier and into what counts money, one at a time: do the tests notice?

    python -m tests.campaigns.mutants --count 300

A mutant is the package with one small change in one file: a comparison turned or moved by one, an
operator or a constant changed, a condition negated, `and` for `or`, a statement removed, nothing
returned. Half of the sample is of the proof (`planner/proof/`), half of money. Each mutant stands
in its own copy of the package, and the tests of its group run in a forked process until the first
one fails; those go first that caught others in the same file. Survivors are listed with their place
and difference; exit code 1 where fewer than 90 in 100 are caught. A mutant that no test can tell
from the original is named in `tests/campaigns/equivalent_mutants.py`, with the reason, and is left
out of the score.

Well-kept libraries do this, but not here: one puts calls of its own package into every function,
so that the verifier would no longer run alone; another changes the files in place, removes no
statement, and draws no sample.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import copy
import difflib
import importlib
import math
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from tests.campaigns.equivalent_mutants import EQUIVALENT

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 0.9
#: Seconds of the processor that any test may take, and of the clock that all may.
LEAST, MOST = 5.0, 600.0
#: What the tests import from outside: loaded once, before the forks.
HEAVY = (
    *("numpy", "pandas", "scipy.special", "scipy.optimize", "scipy.sparse", "scipy.stats"),
    *("highspy", "ortools.sat.python.cp_model", "pulp", "ruamel.yaml", "rich", "jinja2"),
    *("openpyxl", "xlsxwriter", "matplotlib.figure", "pytest"),
)


@dataclass(frozen=True)
class Group:
    """Files, and the tests that answer for them."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = (
    Group(
        "proof",
        ("planner/proof/verify_plan.py", "planner/proof/certificate.py"),
        (
            "tests/proof/test_verifier_steps.py",
            "tests/proof/test_logarithms.py",
            "tests/proof/test_certificates.py",
            "tests/cli/test_verify_command.py",
            "tests/docs/test_size_limits.py",
        ),
    ),
    Group(
        "money",
        (
            "planner/scenario/settle.py",
            "planner/scenario/numbers.py",
            "planner/scenario/checks.py",
            "planner/program/build.py",
            "planner/program/types.py",
        ),
        (
            "tests/scenario/test_settle.py",
            "tests/test_program_rows.py",
            "tests/scenario/test_numbers.py",
            "tests/scenario/test_draw.py",
            "tests/test_plan.py",
            "tests/scenario/test_read.py",
            "tests/scenario/test_changes.py",
            "tests/scenario/test_bad_input.py",
        ),
    ),
)


# Changes ----------------------------------------------------------------------------------------

Change = tuple[str, Callable[[Any], ast.AST | None]]

TURNED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def changes_of(node: ast.AST) -> Iterator[Change]:
    """Every change of one node: what it is called, and what puts it in place of the node (None:
    the node itself was changed)."""
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            for other in TURNED[type(op)]:
                yield f"{_name(op)} to {other.__name__}", _set_item("ops", k, other)
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        other_op = SWAPPED[type(node.op)]
        yield f"{_name(node.op)} to {other_op.__name__}", _set("op", other_op)
    elif isinstance(node, ast.BoolOp):
        other_bool = ast.And if isinstance(node.op, ast.Or) else ast.Or
        yield f"{_name(node.op)} to {other_bool.__name__}", _set("op", other_bool)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield f"{_name(node.op)} removed", lambda found: found.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "truth turned", lambda found: ast.Constant(not found.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "one more", lambda found: ast.Constant(found.value + 1)
        yield "one less", lambda found: ast.Constant(found.value - 1)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield f"{node.id} to {NAMES[node.id]}", lambda found: ast.Name(NAMES[found.id], ast.Load())
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "returns None", lambda _: ast.Return(ast.Constant(None))
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "condition negated", _negate_test
    elif isinstance(node, ast.comprehension):
        for k in range(len(node.ifs)):
            yield "condition negated", _negate_if(k)
    if _may_go(node):
        yield "statement removed", lambda _: ast.Pass()


def _may_go(node: ast.AST) -> bool:
    """Whether the code can run without the statement: no name is missing then."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return not isinstance(node.targets[0], ast.Name)
    return isinstance(node, ast.Raise | ast.AugAssign | ast.Continue | ast.Break | ast.Delete)


def _name(op: ast.AST) -> str:
    return type(op).__name__


def _set(name: str, kind: type[ast.AST]) -> Callable[[Any], None]:
    return lambda node: setattr(node, name, kind())


def _set_item(name: str, place: int, kind: type[ast.AST]) -> Callable[[Any], None]:
    return lambda node: getattr(node, name).__setitem__(place, kind())


def _negate_test(node: Any) -> None:
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _negate_if(place: int) -> Callable[[Any], None]:
    return lambda node: node.ifs.__setitem__(place, ast.UnaryOp(ast.Not(), node.ifs[place]))


@dataclass(frozen=True)
class Mutant:
    """One change of one file: `node` counts the nodes of its tree, `change` those of the node."""

    group: Group
    file: str
    node: int
    change: int
    line: int
    what: str
    number: int = 0

    def source(self, tree: ast.Module) -> str:
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[self.node]
        _, apply = list(changes_of(node))[self.change]
        new = apply(node)
        if new is not None:
            _replace(changed, node, new)
        return ast.unparse(ast.fix_missing_locations(changed)) + "\n"

    def difference(self, tree: ast.Module) -> list[str]:
        """The lines that differ, old and new."""
        old, new = ast.unparse(tree).splitlines(), self.source(tree).splitlines()
        lines = difflib.unified_diff(old, new, lineterm="", n=0)
        return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list) and any(item is old for item in value):
                value[:] = [new if item is old else item for item in value]
                return
    raise ValueError("the node is not in the tree")


def _not_run(tree: ast.Module) -> set[int]:
    """Nodes that are no part of what the code does: annotations, aliases of types, and texts."""
    roots: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            roots.append(node.annotation)
        if isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
            roots.append(node.value)
        if isinstance(node, ast.FunctionDef):
            roots.append(node.returns)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            roots += node.decorator_list
        if isinstance(node, ast.JoinedStr):
            roots.append(node)
    return {id(inner) for root in roots if root is not None for inner in ast.walk(root)}


def mutants_of(group: Group) -> list[Mutant]:
    """Every mutant of a group, in the order of its files."""
    found = []
    for file in group.files:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        left_out, line = _not_run(tree), 1
        for number, node in enumerate(ast.walk(tree)):
            if id(node) in left_out:
                continue
            line = getattr(node, "lineno", line)
            for change, (what, _) in enumerate(changes_of(node)):
                found.append(Mutant(group, file, number, change, line, what))
    return found


def sample(count: int, seed: int, groups: Sequence[Group]) -> list[Mutant]:
    """As many of each group, the rest to the first; numbered."""
    chosen: list[Mutant] = []
    for k, group in enumerate(groups):
        every = mutants_of(group)
        share = count // len(groups) + (k < count % len(groups))
        dice = random.Random(f"{seed} {group.name}")
        chosen += dice.sample(every, min(share, len(every)))
    return [replace(mutant, number=number) for number, mutant in enumerate(chosen)]


# Runs -------------------------------------------------------------------------------------------


@dataclass
class Slot:
    """A copy of the package in which one mutant at a time stands."""

    folder: Path
    process: Any = None
    mutant: Mutant | None = None
    until: float = 0.0


class FirstToFail:
    """The tests that caught other mutants first, then the fastest, each with a limit on its time of
    the processor; it writes down how long each took, and which one failed."""

    def __init__(self, kills: Counter[str], seconds: dict[str, float]) -> None:
        self.kills, self.seconds = kills, seconds
        self.failed: str | None = None
        self.took: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda i: (-self.kills[i.nodeid], self.seconds.get(i.nodeid, 0.0)))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        # Beyond it SIGPROF ends the process: the mutant goes round for ever.
        signal.setitimer(signal.ITIMER_PROF, LEAST + 5 * self.seconds.get(nodeid, 0.0))
        self.took[nodeid] = -time.process_time()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.took[nodeid] += time.process_time()

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def write(self, note: Path) -> None:
        lines = [f"{seconds} {test}" for test, seconds in self.took.items()]
        note.write_text("\n".join([self.failed or "", *lines]))


def _child(folder: Path, group: Group, kills: Counter[str], seconds: dict[str, float]) -> None:
    """Run the group's tests in the copy, file by file; the exit code is that of pytest."""
    os.setsid()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder)
    sys.path[:] = [str(folder), *(p for p in sys.path if Path(p or ".").resolve() != ROOT)]
    for name in [n for n in sys.modules if n.partition(".")[0] in ("tests", "planner")]:
        del sys.modules[name]
    import pytest

    plugin, code = FirstToFail(kills, seconds), 0
    words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow"]
    best = Counter(test.partition("::")[0] for test in kills.elements())
    for file in sorted(group.tests, key=lambda file: -best[file]):
        code = code or int(pytest.main([*words, "--hypothesis-seed=0", file], plugins=[plugin]))
    plugin.write(folder / "note.txt")
    os._exit(code)


@dataclass
class Campaign:
    slots: list[Slot]
    trees: dict[str, ast.Module] = field(default_factory=dict)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    kills: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    survivors: list[Mutant] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def start(self, slot: Slot, group: Group, mutant: Mutant | None) -> None:
        (slot.folder / "note.txt").unlink(missing_ok=True)
        slot.mutant = mutant
        context = multiprocessing.get_context("fork")
        slot.process = context.Process(
            target=_child,
            args=(
                slot.folder,
                group,
                self.kills[mutant.file] if mutant else Counter(),
                self.seconds.get(group.name, {}),
            ),
        )
        slot.process.start()
        slot.until = time.monotonic() + MOST

    def baseline(self, group: Group) -> None:
        """The tests must pass on the files as they are, printed from their trees."""
        slot = self.slots[0]
        for file in group.files:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            self.trees[file] = tree
            for each in self.slots:
                _put(each.folder / file, ast.unparse(tree))
        started = time.monotonic()
        self.start(slot, group, None)
        slot.process.join()
        code, slot.process = slot.process.exitcode, None
        note = (slot.folder / "note.txt").read_text().splitlines()
        if code:
            raise SystemExit(f"{group.name}: the tests fail without any change: {note[0]}")
        times = dict(reversed(line.split(" ", 1)) for line in note[1:])
        self.seconds[group.name] = {test: float(seconds) for test, seconds in times.items()}
        spent = time.monotonic() - started
        print(f"{group.name}: {len(times)} tests pass in {spent:.0f} s", file=sys.stderr)

    def run(self, mutants: Sequence[Mutant], seconds: float | None) -> int:
        """How many were not begun, because the time was up."""
        until = time.monotonic() + (math.inf if seconds is None else seconds)
        left = list(reversed(mutants))
        while (left and time.monotonic() < until) or any(slot.process for slot in self.slots):
            for slot in self.slots:
                if slot.process is None and left and time.monotonic() < until:
                    mutant = left.pop()
                    source = mutant.source(self.trees[mutant.file])
                    _put(slot.folder / mutant.file, source)
                    self.start(slot, mutant.group, mutant)
            busy = [slot for slot in self.slots if slot.process is not None]
            wait([slot.process.sentinel for slot in busy], timeout=1)
            for slot in busy:
                if not slot.process.is_alive():
                    self.done(slot, slot.process.exitcode)
                elif time.monotonic() > slot.until:
                    os.killpg(slot.process.pid, signal.SIGKILL)
                    slot.process.join()
                    self.done(slot, None)
        return len(left)

    def done(self, slot: Slot, code: int | None) -> None:
        """Take the verdict down, and the mutant out of the copy."""
        mutant, slot.process = slot.mutant, None
        assert mutant is not None
        tree = self.trees[mutant.file]
        _put(slot.folder / mutant.file, ast.unparse(tree))
        name = mutant.group.name
        self.counts[name] += 1
        if code == 0:
            lines = mutant.difference(tree)  # none where it says the same in other words
            known = EQUIVALENT.get((mutant.file, *lines)) if lines else "no difference"
            self.counts[f"{name} equivalent" if known else f"{name} survived"] += 1
            if known is None:
                self.survivors.append(mutant)
                print(f"SURVIVED {mutant.number} {mutant.file}:{mutant.line} {mutant.what}")
                print("\n".join(f"    {line}" for line in mutant.difference(tree)), flush=True)
        else:
            self.counts[f"{name} caught"] += 1
            note = slot.folder / "note.txt"
            first = note.read_text().partition("\n")[0] if note.exists() else ""
            if first:
                self.kills[mutant.file][first] += 1
        every = sum(self.counts[group.name] for group in GROUPS)
        if every % 10 == 0:
            print(f"{every} done, {len(self.survivors)} survive", file=sys.stderr, flush=True)


def _put(path: Path, source: str) -> None:
    path.write_text(source + "\n", encoding="utf-8")
    # Of two mutants of one second and size, the second would be taken for the first.
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def _warm_up() -> None:
    """Load what all tests need before the forks, and start pytest once."""
    for name in HEAVY:
        importlib.import_module(name)
    import pytest

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_warm_up.py").write_text(
            "from hypothesis import given, strategies\n\n\n"
            "@given(strategies.text(max_size=5))\ndef test(text):\n    assert text is not None\n"
        )
        if pytest.main(
            ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", folder, folder]
        ):
            raise SystemExit("pytest does not run here")


def _copy(folder: Path) -> Slot:
    for name in ("planner", "tests", "scenarios", "docs"):
        left_out = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", folder)
    compileall.compile_dir(folder / "planner", quiet=2)
    return Slot(folder)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Do the tests notice faults?")
    parser.add_argument("--count", type=int, default=300, help="mutants in all")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--group", choices=[g.name for g in GROUPS], help="this one alone")
    parser.add_argument("--seconds", type=float, help="begin no mutant after this long")
    parser.add_argument("--only", help="these of the sample, by their numbers: 17,33")
    given = parser.parse_args(words)
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    _warm_up()
    groups = [g for g in GROUPS if given.group in (None, g.name)]
    chosen = sample(given.count, given.seed, groups)
    if given.only:
        asked = {int(number) for number in given.only.split(",")}
        chosen = [mutant for mutant in chosen if mutant.number in asked]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        slots = [_copy(Path(folder) / str(k)) for k in range(given.workers)]
        campaign = Campaign(slots)
        for group in groups:
            campaign.baseline(group)
        left = campaign.run(chosen, given.seconds)
    caught = every = 0
    for group in groups:
        count = campaign.counts
        same = count[f"{group.name} equivalent"]
        told = count[group.name] - same
        caught, every = caught + count[f"{group.name} caught"], every + told
        print(
            f"{group.name}: {count[f'{group.name} caught']} of {told} caught "
            f"(of {len(mutants_of(group))} that there are; {same} more are known to be no fault)"
        )
    score = caught / every if every else 1.0
    spent = time.monotonic() - started
    cut = f"; {left} of the sample not begun in {given.seconds:g} s" if left else ""
    print(f"{caught} of {every} caught: {score:.1%}, seed {given.seed}, {spent:.0f} s{cut}")
    return 0 if score >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
