"""One case by itself: the search that `recommend` would do, and the few numbers that are kept."""

from __future__ import annotations

from collections.abc import Sequence

from planner.errors import EnvironmentFailed, NoStack, PlannerError
from planner.plan import DEPTH, Question, read_budget
from planner.program.types import Program
from planner.risk import cutsets
from planner.risk.measures import Expected, Worst, parse
from planner.risk.stack import risk
from planner.scenario.settle import Settled, amount
from planner.scenario.values import format_decimal
from planner.solve.conflict import explain_conflict
from planner.solve.search import Search
from planner.sweep.outcomes import Answered, Failed, Outcome
from planner.worlds.build import build

#: Mistakes of the planner itself: one of them fails its case, and says so, not the whole sweep.
BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


def answer_settled(settled: Settled, objective: str, seed: int, search: Search) -> Outcome:
    """The best stack of a settled scenario under its own budget; a failure is a value too.

    EnvironmentFailed is raised: the machine is to blame for it, not the case.
    """
    try:
        return _answer(settled, objective, seed, search)
    except EnvironmentFailed:
        raise
    except PlannerError as error:
        return failed(error)
    except BUGS as error:
        return Failed("Bug", f"{type(error).__name__}: {error}")


def failed(error: PlannerError) -> Failed:
    """What a case says that has no answer: of rules in conflict the one sentence about all of
    them, else what was found."""
    found = "" if isinstance(error, NoStack) else " ".join(map(str, error.findings))
    return Failed(type(error).__name__, found or str(error))


def _answer(settled: Settled, objective: str, seed: int, search: Search) -> Outcome:
    question = _question(settled, objective, seed)
    program = question.program(read_budget(settled, None, None))
    outcome = question.engine(program, search).best()
    if outcome.stack is None:
        raise explain_conflict(program, search, question.money)
    value = _value(question, program, outcome.stack)
    gap: float | None = None
    if question.by_depth:
        gap = 0.0 if outcome.stop == "proven" else None
    elif outcome.bound is not None and value is not None:
        gap = 1 - min(outcome.bound, value) / value if value > 0 else 0.0
    if outcome.kind == "enumerated":
        gap = 0.0
    return Answered(
        stack=tuple(sorted(program.labels[j] for j in outcome.stack)),
        cost=cost_text(program.stack_cost(outcome.stack), settled.scenario.decimals),
        risk=risk(question.worlds, question.options(program, outcome.stack)),
        objective_value=value,
        proof=outcome.kind,
        gap=gap,
    )


def cost_text(units: int, decimals: int) -> str:
    """Units of account as an amount of the currency, one spelling for one amount."""
    return format_decimal(amount(units, decimals))


def _question(settled: Settled, objective: str, seed: int) -> Question:
    """The question about numbers that may be draws; the dependence band is not asked for."""
    by_depth = objective.strip() == DEPTH
    if by_depth and cutsets.defeating(settled) is None:
        Question.of(settled.scenario, objective)  # raises, and says why
    measure = Expected() if by_depth else parse(objective)
    worlds = build(settled, seed=seed)
    judged = measure.worlds(settled, seed) if isinstance(measure, Worst) else worlds
    return Question(settled.scenario, settled, worlds, worlds, judged, measure, seed, by_depth)


def _value(question: Question, program: Program, columns: Sequence[int]) -> float | None:
    """The objective of a stack. The expected loss is R itself, to the last bit: a correctly
    rounded sum, as the batched way computes it too."""
    options = question.options(program, columns)
    if question.by_depth:
        masks = cutsets.defeating(question.settled)
        assert masks is not None
        depth = cutsets.depth([masks[question.settled.options[k].technique] for k in options])
        return None if depth is None else float(depth)
    if isinstance(question.measure, Expected):
        return risk(question.worlds, options)
    return float(program.exact_value(columns))
