"""The one door to the search: look at the program, pick a route, answer its questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from planner.errors import BadInput, LimitHit, out_of_memory_names
from planner.program.types import Program, Row
from planner.solve.backend import Backend
from planner.solve.cbc import Cbc
from planner.solve.core import Core, Stalled
from planner.solve.cpsat import CpSat
from planner.solve.cutting import Cutting
from planner.solve.enumerate import AllStacks, affordable, stack_count
from planner.solve.highs import Highs
from planner.solve.master import Deadline
from planner.solve.models import Logs
from planner.solve.passes import Matrix
from planner.solve.search import Outcome, Progress, Search, silent
from planner.solve.wide import CELLS, MANY, Wide

#: Every backend, in the order of preference. A new one is a file and a line here.
BACKENDS: tuple[Backend, ...] = (Highs(), CpSat(), Cbc())

#: What `--solver` takes: "auto" looks at the instance, the next two are routes of our own.
SOLVERS = ("auto", "enumerate", "core", *(backend.name for backend in BACKENDS))


class Engine:
    """One program, and any number of questions that differ from it in further rows.

    What was learnt for one question (all values, or the tangents) serves the next.
    """

    def __init__(
        self,
        program: Program,
        search: Search,
        progress: Progress = silent,
        like: Engine | None = None,
    ) -> None:
        """`like` has answered for a similar program: the same columns and rows, other worlds or
        amounts (another draw of what is uncertain). Its proof is where this search starts."""
        self.program = program
        self.search = search
        self.progress = progress
        self._all: AllStacks | None = None
        self._core: Core | None = None
        self._wide: Wide | None = None
        self._made: Cutting | None = None
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
        elif solver in ("auto", "core") and self._is_wide():
            pass
        elif solver in ("auto", "core") and Core.fits(self._logs):
            known = None if like is None else like._core
            self._core = Core(program, search, progress, known, self._logs)

    def _is_wide(self) -> bool:
        """Whether to start with the options that a price likes; makes that search."""
        program = self.program
        cells = program.size * program.loss.size
        if program.size <= MANY or (cells <= CELLS and Core.fits(self._logs)):
            return False
        matrix = Matrix(program.failure)
        self._wide = Wide(program, matrix, self.search, self.progress, self._part)
        return True

    def _part(self, part: Program, seconds: float | None, known: tuple[int, ...]) -> Outcome:
        """What the other routes find on part of the options (or on all of them)."""
        if part.size == self.program.size:
            return self._cutting.best(part.rows[len(self.program.rows) :], seconds, known)
        if part.size > MANY:
            made = Cutting(part, BACKENDS[0], self.search, self.progress, tree=True)
            return made.best((), seconds, known)
        return Engine(part, self.search, self.progress)._best((), seconds, known)

    @cached_property
    def _logs(self) -> Logs:
        """Of the whole matrix, for every route that wants them."""
        return Logs(self.program)

    @property
    def solver(self) -> str:
        """The route or the backend that answers."""
        if self._all is not None:
            return "enumeration"
        if self._core is not None and self._made is None:
            return Core.name
        if self._wide is not None and self._made is None:
            return Wide.name
        return self._cutting.backend.name

    @property
    def _cutting(self) -> Cutting:
        if self._made is None:
            backend = next((b for b in BACKENDS if b.name == self.search.solver), BACKENDS[0])
            # Linear relaxations are always HiGHS's: CP-SAT has none, CBC needs a process for each.
            self._made = Cutting(
                self.program,
                backend,
                self.search,
                self.progress,
                BACKENDS[0],
                tree=self.search.solver in ("auto", "core"),
                logs=self._logs,
            )
        return self._made

    def best(self, extra: Sequence[Row] = (), seconds: float | None = None) -> Outcome:
        """The best stack under the program's rows and the further ones, within the seconds."""
        size = f"{self.program.size:,} options in {self.program.loss.size:,} worlds"
        with out_of_memory_names(size):
            return self._best(extra, seconds)

    def _best(
        self, extra: Sequence[Row], seconds: float | None, known: tuple[int, ...] | None = None
    ) -> Outcome:
        if self._all is not None:
            return self._all.best(extra)
        if self._wide is not None:
            deadline = Deadline(seconds)
            outcome = self._wide.best(extra, seconds)
            return self._cutting.best(extra, deadline.left()) if outcome is None else outcome
        if self._core is not None and self._made is None:
            deadline = Deadline(seconds)
            try:
                return self._core.best(extra, seconds)
            except Stalled as stalled:
                self.progress("core enumeration does not fit: cutting planes take over")
                found = self._cutting.best(extra, deadline.left(), stalled.stack)
                better = found.stack is not None and stalled.bound > (found.bound or 0.0)
                return replace(found, bound=stalled.bound, kind="bounded") if better else found
        return self._cutting.best(extra, seconds, known)
