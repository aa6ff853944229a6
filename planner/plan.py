"""The one verb: `recommend` takes a scenario and gives a plan, with its proof."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.errors import BadInput, LimitHit, TargetOutOfReach
from planner.program.build import build_program
from planner.program.types import Program
from planner.proof.certificate import Certificate
from planner.risk import cutsets
from planner.risk.measures import Expected, Measure, Worst, parse
from planner.risk.stack import Band, band, effective_layers, risk, standard_error
from planner.scenario.digest import digest
from planner.scenario.numbers import NotAValue, parse_number
from planner.scenario.numbers import decimals as decimals_of
from planner.scenario.settle import Settled, amount, money, settle
from planner.scenario.types import Scenario
from planner.scenario.values import Number
from planner.solve.conflict import explain_conflict
from planner.solve.depth import ByDepth
from planner.solve.engine import Engine
from planner.solve.search import Outcome, Progress, ProofKind, Search, StopReason, silent
from planner.worlds.build import build
from planner.worlds.types import Worlds

if TYPE_CHECKING:
    import pandas as pd

#: The objective that needs no probability, and no measure.
DEPTH = "depth"


@dataclass(frozen=True)
class Proof:
    """What is known about a plan, and how.

    `lower_bound` and `gap` are about the objective (about the cost, where a target was set);
    None where nothing is proven. `stop` says why the search ended; it is no proof. `note` says why
    there is no certificate, where that was asked.
    """

    kind: ProofKind
    lower_bound: float | None
    gap: float | None
    solver: str
    seconds: float
    stop: StopReason
    stacks_tried: int
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "kind": self.kind,
            "lower_bound": self.lower_bound,
            "gap": self.gap,
            "solver": self.solver,
            "stop": self.stop,
            "seconds": self.seconds,
        }
        if self.note is not None:
            row["note"] = self.note
        return row


@dataclass(frozen=True)
class Sampling:
    """How the worlds came about; the error and the second estimate where they are draws."""

    count: int
    exact: bool
    standard_error: float
    seed: int | None
    fresh_risk: float | None = None
    fresh_standard_error: float | None = None

    def to_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "count": self.count,
            "exact": self.exact,
            "standard_error": self.standard_error,
            "seed": self.seed,
        }
        if not self.exact:
            row["fresh_risk"] = self.fresh_risk
            row["fresh_standard_error"] = self.fresh_standard_error
        return row


@dataclass(frozen=True, eq=False)
class Question:
    """A settled scenario with its worlds: what every study starts from.

    `worlds` are the model's, on which the risk is computed; `judged` those of the objective's
    measure (the same ones unless it is a worst case); `without_groups` leave common causes out.
    Where the stack is chosen by depth (`by_depth`), `measure` is the expected loss: it is reported
    and plays no part in the choice.
    """

    scenario: Scenario
    settled: Settled
    worlds: Worlds
    without_groups: Worlds
    judged: Worlds
    measure: Measure
    seed: int
    by_depth: bool = False

    @classmethod
    def of(cls, scenario: Scenario, objective: str = "expected", seed: int = 0) -> Question:
        by_depth = objective.strip() == DEPTH
        measure = Expected() if by_depth else parse(objective)
        settled = settle(scenario)
        if by_depth and cutsets.defeating(settled) is None:
            raise BadInput.option(
                "--objective",
                "depth is about failure modes, and this scenario gives worlds instead.",
                "Write expected, cvar:0.95 or worst:1; or describe modes and vulnerabilities.",
            )
        worlds = build(settled, seed=seed)
        plain = build(settled, seed=seed, groups=False) if scenario.groups else worlds
        judged = measure.worlds(settled, seed) if isinstance(measure, Worst) else worlds
        return cls(scenario, settled, worlds, plain, judged, measure, seed, by_depth)

    @property
    def objective(self) -> str:
        """The objective that was asked for, as it is written."""
        return DEPTH if self.by_depth else self.measure.name

    def program(self, budget: int | None, target: float | None = None) -> Program:
        """The program of the question; BadInput for a target of depth, which is no risk."""
        if self.by_depth and target is not None:
            raise BadInput.option(
                "--target-risk",
                "a target is a risk, and depth is none.",
                "Leave out --target-risk, or choose another --objective.",
            )
        return build_program(self.settled, self.judged, self.measure, budget=budget, target=target)

    def money(self, units: int) -> str:
        """Units of account as text, with the currency."""
        number = amount(units, self.scenario.decimals).normalize()
        return f"{number:f} {self.scenario.currency}"

    def options(self, program: Program, stack: Sequence[int]) -> tuple[int, ...]:
        """Option numbers of a stack of columns, with what others pay for."""
        return tuple(sorted((*(program.option[j] for j in stack), *program.committed)))

    def engine(
        self, program: Program, search: Search, progress: Progress = silent
    ) -> Engine | ByDepth:
        """The search that the objective needs, for a program of this question."""
        masks = cutsets.defeating(self.settled) if self.by_depth else None
        if masks is None:
            return Engine(program, search, progress)
        paid = [self.settled.options[k].technique for k in program.committed]
        return ByDepth(program, masks, paid, search, progress)


@dataclass(frozen=True, eq=False)
class Plan:
    """A stack with its cost, its recomputed risk and its proof.

    `stack` holds the labels of the options chosen, sorted (`debate:full`, or `rlhf` where there
    are no levels); `cost` and `budget` count units of account; `risk` is R, recomputed from the
    worlds; `objective_value` the objective that was asked for (with `depth` the depth, None where
    there is no cut set: it counts as infinite). `engine` remembers what the search
    learnt, for further questions about the same program. `certificate` is there where one was asked
    for (planner/study/certified.py) and holds.
    """

    question: Question
    program: Program
    engine: Engine | ByDepth = field(repr=False)
    columns: tuple[int, ...]
    stack: tuple[str, ...]
    cost: int
    budget: int | None
    target: float | None
    risk: float
    risk_empty: float
    objective_value: float | None
    proof: Proof
    sampling: Sampling
    band: Band
    effective_layers: float | None
    depth: int | None
    certificate: Certificate | None = field(default=None, repr=False)

    @property
    def scenario(self) -> Scenario:
        return self.question.scenario

    @property
    def reached(self) -> float:
        """The measure of the stack: the objective's value, or the risk where depth chose it."""
        return self.risk if self.objective_value is None or self.by_depth else self.objective_value

    @property
    def by_depth(self) -> bool:
        return self.question.by_depth

    def money(self, units: int) -> Decimal:
        """Units of account as an amount of the currency."""
        return amount(units, self.scenario.decimals)

    @property
    def levels(self) -> dict[str, str]:
        """Technique id -> level, for the stack."""
        return dict(map(self._option, self._numbers()))

    @property
    def committed(self) -> tuple[str, ...]:
        """Labels of what others pay for."""
        options = self.question.settled.options
        return tuple(sorted(options[k].label for k in self.program.committed))

    def _numbers(self) -> list[int]:
        return sorted(self.program.option[j] for j in self.columns)

    def _option(self, number: int) -> tuple[str, str]:
        option = self.question.settled.options[number]
        return self.scenario.techniques[option.technique].id, option.level

    def to_dict(self) -> dict[str, Any]:
        """The keys of `planner recommend --json` (docs/commands.md), without the ranking."""
        proof = self.proof
        return {
            "scenario": {"name": self.scenario.name, "digest": digest(self.scenario)},
            "objective": self.question.objective,
            "reading": self.scenario.reading,
            "budget": None if self.budget is None else float(self.money(self.budget)),
            "target_risk": self.target,
            "cost": float(self.money(self.cost)),
            "currency": self.scenario.currency,
            "risk": self.risk,
            "risk_empty": self.risk_empty,
            "objective_value": self.objective_value,
            "stack": [id for id, _ in map(self._option, self._numbers())],
            "levels": self.levels,
            "committed": list(self.committed),
            "proof": proof.to_dict(),
            "worlds": self.sampling.to_dict(),
            "band": self.band.to_dict(),
            "effective_layers": self.effective_layers,
            "depth": self.depth,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a technique of the stack, and of what others pay for."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = []
        for number in (*self._numbers(), *self.program.committed):
            id, level = self._option(number)
            paid = number in self.program.committed
            rows.append(
                {
                    "technique": id,
                    "name": self.scenario.technique(id).name,
                    "level": level,
                    "cost": 0.0 if paid else float(self.money(self.question.settled.cost[number])),
                    "paid_by": "others" if paid else "this funder",
                }
            )
        columns = ["technique", "name", "level", "cost", "paid_by"]
        return pd.DataFrame(rows, columns=columns)

    def _repr_html_(self) -> str:
        frame: str = self.to_frame().to_html(index=False)
        return f"<p>{html.escape(self.summary())}</p>{frame}"

    def summary(self) -> str:
        """One sentence: what to fund, for how much, and what risk stays."""
        names = ", ".join(self.stack) or "nothing"
        return (
            f"Fund {names} for {self.money(self.cost).normalize():f} {self.scenario.currency}: "
            f"residual risk {self.risk:.4g} of {self.risk_empty:.4g}."
        )


def recommend(
    scenario: Scenario,
    objective: str = "expected",
    *,
    budget: Decimal | str | float | None = None,
    target_risk: float | None = None,
    search: Search | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Plan:
    """The stack that leaves the least residual risk under the budget and the rules.

    `objective` is `expected`, `cvar:0.95`, `worst:1`, or `depth`: the stack whose smallest cut set
    is largest, then with the fewest of that size, then the cheapest (docs/model.md, Objectives).
    `budget` is an amount of the scenario's currency; left out, the scenario's own. With
    `target_risk` it is the cheapest stack whose objective is at most the target, and the
    scenario's budget is ignored unless one is given.

    Raises BadInput (no budget, an unknown objective, depth of explicit worlds or with a target),
    NoStack where no stack meets the rules,
    TargetOutOfReach where the target is below the lowest reachable objective, and LimitHit where
    a limit was hit before any plan was found.
    """
    question = Question.of(scenario, objective, seed)
    units = read_budget(question.settled, budget, target_risk)
    return answer(question, units, target_risk, search or Search(), progress)


def read_budget(
    settled: Settled, budget: Decimal | str | float | None, target: float | None
) -> int | None:
    """The budget in units of account; None where a target makes it unnecessary."""
    if target is not None and not (math.isfinite(target) and target >= 0):
        raise BadInput.option(
            "--target-risk", f"{target} is no risk.", "Write a number of zero or more."
        )
    if budget is not None:
        return _amount(str(budget), settled.scenario.decimals)
    if target is not None:
        return None
    if settled.budget is None:
        raise BadInput.option(
            "--budget",
            "the scenario has no budget.",
            "Write `budget: 9` into scenario.yaml, or pass --budget or --target-risk.",
        )
    return settled.budget


def _amount(text: str, finest: int) -> int:
    """A budget from outside the scenario, exactly, in its units of account."""
    try:
        number = parse_number(text)
    except NotAValue as error:
        raise BadInput.option("--budget", f"The budget {error.message}", error.cure) from None
    if number < 0:
        raise BadInput.option("--budget", f"The budget {text} is negative.", "Write 0 or more.")
    if decimals_of(number) > finest:
        raise BadInput.option(
            "--budget",
            f"The budget {text} is finer than the scenario's unit of account, 10^-{finest}.",
            f"Write at most {finest} decimals.",
        )
    return money(Number(number), finest)


def answer(
    question: Question,
    budget: int | None,
    target: float | None,
    search: Search,
    progress: Progress = silent,
) -> Plan:
    """The plan for a question whose worlds are already built."""
    start = time.perf_counter()
    program = question.program(budget, target)
    engine = question.engine(program, search, progress)
    outcome = engine.best(seconds=search.time_limit)
    seconds = time.perf_counter() - start
    if outcome.stack is None:
        _refuse(question, program, outcome, search)
    assert outcome.stack is not None
    return plan_of(question, engine, outcome, seconds)


def _refuse(question: Question, program: Program, outcome: Outcome, search: Search) -> None:
    """Say why there is no plan: the rules, the target, or the time."""
    if not outcome.infeasible:
        raise LimitHit(
            "The time limit was reached before any stack was found that meets the rules, of "
            f"{program.size:,} options in {program.loss.size:,} worlds. Allow more time with "
            "--time-limit, or leave out options."
        )
    plain = replace(program, target=None)
    if program.target is not None:
        lowest = Engine(plain, search).best(seconds=search.time_limit)
        if lowest.stack is not None:
            value = plain.value(lowest.stack)
            raise TargetOutOfReach(
                f"The target {program.target:g} is below the lowest reachable "
                f"{_named(question.measure)} of {value:.6g}. Raise the target"
                + (
                    " or the budget." if any(row.where == "budget" for row in program.rows) else "."
                ),
                lowest=value,
            )
        if not lowest.infeasible:
            raise LimitHit("The time limit was reached before the target was shown reachable.")
    raise explain_conflict(plain, search, question.money)


def _named(measure: Measure) -> str:
    return "expected risk" if measure.name == "expected" else f"risk ({measure.name})"


def plan_of(
    question: Question, engine: Engine | ByDepth, outcome: Outcome, seconds: float = 0.0
) -> Plan:
    """Re-check in integers, recompute from the worlds, and put the numbers together."""
    program = engine.program
    columns = outcome.stack or ()
    if not program.holds(columns):
        raise LimitHit("The search gave a stack that breaks a rule; please report this scenario.")
    limit = program.target_limit
    if limit is not None and program.exact_value(columns) > limit:
        raise LimitHit("The search gave a stack above the target; please report this scenario.")
    options = question.options(program, columns)
    cost = program.stack_cost(columns)
    value = program.nearest_value(columns)
    depth = _depth(question, options)
    units = next((row.upper for row in program.rows if row.where == "budget"), None)
    return Plan(
        question=question,
        program=program,
        engine=engine,
        columns=columns,
        stack=tuple(sorted(program.labels[j] for j in columns)),
        cost=cost,
        budget=units if program.target is None else None,
        target=program.target,
        risk=risk(question.worlds, options),
        risk_empty=risk(question.worlds, ()),
        objective_value=_reached(depth) if question.by_depth else value,
        proof=_proof(question, engine, outcome, value, seconds),
        sampling=sampling(question, options),
        band=band(question.worlds, question.without_groups, options),
        effective_layers=effective_layers(question.worlds, options),
        depth=depth,
    )


def _reached(depth: int | None) -> float | None:
    return None if depth is None else float(depth)


def _depth(question: Question, options: Sequence[int]) -> int | None:
    masks = cutsets.defeating(question.settled)
    if masks is None:
        return None
    return cutsets.depth([masks[question.settled.options[k].technique] for k in options])


def _proof(
    question: Question, engine: Engine | ByDepth, outcome: Outcome, value: float, seconds: float
) -> Proof:
    """Bound and gap in the units of what was minimised: the objective, or money. By depth there
    is no bound, and the gap is 0 where the choice is proven."""
    program, decimals = engine.program, question.scenario.decimals
    reached, bound, gap = value, outcome.bound, None
    if question.by_depth and outcome.stop == "proven":
        gap = 0.0
    if program.target is not None:
        reached = float(amount(program.stack_cost(outcome.stack or ()), decimals))
        if bound is not None:
            bound = float(amount(math.ceil(bound), decimals))
    if bound is not None:
        bound = min(bound, reached)
        gap = 1 - bound / reached if reached > 0 else 0.0
    return Proof(outcome.kind, bound, gap, engine.solver, seconds, outcome.stop, outcome.evaluated)


def sampling(question: Question, options: Sequence[int]) -> Sampling:
    """How the worlds came about, and how well they estimate the risk of a stack of options."""
    worlds = question.worlds
    if worlds.exact:
        return Sampling(worlds.count, True, 0.0, None)
    # A stack chosen on a sample looks better on it than it is: judge it on another one.
    fresh = build(question.settled, seed=question.seed + 1_000_003)
    return Sampling(
        worlds.count,
        False,
        standard_error(worlds, options),
        worlds.seed,
        risk(fresh, options),
        standard_error(fresh, options),
    )
