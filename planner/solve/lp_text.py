"""The program as LP text, for readers and for other solvers; PuLP writes it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from planner.program.types import Program
from planner.solve.backend import LinearProgram
from planner.solve.highs import Highs
from planner.solve.local import cheapen, improve
from planner.solve.master import Deadline, Master
from planner.solve.models import LogCuts, Logs
from planner.solve.pulp_model import column_name, pulp_problem, row_name

#: Tangents at the linear relaxation, one after the other.
ROUNDS = 10
#: PuLP writes 12 digits.
LARGEST = 10**12 - 1


def lp_text(program: LinearProgram) -> str:
    """The program in the LP format, with names x0001... and r0001...

    >>> import numpy as np
    >>> from planner.solve.backend import LinearProgram
    >>> whole, one = np.array([True]), np.ones(1)
    >>> small = LinearProgram(-one, 0 * one, one, whole, -np.inf * one, one,
    ...     np.array([0, 1], np.int32), np.array([0], np.int32), 2 * one)
    >>> print(lp_text(small).partition("Minimize")[2])
    <BLANKLINE>
    OBJ: - x0001
    Subject To
    r0001: 2 x0001 <= 1
    Binaries
    x0001
    End
    <BLANKLINE>
    """
    with tempfile.TemporaryDirectory(prefix="planner-lp-") as folder:
        path = Path(folder) / "program.lp"
        pulp_problem(program).writeLP(str(path))
        return path.read_text(encoding="ascii")


def program_as_lp(program: Program) -> str:
    """The master program of log cuts, with a table of what its columns and rows stand for.

    Tangents at the empty stack, at a good stack and at the linear relaxation: a relaxation of the
    choice, so that its optimum is a lower bound, and its stack a proposal.
    """
    tangents = LogCuts(program, Logs(program))
    master = Master(program, Highs(), Deadline(None))
    point = np.zeros(program.size)
    tangents.separate(point)
    reach = math.inf
    if program.target_limit is not None:
        reach = tangents.reach(program.target_limit)
    start: tuple[int, ...] = ()
    if program.target is not None:
        start = cheapen(program, ()) or ()
    elif program.holds(()):
        start = improve(program, ())
    point[list(start)] = 1.0
    tangents.separate(point)
    last = -math.inf
    for _ in range(ROUNDS if program.size else 0):
        relaxed = master.relaxation(tangents, math.inf)
        if relaxed is None or relaxed[1] < last + 1e-4:
            break
        last = relaxed[1]
        tangents.separate(relaxed[0])
    objective = None if program.target is None else np.array(program.cost, np.float64)
    table = _exact_rules(program, master.assemble(tangents, objective, reach, integer=True))
    lines = [f"\\ {line}" for line in _legend(program)]
    return "\n".join(lines) + "\n" + lp_text(table)


def _exact_rules(program: Program, table: LinearProgram) -> LinearProgram:
    """The rules as they are, where the digits of the LP format hold them; the master's rows are
    scaled and loosened for solvers."""
    values, low, high = table.values.copy(), table.row_lower.copy(), table.row_upper.copy()
    for r, row in enumerate(program.rows):
        bounds = [bound for bound in (row.lower, row.upper) if bound is not None]
        if max(map(abs, (*row.coefficients, *bounds)), default=0) <= LARGEST:
            values[table.starts[r] : table.starts[r + 1]] = row.coefficients
            low[r] = -np.inf if row.lower is None else row.lower
            high[r] = np.inf if row.upper is None else row.upper
    return replace(table, values=values, row_lower=low, row_upper=high)


def _legend(program: Program) -> Iterator[str]:
    yield "Master program of log cuts: a relaxation, its optimum is a lower bound."
    goal = f"log of the objective ({program.measure.name})"
    if program.target is None:
        yield f"Minimises {column_name(program.size)}, the {goal}."
    else:
        yield f"Minimises the cost; {column_name(program.size)} is the {goal}."
    yield ""
    for j, label in enumerate(program.labels):
        yield f"{column_name(j)} {_plain(label)}, cost {program.cost[j]}"
    yield ""
    for r, row in enumerate(program.rows):
        yield f"{row_name(r)} {_plain(row.rule)}"
    yield "The rows that follow are tangents."


def _plain(text: str) -> str:
    """ASCII on one line: what a funder wrote must not end the comment that it stands in."""
    return ascii(text)[1:-1]
