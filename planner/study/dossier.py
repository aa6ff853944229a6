"""Everything that a board asks about one scenario, gathered once: a report is a function of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from planner.errors import BadInput, LimitHit, PlannerError
from planner.plan import Plan, Question, answer, read_budget
from planner.risk.stack import Band, band, effective_layers, risk
from planner.scenario.types import FailureModes, Scenario
from planner.scenario.uncertain import uncertain_numbers
from planner.scenario.values import format_decimal
from planner.solve.enumerate import affordable
from planner.solve.search import Progress, Search, silent
from planner.study.alternatives import Alternatives, alternatives
from planner.study.certified import certified_for
from planner.study.explain import Explanation, explain
from planner.study.frontier import even_budgets, frontier, grid
from planner.study.frontier_facts import Facts
from planner.study.frontier_naive import Mark, naive_budgets, naive_marks
from planner.study.full_ranking import FullRanking, rank_in_full
from planner.study.gaps import Gaps, gaps
from planner.study.naive import PriceTable, price_of_ignoring, spread_budgets
from planner.study.new_technique import assumed
from planner.study.ranking import rank
from planner.study.robust import Robust, robust
from planner.study.robust_more import More, more
from planner.study.what_if import Case, Comparison, what_if

#: Budgets of the frontier where not every stack can be tried.
GRID = 40
#: Stacks beside the best, and in how many techniques they differ.
OTHERS, DIFFER = 5, 2
#: Draws from the stated uncertainty: where all stacks of a draw are tried, and where not.
DRAWS, FEWER_DRAWS = 2000, 200
#: Numbers for which the worth of settling them is estimated.
SETTLE = 8
#: Seconds that one part may take where no time limit is given.
SECONDS = 20.0


@dataclass(frozen=True)
class Step:
    """What is best at one budget of the frontier, in the currency.

    `value` is the objective, `gap` what is left unproven of it (None: nothing is proven).
    """

    budget: Decimal
    cost: Decimal
    stack: tuple[str, ...]
    value: float
    risk: float
    band: Band
    effective_layers: float | None
    proven: bool
    gap: float | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "budget": float(self.budget),
            "cost": float(self.cost),
            "stack": list(self.stack),
            "objective_value": self.value,
            "risk": self.risk,
            "band": self.band.to_dict(),
            "effective_layers": self.effective_layers,
            "proven": self.proven,
            "gap": self.gap,
        }


@dataclass(frozen=True, eq=False)
class Dossier:
    """The answers; None where a part does not fit the question (a frontier of depth) or was not
    finished in time. `words` are what a command line would say to ask the same again."""

    scenario: Scenario
    plan: Plan
    ranking: FullRanking
    explanation: Explanation
    others: Alternatives | None
    frontier: Facts | None
    steps: tuple[Step, ...]
    marks: tuple[Mark, ...]
    price: PriceTable | None
    changes: Comparison | None
    robust: Robust | None
    more: More | None
    gaps: Gaps | None
    words: tuple[str, ...]


def gather(
    scenario: Scenario,
    objective: str = "expected",
    *,
    budget: str | None = None,
    search: Search | None = None,
    seed: int = 0,
    draws: int | None = None,
    progress: Progress = silent,
) -> Dossier:
    """All of it for one scenario, at one budget (left out: the scenario's own).

    `draws` from the stated uncertainty, 0 for none; left out, as many as go quickly.

    The search's time limit bounds each part. Raises as `recommend` does where there is no plan.
    """
    search = search or Search()
    question = Question.of(scenario, objective, seed)
    units = read_budget(question.settled, budget, None)
    part = search.time_limit or SECONDS
    plan = answer(question, units, None, search, progress)
    plan = certified_for(plan, search.gap, kept=False, seconds=part)
    limited = replace(search, time_limit=part)
    drawn = _robust(scenario, plan, limited, seed, draws, progress)
    facts = None if question.by_depth else _frontier(question, units, limited, part, progress)
    return Dossier(
        scenario=scenario,
        plan=plan,
        ranking=rank_in_full(
            rank(plan, seconds=part, progress=progress), seconds=part, progress=progress
        ),
        explanation=explain(plan, progress=progress),
        others=None
        if question.by_depth
        else alternatives(plan, OTHERS, DIFFER, seconds=part, progress=progress),
        frontier=facts,
        steps=() if facts is None else _steps(facts),
        marks=() if facts is None else _marks(facts, limited, progress),
        price=_price(question, units, limited, seed, progress),
        changes=_changes(scenario, objective, plan, limited, seed, progress),
        robust=drawn,
        more=_more(drawn, limited, progress),
        gaps=_gaps(plan, part, progress),
        words=_words(objective, budget, search, seed, draws),
    )


def _frontier(
    question: Question, budget: int | None, search: Search, seconds: float, progress: Progress
) -> Facts | None:
    """Every breakpoint where all stacks can be tried, else a grid of proven budgets, the plan's
    among them."""
    try:
        if search.solver in ("auto", "enumerate") and affordable(question.program(None)):
            return Facts(frontier(question, search, seconds=seconds, progress=progress))
        budgets = {*even_budgets(question, GRID), *([] if budget is None else [budget])}
        return Facts(grid(question, sorted(budgets), search, seconds=seconds, progress=progress))
    except PlannerError:
        return None


def _steps(facts: Facts) -> tuple[Step, ...]:
    question = facts.frontier.question
    index, paid = question.settled.option_index, question.settled.committed
    found = []
    for point in facts.points:
        options = tuple(sorted((*(index[label] for label in point.stack), *paid)))
        gap = None
        if point.bound is not None:
            gap = 1 - min(point.bound, point.value) / point.value if point.value > 0 else 0.0
        found.append(
            Step(
                budget=facts.frontier.money(point.budget),
                cost=facts.frontier.money(point.cost),
                stack=point.stack,
                value=point.value,
                risk=risk(question.worlds, options),
                band=band(question.worlds, question.without_groups, options),
                effective_layers=effective_layers(question.worlds, options),
                proven=point.proven,
                gap=gap,
            )
        )
    return tuple(found)


def _marks(facts: Facts, search: Search, progress: Progress) -> tuple[Mark, ...]:
    try:
        return naive_marks(facts.frontier.question, naive_budgets(facts), search, progress)
    except LimitHit:
        return ()


def _price(
    question: Question, budget: int | None, search: Search, seed: int, progress: Progress
) -> PriceTable | None:
    budgets = {*spread_budgets(question.settled)}
    if budget is not None:
        budgets.add(budget)
    try:
        return price_of_ignoring(question, sorted(budgets), search, seed=seed, progress=progress)
    except LimitHit:
        return None


def _changes(
    scenario: Scenario,
    objective: str,
    plan: Plan,
    search: Search,
    seed: int,
    progress: Progress,
) -> Comparison | None:
    """The scenario's named changes and the ones that every board asks for, at the plan's budget."""
    if plan.budget is None:
        return None
    own = format_decimal(plan.money(plan.budget))
    base = Case("base", (("budget", own),)).applied(scenario)
    cases = [Case(name, changes) for name, changes in scenario.what_if]
    names, known = {case.name for case in cases}, {case.changes for case in cases}
    cases += [c for c in _standard(base, plan) if c.name not in names and c.changes not in known]
    try:
        return what_if(base, cases, objective, search, seed, progress=progress)
    except LimitHit:
        return None


def _robust(
    scenario: Scenario,
    plan: Plan,
    search: Search,
    seed: int,
    draws: int | None,
    progress: Progress,
) -> Robust | None:
    """Over draws; None where nothing is uncertain, or for objectives that draws are not made of."""
    if plan.question.objective != "expected" or plan.budget is None:
        return None
    count = draws
    if count is None:
        count = DRAWS if affordable(plan.program) else FEWER_DRAWS
    if not count or not uncertain_numbers(scenario):
        return None
    budget = format_decimal(plan.money(plan.budget))
    try:
        return robust(scenario, count, seed, budget=budget, search=search, progress=progress)
    except LimitHit:
        return None


def _more(found: Robust | None, search: Search, progress: Progress) -> More | None:
    try:
        return None if found is None else more(found, search, settle=SETTLE, progress=progress)
    except LimitHit:
        return None


def _gaps(plan: Plan, seconds: float, progress: Progress) -> Gaps | None:
    """What is missing; None where the question is not one of modes and a budget."""
    try:
        return gaps(plan, assumed(plan.scenario), seconds=seconds, progress=progress)
    except (BadInput, LimitHit):
        return None


def _standard(scenario: Scenario, plan: Plan) -> list[Case]:
    """Half and half as much again of the money; modes that strike together; the other reading."""
    assert plan.budget is not None
    budget, unit = plan.money(plan.budget), Decimal(1).scaleb(-scenario.decimals)
    cases = []
    for name, share in (("half the budget", "0.5"), ("half as much again", "1.5")):
        amount = (budget * Decimal(share)).quantize(unit)
        cases.append(Case(name, (("budget", format_decimal(amount)),)))
    if isinstance(scenario.threats, FailureModes):
        joint = scenario.threats.joint
        if joint.matrix is None and len(scenario.threats.modes) > 1:
            strength = "0.6" if joint.factor is None or joint.factor.mean < 0.45 else "0"
            cases.append(Case(f"modes correlated at {strength}", (("joint.modes", strength),)))
        if not plan.question.objective.startswith("worst:"):
            other = "by-mode" if scenario.reading == "together" else "together"
            cases.append(Case(f"read {other}", (("reading", other),)))
    return cases


def _words(
    objective: str, budget: str | None, search: Search, seed: int, draws: int | None
) -> tuple[str, ...]:
    words: list[str] = []
    if budget is not None:
        words += ["--budget", budget]
    if objective != "expected":
        words += ["--objective", objective]
    if search.solver != Search.solver:
        words += ["--solver", search.solver]
    if search.gap != Search.gap:
        words += ["--gap", f"{search.gap:g}"]
    if search.time_limit is not None:
        words += ["--time-limit", f"{search.time_limit:g}"]
    if seed:
        words += ["--seed", str(seed)]
    if draws is not None:
        words += ["--draws", str(draws)]
    return tuple(words)
