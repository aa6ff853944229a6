"""The one door to the search: look at the program, pick a route, answer its questions."""

from __future__ import annotations

from collections.abc import Sequence

from planner.errors import BadInput, LimitHit
from planner.program.types import Program, Row
from planner.solve.backend import Backend
from planner.solve.cbc import Cbc
from planner.solve.cpsat import CpSat
from planner.solve.cutting import Cutting
from planner.solve.enumerate import AllStacks, affordable, stack_count
from planner.solve.highs import Highs
from planner.solve.search import Outcome, Progress, Search, silent

#: Every backend, in the order of preference. A new one is a file and a line here.
BACKENDS: tuple[Backend, ...] = (Highs(), CpSat(), Cbc())

#: What `--solver` takes.
SOLVERS = ("auto", "enumerate", *(backend.name for backend in BACKENDS))


class Engine:
    """One program, and any number of questions that differ from it in further rows.

    What was learnt for one question (all values, or the tangents) serves the next.
    """

    def __init__(self, program: Program, search: Search, progress: Progress = silent) -> None:
        self.program = program
        self.search = search
        self._all: AllStacks | None = None
        self._cutting: Cutting | None = None
        solver = search.solver
        if solver not in SOLVERS:
            raise BadInput.option(
                "--solver", f"{solver!r} is no solver here.", f"Write one of {', '.join(SOLVERS)}."
            )
        if solver == "enumerate" and not affordable(program):
            raise LimitHit(
                f"Enumeration would try {stack_count(program):,} stacks in "
                f"{program.loss.size:,} worlds, which is too many. Leave --solver out."
            )
        # With nothing for sale there is one stack, and no program for a backend to solve.
        if solver == "enumerate" or (solver == "auto" and affordable(program)) or not program.size:
            self._all = AllStacks(program)
        else:
            wanted = BACKENDS[0].name if solver == "auto" else solver
            backend = next(b for b in BACKENDS if b.name == wanted)
            # Linear relaxations are always HiGHS's: CP-SAT has none, CBC needs a process for each.
            self._cutting = Cutting(program, backend, search, progress, BACKENDS[0])

    @property
    def solver(self) -> str:
        return "enumeration" if self._cutting is None else self._cutting.backend.name

    def best(self, extra: Sequence[Row] = (), seconds: float | None = None) -> Outcome:
        """The best stack under the program's rows and the further ones, within the seconds."""
        if self._all is not None:
            return self._all.best(extra)
        assert self._cutting is not None
        return self._cutting.best(extra, seconds)
