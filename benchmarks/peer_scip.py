"""SCIP as a peer (extra `bench`): direct, with one exponential a world, and with lazy log cuts.

Both get a stack as a start and stop at the same relative gap, one thread. SCIP is asked
for its plan in a scale in which the known stack is near 1, so that its absolute tolerances mean the
same on every instance.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from benchmarks.answer import Answer
from benchmarks.clock import processor
from benchmarks.peer_highs import Loop, first_stack
from planner.program.types import Program

#: log of what a technique with F = 0 leaves, beside the objective: nothing that a double would see.
SURE = -40.0
#: Lazy SCIP cuts off one fractional solution a node, at every fifth depth: tried against none and
#: every depth, on three families.
ROUNDS, SEPA = 1, 5


def _model(program: Program, cap: float) -> tuple[Any, list[Any]]:
    import pyscipopt

    model = pyscipopt.Model()
    model.hideOutput()
    model.setParam("limits/time", max(cap, 0.01))
    model.setParam("randomization/randomseedshift", 0)
    x = [model.addVar(vtype="B", name=f"x{j}") for j in range(program.size)]
    for row in program.rows:
        top = max(map(abs, row.coefficients), default=1) or 1
        terms = zip(row.indices, row.coefficients, strict=True)
        total = pyscipopt.quicksum((c / top) * x[j] for j, c in terms)
        if row.upper is not None:
            model.addCons(total <= row.upper / top)
        if row.lower is not None:
            model.addCons(total >= row.lower / top)
    return model, x


def _stack(model: Any, x: list[Any], known: tuple[int, ...]) -> tuple[int, ...]:
    if not model.getNSols():
        return known
    best = model.getBestSol()
    return tuple(j for j, one in enumerate(x) if model.getSolVal(best, one) > 0.5)


def _better(program: Program, found: tuple[int, ...], known: tuple[int, ...]) -> tuple[int, ...]:
    if program.holds(found) and program.value(found) <= program.value(known):
        return found
    return known


def direct(program: Program, gap: float, cap: float) -> Answer:
    """min mean of t[s] with t[s] >= exp(u[s]), u[s] = b[s] + sum of x log F: one constraint a
    world. Building the model is not timed."""
    import pyscipopt

    start = processor()
    known = first_stack(program)
    value = program.value(known)
    spent = processor() - start
    if value == 0:
        return Answer("proven", known, 0.0, 0, 1, seconds=spent)
    model, x = _model(program, cap - spent)
    count = program.loss.size
    model.setParam("limits/gap", gap)
    shift = np.log(program.worlds.probability * program.loss) + math.log(count / value)
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(program.failure), SURE - shift.max())
    t = [model.addVar(lb=0.0, name=f"t{s}") for s in range(count)]
    u = [model.addVar(lb=None, ub=float(shift[s]), name=f"u{s}") for s in range(count)]
    for s in range(count):
        used = np.flatnonzero(logs[:, s])
        total = pyscipopt.quicksum(float(logs[j, s]) * x[j] for j in used)
        model.addCons(u[s] - total >= float(shift[s]))
        model.addCons(t[s] >= pyscipopt.exp(u[s]))
    model.setObjective(pyscipopt.quicksum(t) / count, "minimize")
    _start_from(model, x, known, t, u, shift, logs)
    start = processor()
    model.optimize()
    seconds = spent + processor() - start
    stack = _better(program, _stack(model, x, known), known)
    dual = float(model.getDualbound())
    bound = dual * value if abs(dual) < 1e19 else None
    claim = "proven" if model.getStatus() in ("optimal", "gaplimit") else "limit"
    note = f"SCIP {model.getStatus()}, own gap {model.getGap():.2g}"
    return Answer(claim, stack, bound, int(model.getNTotalNodes()), None, note, seconds)


def _start_from(
    model: Any,
    x: list[Any],
    known: tuple[int, ...],
    t: list[Any],
    u: list[Any],
    shift: Any,
    logs: Any,
) -> None:
    solution = model.createSol()
    inside = set(known)
    for j, one in enumerate(x):
        model.setSolVal(solution, one, 1.0 if j in inside else 0.0)
    left = shift + logs[list(known)].sum(axis=0)
    for s in range(len(t)):
        model.setSolVal(solution, u[s], float(left[s]))
        model.setSolVal(solution, t[s], math.exp(float(left[s])))
    model.addSol(solution)


def lazy(program: Program, gap: float, cap: float) -> Answer:
    """min eta; log cuts from HiGHS's relaxation to begin with, then one wherever SCIP's solution
    lies below log R."""
    import pyscipopt

    start = time.perf_counter()
    root = Loop(program, gap, cap, "log", kelley=True)
    if root.value == 0:
        return Answer("proven", root.best, 0.0, 0, 1)
    root._learn(root._point(root.best), None)
    root._learn(np.zeros(program.size), None)
    root._root()
    known, value = root.best, root.value
    model, x = _model(program, cap - (time.perf_counter() - start))
    absolute = root.gap
    # Its eta may stay below log R by a quarter of the gap, so its own gap is the rest of it.
    model.setParam("limits/absgap", 0.7 * absolute)
    base = math.log(value)  # SCIP's eta is log R less this: near 0, so its tolerances are absolute
    eta = model.addVar(lb=float(root.model.lower()[0]) - base, name="eta")
    model.setObjective(eta, "minimize")
    tangents = root.model

    class Lazy(pyscipopt.Conshdlr):  # type: ignore[misc]
        evaluated, node, rounds = 0, -1, 0

        def _cut(self, solution: Any, fractional: bool) -> bool:
            """Add the tangent at a solution that lies below it; whether one was needed."""
            point = np.array([self.model.getSolVal(solution, one) for one in x])
            at = np.clip(point, 0.0, 1.0)
            at = at if fractional else np.rint(at)
            cuts, height = tangents.cuts(at, None)
            self.evaluated += 1
            if height - base <= self.model.getSolVal(solution, eta) + absolute / 4:
                return False
            for columns, values, lower in cuts:
                total = pyscipopt.quicksum(
                    float(c) * x[j] for j, c in zip(columns[:-1], values[:-1], strict=True)
                )
                self.model.addCons(eta + total >= lower - base)
            return bool(cuts)

        def conscheck(self, _constraints, solution, *_args):  # type: ignore[no-untyped-def]
            point = np.array([self.model.getSolVal(solution, one) for one in x])
            _, height = tangents.cuts(np.rint(np.clip(point, 0.0, 1.0)), None)
            self.evaluated += 1
            low = height - base > self.model.getSolVal(solution, eta) + absolute / 4
            result = pyscipopt.SCIP_RESULT
            return {"result": result.INFEASIBLE if low else result.FEASIBLE}

        def conssepalp(self, _constraints, _useful):  # type: ignore[no-untyped-def]
            result = pyscipopt.SCIP_RESULT
            node = self.model.getCurrentNode().getNumber()
            self.rounds = self.rounds + 1 if node == self.node else 0
            self.node = node
            if self.rounds >= ROUNDS:
                return {"result": result.DIDNOTRUN}
            added = self._cut(None, fractional=True)
            return {"result": result.CONSADDED if added else result.DIDNOTFIND}

        def consenfolp(self, _constraints, *_args):  # type: ignore[no-untyped-def]
            added = self._cut(None, fractional=False)
            result = pyscipopt.SCIP_RESULT
            return {"result": result.CONSADDED if added else result.FEASIBLE}

        def consenfops(self, constraints, *arguments):  # type: ignore[no-untyped-def]
            # A pseudo solution knows no rows: another row would change nothing, so SCIP branches.
            return self.conscheck(constraints, None, *arguments)

        def conslock(self, _constraint, _locktype, pos, neg):  # type: ignore[no-untyped-def]
            self.model.addVarLocks(eta, pos, neg)
            for one in x:
                self.model.addVarLocks(one, pos, neg)

    handler = Lazy()
    model.includeConshdlr(
        handler,
        "logcuts",
        "log R in one row",
        enfopriority=-10,
        chckpriority=-10,
        needscons=False,
        sepafreq=SEPA,
    )
    model.setParam("misc/allowstrongdualreds", False)
    for columns, values, lower in root.cuts:
        total = pyscipopt.quicksum(
            float(c) * x[j] for j, c in zip(columns[:-1], values[:-1], strict=True)
        )
        model.addCons(eta + total >= lower - base)
    solution = model.createSol()
    inside = set(known)
    for j, one in enumerate(x):
        model.setSolVal(solution, one, 1.0 if j in inside else 0.0)
    model.setSolVal(solution, eta, 0.0)
    model.addSol(solution)
    model.optimize()
    stack = _better(program, _stack(model, x, known), known)
    dual = float(model.getDualbound())
    bound = math.exp(min(dual + base, 700.0)) if abs(dual) < 1e19 else None
    claim = "proven" if model.getStatus() in ("optimal", "gaplimit") else "limit"
    nodes = int(model.getNTotalNodes())
    note = f"SCIP {model.getStatus()}"
    return Answer(claim, stack, bound, nodes, handler.evaluated, note)
