"""The questions a funder asks next: the same scenario with something changed, beside the base."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

from planner.errors import BadInput, Finding, LimitHit, NoStack
from planner.plan import Plan, Proof, Question, Sampling, answer, read_budget
from planner.risk import cutsets
from planner.risk.stack import Band, risk
from planner.scenario.changes import Change, change, change_all, labelled, lock_in, lock_out
from planner.scenario.digest import digest
from planner.scenario.notes import shown
from planner.scenario.numbers import NotAValue, parse_number
from planner.scenario.settle import settle
from planner.scenario.types import Scenario
from planner.scenario.values import format_decimal
from planner.solve.master import Deadline
from planner.solve.search import Progress, Search, silent

if TYPE_CHECKING:
    import pandas as pd

#: Cells of a grid.
MOST_CASES = 400
#: Questions whose worlds are kept for further cases.
_KEPT = 8

#: Changes that leave the worlds as they are.
_LIGHT = frozenset({"budget", "name", "currency", "committed", "rules.fund", "rules.exclude"})


@dataclass(frozen=True)
class Case:
    """One question: what is changed, and what must be bought or not."""

    name: str
    changes: tuple[Change, ...] = ()
    lock_in: tuple[str, ...] = ()
    lock_out: tuple[str, ...] = ()

    def applied(self, scenario: Scenario) -> Scenario:
        """The scenario under this case; BadInput where a path, value or name does not fit."""
        changed = change_all(scenario, self.changes)
        for choice in self.lock_in:
            changed = lock_in(changed, choice)
        for choice in self.lock_out:
            changed = lock_out(changed, choice)
        return changed


@dataclass(frozen=True)
class Axis:
    """A path with the texts that it takes in turn."""

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """All combinations of the values of some axes, the last axis turning fastest."""

    axes: tuple[Axis, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Found:
    """The numbers of a plan, without what the search learnt. Amounts are of the currency."""

    stack: tuple[str, ...]
    committed: tuple[str, ...]
    budget: Decimal | None
    cost: Decimal
    risk: float
    risk_empty: float
    objective_value: float | None
    band: Band
    effective_layers: float | None
    depth: int | None
    proof: Proof
    sampling: Sampling

    @classmethod
    def of(cls, plan: Plan) -> Found:
        return cls(
            stack=plan.stack,
            committed=plan.committed,
            budget=None if plan.budget is None else plan.money(plan.budget),
            cost=plan.money(plan.cost),
            risk=plan.risk,
            risk_empty=plan.risk_empty,
            objective_value=plan.objective_value,
            band=plan.band,
            effective_layers=plan.effective_layers,
            depth=plan.depth,
            proof=plan.proof,
            sampling=plan.sampling,
        )

    def to_dict(self) -> dict[str, Any]:
        proof = self.proof
        return {
            "stack": list(self.stack),
            "committed": list(self.committed),
            "budget": None if self.budget is None else float(self.budget),
            "cost": float(self.cost),
            "risk": self.risk,
            "risk_empty": self.risk_empty,
            "objective_value": self.objective_value,
            "band": self.band.to_dict(),
            "effective_layers": self.effective_layers,
            "depth": self.depth,
            "proof": {
                "kind": proof.kind,
                "lower_bound": proof.lower_bound,
                "gap": proof.gap,
                "solver": proof.solver,
                "stop": proof.stop,
            },
            "worlds": self.sampling.to_dict(),
        }


@dataclass(frozen=True)
class Kept:
    """The base stack under a change: what it would leave, and which rules it would break.

    `objective_value` is of the objective that was asked for (with `depth` the depth, None where
    no set of modes defeats the stack).
    """

    risk: float
    objective_value: float | None
    breaks: tuple[str, ...]


@dataclass(frozen=True)
class CaseRow:
    """One case beside the base. `found` is None where there is no stack: `message` says why.

    `gains` and `loses` are labels of the stack against the base stack; `kept` is the base stack
    under the case (None where the case itself is bad input), and `regret` how much worse its
    objective is than that of the stack found, None where it breaks a rule or nothing was found.
    """

    case: Case
    found: Found | None
    message: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    kept: Kept | None
    regret: float | None

    def to_dict(self) -> dict[str, Any]:
        case, kept = self.case, self.kept
        row: dict[str, Any] = {
            "case": case.name,
            "changes": dict(case.changes),
            "lock_in": list(case.lock_in),
            "lock_out": list(case.lock_out),
            "answer": None if self.found is None else self.found.to_dict(),
            "gains": list(self.gains),
            "loses": list(self.loses),
            "base_stack": None,
            "regret": self.regret,
            "message": self.message,
        }
        if kept is not None:
            row["base_stack"] = {
                "risk": kept.risk,
                "objective_value": kept.objective_value,
                "breaks": list(kept.breaks),
            }
        return row


@dataclass(frozen=True, eq=False)
class Comparison:
    """The base, single cases, and the cells of a grid with its axes."""

    scenario: Scenario
    objective: str
    base: Found
    rows: tuple[CaseRow, ...]
    axes: tuple[Axis, ...] = ()
    grid: tuple[CaseRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "scenario": {"name": self.scenario.name, "digest": digest(self.scenario)},
            "objective": self.objective,
            "currency": self.scenario.currency,
            "base": self.base.to_dict(),
            "cases": [row.to_dict() for row in self.rows],
            "axes": [{"path": axis.path, "values": list(axis.values)} for axis in self.axes],
            "grid": [row.to_dict() for row in self.grid],
        }

    def records(self) -> list[dict[str, Any]]:
        """One flat row a case, the base first."""
        first = CaseRow(Case("base"), self.base, "", (), (), None, None)
        return [_record(row, self.axes) for row in (first, *self.rows, *self.grid)]

    def to_frame(self) -> pd.DataFrame:
        """One row a case, the base first; a column for each axis of the grid."""
        import pandas as pd  # a second of import that `--help` must not pay

        return pd.DataFrame(self.records()).astype({"depth": "Int64"})


def _record(row: CaseRow, axes: Sequence[Axis]) -> dict[str, Any]:
    case, found, kept = row.case, row.found, row.kept
    changes = dict(case.changes)
    band = {} if found is None else found.band.to_dict()
    names = ("independent", "shared_modes", "model", "worst_case")
    return {
        "case": case.name,
        **{axis.path: changes.get(axis.path, "") for axis in axes},
        "changes": "; ".join(f"{path}={text}" for path, text in case.changes),
        "lock_in": ", ".join(case.lock_in),
        "lock_out": ", ".join(case.lock_out),
        "stack": "" if found is None else ", ".join(found.stack),
        "gains": ", ".join(row.gains),
        "loses": ", ".join(row.loses),
        "cost": None if found is None else float(found.cost),
        "risk": None if found is None else found.risk,
        "objective_value": None if found is None else found.objective_value,
        **{f"band_{name}": band.get(name) for name in names},
        "effective_layers": None if found is None else found.effective_layers,
        "depth": None if found is None else found.depth,
        "proof": "" if found is None else found.proof.kind,
        "gap": None if found is None else found.proof.gap,
        "base_stack_risk": None if kept is None else kept.risk,
        "base_stack_breaks": "" if kept is None else "; ".join(kept.breaks),
        "regret": row.regret,
        "message": row.message,
    }


def what_if(
    scenario: Scenario,
    cases: Sequence[Case],
    objective: str = "expected",
    search: Search | None = None,
    seed: int = 0,
    *,
    grid: Grid | None = None,
    progress: Progress = silent,
) -> Comparison:
    """The best stack of every case, and of every cell of a grid, beside that of the base.

    The search's time limit bounds all solving: each case may take an equal share of what is left.
    A case that is bad input, or that no stack meets, is a row with its message. Raises as
    `recommend` does where the base has no answer.
    """
    return _Asker(scenario, objective, search or Search(), seed, progress).compare(cases, grid)


class _Asker:
    """Asks one case after the other, and keeps worlds that further cases share."""

    def __init__(
        self, scenario: Scenario, objective: str, search: Search, seed: int, progress: Progress
    ) -> None:
        self.scenario = scenario
        self.objective = objective
        self.search = search
        self.seed = seed
        self.progress = progress
        self.deadline = Deadline(search.time_limit)
        self.questions: dict[tuple[Change, ...], Question] = {}

    def compare(self, cases: Sequence[Case], grid: Grid | None) -> Comparison:
        cells = () if grid is None else grid.cases
        count = len(cases) + len(cells) + 1
        question = self.question(Case("base"))
        plan = self.answer(question, count)
        base = Found.of(plan)
        rows = []
        for done, case in enumerate((*cases, *cells), start=1):
            self.progress(f"what if: case {done} of {count - 1}")
            rows.append(self.row(case, base, count - done))
        return Comparison(
            scenario=self.scenario,
            objective=question.objective,
            base=base,
            rows=tuple(rows[: len(cases)]),
            axes=() if grid is None else grid.axes,
            grid=tuple(rows[len(cases) :]),
        )

    def question(self, case: Case) -> Question:
        """The question of a case; the worlds are those of an earlier case that differs only in
        money and rules."""
        scenario = case.applied(self.scenario)
        key = tuple(sorted(pair for pair in case.changes if not is_light(pair[0])))
        known = self.questions.get(key)
        if known is not None:
            return replace(known, scenario=scenario, settled=settle(scenario))
        question = Question.of(scenario, self.objective, self.seed)
        if len(self.questions) >= _KEPT:
            self.questions.pop(next(iter(self.questions)))
        self.questions[key] = question
        return question

    def answer(self, question: Question, parts: int) -> Plan:
        left = self.deadline.left()
        share = None if left is None else max(left, 0.0) / parts
        budget = read_budget(question.settled, None, None)
        return answer(question, budget, None, replace(self.search, time_limit=share), self.progress)

    def row(self, case: Case, base: Found, parts: int) -> CaseRow:
        kept = None
        try:
            question = self.question(case)
            kept = _kept(question, base)
            found = Found.of(self.answer(question, parts))
        except BadInput as error:
            message = " ".join(map(str, error.findings))
            return CaseRow(case, None, message, (), (), kept, None)
        except (NoStack, LimitHit) as error:
            return CaseRow(case, None, str(error), (), (), kept, None)
        return _row(case, question, base, found, kept)


def beside(case: Case, question: Question, base: Found, found: Found) -> CaseRow:
    """An answer beside that of the base: `question` is what was answered by `found`."""
    return _row(case, question, base, found, _kept(question, base))


def _row(case: Case, question: Question, base: Found, found: Found, kept: Kept) -> CaseRow:
    gains = tuple(label for label in found.stack if label not in base.stack)
    loses = tuple(label for label in base.stack if label not in found.stack)
    return CaseRow(case, found, "", gains, loses, kept, _regret(question, base, found, kept))


def is_light(path: str) -> bool:
    """Whether a change of this path leaves the worlds as they are."""
    return path in _LIGHT or (path.startswith("techniques.") and path.endswith(".cost"))


def _kept(question: Question, base: Found) -> Kept:
    """The base stack under a case. What others pay for there is not bought, and protects."""
    program = question.program(read_budget(question.settled, None, None))
    bought = {question.settled.option_index[label] for label in base.stack}
    columns = tuple(j for j, option in enumerate(program.option) if option in bought)
    options = question.options(program, columns)
    value: float | None = program.value(columns)
    if question.by_depth:
        masks = cutsets.defeating(question.settled)
        assert masks is not None
        depth = cutsets.depth([masks[question.settled.options[k].technique] for k in options])
        value = None if depth is None else float(depth)
    breaks = tuple(row.rule for row in program.rows if not row.holds(columns))
    return Kept(risk(question.worlds, options), value, breaks)


def _regret(question: Question, base: Found, found: Found, kept: Kept) -> float | None:
    if kept.breaks:
        return None
    if set(found.stack) == set(base.stack):
        return 0.0
    best, own = found.objective_value, kept.objective_value
    if question.by_depth:
        # No cut set at all counts as infinitely deep.
        if own is None:
            return 0.0
        return None if best is None else best - own
    return None if best is None or own is None else own - best


def vary(
    scenario: Scenario,
    axes: Sequence[str],
    beside: Case | None = None,
) -> Grid:
    """The grid of `path=v1,v2,...` or `path=start:stop:step` (exact decimals, the stop included).

    `beside` holds in every cell too. Raises BadInput with every finding about the axes.
    """
    taken = [path for path, _ in beside.changes] if beside else []
    found = read_axes(scenario, axes, taken, MOST_CASES)
    return Grid(found, tuple(_cells(found, beside)))


def read_axes(
    scenario: Scenario, written: Sequence[str], taken: Collection[str], most: int
) -> tuple[Axis, ...]:
    """The axes of a grid of at most so many cells; `taken` are paths that are changed already.

    Raises BadInput with every finding about the axes.
    """
    findings: list[Finding] = []
    found: list[Axis] = []
    known = list(taken)
    for text in written:
        try:
            axis = _axis(text, most)
        except NotAValue as error:
            findings.append(Finding("--vary", None, shown(text), error.message, error.cure))
            continue
        if axis.path in known:
            message, cure = "The path is changed twice.", "Keep one of the two."
            findings.append(Finding("--vary", None, shown(axis.path), message, cure))
        known.append(axis.path)
        found.append(axis)
        findings += _misfits(scenario, axis)
    count = math.prod(len(axis.values) for axis in found)
    if count > most:
        message = f"The grid has {count:,} cells; at most {most:,} are computed."
        cure = "Give fewer values, or a longer step."
        findings.append(Finding("--vary", None, None, message, cure))
    if findings:
        raise BadInput.of(findings)
    return tuple(found)


def _cells(axes: Sequence[Axis], beside: Case | None) -> list[Case]:
    base = beside or Case("")
    cells = []
    for values in product(*(axis.values for axis in axes)):
        own = tuple((axis.path, text) for axis, text in zip(axes, values, strict=True))
        name = ", ".join(f"{path}={text}" for path, text in own)
        cells.append(replace(base, name=name, changes=(*base.changes, *own)))
    return cells


def _misfits(scenario: Scenario, axis: Axis) -> list[Finding]:
    """Values that the path does not take; a bad path once."""
    findings: dict[Finding, None] = {}
    for text in axis.values:
        try:
            change(scenario, axis.path, text)
        except BadInput as error:
            findings.update(dict.fromkeys(labelled(error, "--vary")))
    return list(findings)


def _axis(written: str, most: int) -> Axis:
    path, sign, text = (part.strip() for part in written.partition("="))
    if not (path and sign and text):
        raise NotAValue("is no path with values.", "Write budget=5:20:1 or joint.modes=0,0.3,0.6.")
    values = _range(text, most) or _split(text)
    if len(set(values)) < len(values):
        raise NotAValue("names a value twice.", "Keep it once.")
    if "" in values:
        raise NotAValue("has a blank value.", "Write a value between any two commas.")
    return Axis(path, values)


def _range(text: str, most: int) -> tuple[str, ...] | None:
    """`5:20:1` as its values; None for what is no range."""
    parts = text.split(":")
    if len(parts) != 3:
        return None
    try:
        start, stop, step = map(parse_number, parts)
    except NotAValue:
        return None
    if not step or (stop - start) * step < 0:
        raise NotAValue("never arrives at its end.", "Write start:stop:step, such as 5:20:1.")
    count = int((stop - start) / step) + 1
    if count > most:
        raise NotAValue(
            f"has {count:,} values; at most {most:,} are computed.", "Write a longer step."
        )
    return tuple(format_decimal(start + k * step) for k in range(count))


def _split(text: str) -> tuple[str, ...]:
    """At commas outside brackets: a distribution is one value."""
    return tuple(part.strip() for part in re.split(r",(?![^\[{]*[\]}])", text))
