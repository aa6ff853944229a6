"""Registry of methods: the planner and its peers, each at its best fair setting.

A method gets a program, a relative gap and a cap in seconds, and runs on one thread. What it claims
is judged apart, by `evaluate`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.answer import Answer
from planner.program.types import Program
from planner.solve.engine import Engine
from planner.solve.enumerate import affordable
from planner.solve.local import improve
from planner.solve.search import Search

Solve = Callable[[Program, float, float], Answer]
#: What every case is proven to, and the seconds that it gets.
GAP, CAP = 1e-4, 20.0


@dataclass(frozen=True)
class Method:
    """`group` is the peer that a variant counts as: of a group, the best variant is shown.

    `where` names the families ("dense", "sparse", "all"); `needs` a package that must be there;
    `fits` may refuse a program.
    """

    name: str
    group: str
    what: str
    solve: Solve
    where: str = "all"
    needs: str | None = None
    fits: Callable[[Program], bool] = lambda _program: True

    def here(self) -> bool:
        return self.needs is None or importlib.util.find_spec(self.needs) is not None


def engine(solver: str) -> Solve:
    """One of the planner's own routes and backends."""

    def solve(program: Program, gap: float, cap: float) -> Answer:
        one = Engine(program, Search(solver=solver, gap=gap))
        outcome = one.best(seconds=cap)
        claim = "proven" if outcome.stop == "proven" else "limit"
        return Answer(
            claim if outcome.stop != "solver failed" else "failed",
            outcome.stack,
            outcome.bound,
            evaluations=outcome.evaluated,
            note=f"{outcome.route}, {outcome.stop}",
        )

    return solve


def greedy(program: Program, gap: float, cap: float) -> Answer:
    """Add, then swap, while it helps."""
    del gap, cap
    return Answer("heuristic", improve(program, ()), None)


def _highs(tangents: str, kelley: bool) -> Solve:
    def solve(program: Program, gap: float, cap: float) -> Answer:
        from benchmarks import peer_highs

        return peer_highs.solve(program, gap, cap, tangents, kelley)  # type: ignore[arg-type]

    return solve


def _scip(name: str) -> Solve:
    def solve(program: Program, gap: float, cap: float) -> Answer:
        from benchmarks import peer_scip

        return getattr(peer_scip, name)(program, gap, cap)

    return solve


_ALL = (
    Method("planner", "planner", "the engine, left to choose (`auto`)", engine("auto")),
    Method("core", "core", "core enumeration by name", engine("core"), where="dense"),
    Method("exhaustive", "exhaustive", "every stack", engine("enumerate"), fits=affordable),
    Method("greedy", "greedy", "greedy with swaps: quality only", greedy),
    Method(
        "highs-plain",
        "HiGHS log cuts",
        "HiGHS, one log cut an integer solve, cuts and start kept",
        _highs("log", False),
    ),
    Method(
        "highs-kelley",
        "HiGHS log cuts",
        "the same after a warm in-out relaxation, slack cuts dropped",
        _highs("log", True),
    ),
    Method(
        "highs-planner",
        "HiGHS log cuts",
        "the planner's own cutting planes with HiGHS (`--solver highs`)",
        engine("highs"),
    ),
    Method(
        "highs-worlds",
        "HiGHS worlds",
        "HiGHS, one row of tangents in risk space a world, violated ones only",
        _highs("worlds", False),
        where="sparse",
    ),
    Method(
        "highs-worlds-kelley",
        "HiGHS worlds",
        "the same after a warm relaxation, slack rows dropped",
        _highs("worlds", True),
        where="sparse",
    ),
    Method(
        "cp-sat", "CP-SAT log cuts", "the planner's cutting planes with CP-SAT", engine("cp-sat")
    ),
    Method(
        "cbc", "PuLP/CBC log cuts", "the planner's cutting planes with PuLP's CBC", engine("cbc")
    ),
    Method(
        "scip-lazy",
        "SCIP log cuts",
        "SCIP, one tree, log cuts added as it finds stacks",
        _scip("lazy"),
        needs="pyscipopt",
    ),
    Method(
        "scip-direct",
        "SCIP direct",
        "SCIP, an exponential constraint a world",
        _scip("direct"),
        needs="pyscipopt",
    ),
)

#: Every method by its name. A new one is a function and a line above.
METHODS: dict[str, Method] = {method.name: method for method in _ALL}
