"""My own stack against the best: what it leaves, what it breaks, and how to get from here to there.

The stack is judged by the objective of the question, and by R beside it. It may break rules or
cost more than the budget: it is judged all the same, and the answer says what it breaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.errors import LimitHit, NoStack
from planner.plan import Plan, Question, answer, plan_of
from planner.program.build import build_program, lock
from planner.program.types import Row
from planner.risk.measures import Expected
from planner.risk.stack import band, effective_layers, risk, standard_error
from planner.scenario.settle import amount
from planner.solve.depth import ByDepth
from planner.solve.master import Deadline
from planner.solve.search import Outcome, Progress, Search, silent
from planner.study.evaluation import Breach, Evaluation, LeftOut, NaiveRow, Rival, Worth
from planner.study.labels import read_stack
from planner.study.moves import Judge, Move, best_add, best_drop, best_swap, path
from planner.study.naive import (
    best_alone,
    cheapest_stack,
    equal_split,
    independent,
    most_modes,
)
from planner.study.ranking import Lock, Table
from planner.study.verdict import verdict

#: Seconds for what is said beside the two best stacks, where no time limit is given.
EXTRAS = 10.0


def evaluate(
    question: Question,
    stack: Sequence[str],
    budget: int | None,
    search: Search | None = None,
    *,
    seconds: float | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Judge a stack of option labels. `budget` is in units of account; None for none.

    `seconds` bounds all solving. What others pay for protects beside the stack, and cannot be part
    of it.

    Raises BadInput (option --stack) as `read_stack` does, NoStack where no stack meets the rules
    at the budget, and LimitHit where none was found in time.
    """
    search = search or Search()
    deadline = Deadline(seconds)
    program = question.program(budget)
    columns = read_stack(question, program, stack)
    judge = Judge(question, program)
    own = _worth(judge, columns)
    spent = program.stack_cost(columns)
    progress("the best stack for the same money")
    same, note = _same_cost(question, columns, spent, replace(search, time_limit=_half(deadline)))
    at_budget = None
    if budget is not None:
        progress("the best stack at the budget")
        known = [columns] if same is None else [columns, same.columns]
        if same is not None and budget == spent:
            at_budget = same
        else:
            limited = replace(search, time_limit=_half(deadline))
            at_budget = _best(question, budget, limited, known, progress)
    if same is not None and at_budget is not None:
        same = _better_of(question, same, [at_budget.columns])
    rivals = [None if plan is None else _rival(judge, own, plan) for plan in (same, at_budget)]
    goal = at_budget or same
    progress("single moves")
    steps = (
        best_swap(judge, columns, budget),
        best_add(judge, columns, budget),
        best_drop(judge, columns),
    )
    swap, add, drop = (None if step is None else judge.move(columns, step) for step in steps)
    breaches = tuple(
        _breach(question, row, columns) for row in program.rows if not row.holds(columns)
    )
    left = deadline.left()
    return Evaluation(
        question=question,
        columns=columns,
        own=own,
        risk_empty=risk(question.worlds, ()),
        budget=None if budget is None else amount(budget, question.scenario.decimals),
        breaches=breaches,
        same_cost=rivals[0],
        same_cost_note=note,
        at_budget=rivals[1],
        swap=swap,
        add=add,
        drop=drop,
        moves=() if goal is None else _moves(question, columns, goal),
        left_out=() if goal is None else _left_out(goal, columns, left, progress),
        naive=() if goal is None else _naive(question, goal, search, deadline),
        sentence=verdict(question, own, breaches, rivals[0], rivals[1], note),
    )


# The best stacks.


def _same_cost(
    question: Question, columns: tuple[int, ...], spent: int, search: Search
) -> tuple[Plan | None, str | None]:
    """The best stack within what the stack costs; else why there is none."""
    try:
        return _best(question, spent, search, [columns], silent), None
    except NoStack:
        return None, "no stack for that money keeps the rules"
    except LimitHit:
        return None, "the best stack for that money was not found in time"


def _best(
    question: Question,
    budget: int,
    search: Search,
    known: Sequence[tuple[int, ...]],
    progress: Progress,
) -> Plan:
    """The best stack at a budget; where a limit or a gap left a better one among those known, that
    one."""
    try:
        plan = answer(question, budget, None, search, progress)
    except LimitHit:
        program = question.program(budget)
        feasible = [stack for stack in known if program.holds(stack)]
        if not feasible:
            raise
        engine = question.engine(program, search)
        plan = plan_of(question, engine, Outcome(feasible[0], None, "none", "time limit", ""))
    return _better_of(question, plan, known)


def _better_of(question: Question, plan: Plan, known: Sequence[tuple[int, ...]]) -> Plan:
    judge = Judge(question, plan.program)
    for stack in known:
        if plan.program.holds(stack) and judge.better(stack, plan.columns):
            proof = plan.proof
            outcome = Outcome(
                stack, proof.lower_bound, proof.kind, proof.stop, "", False, proof.stacks_tried
            )
            plan = plan_of(question, plan.engine, outcome, proof.seconds)
    return plan


def _half(deadline: Deadline) -> float | None:
    left = deadline.left()
    return None if left is None else max(left, 0.0) / 2


def _worth(judge: Judge, columns: tuple[int, ...]) -> Worth:
    question, program = judge.question, judge.program
    options = question.options(program, columns)
    deep, count = judge.depth(columns)
    return Worth(
        stack=tuple(sorted(program.labels[j] for j in columns)),
        cost=amount(program.stack_cost(columns), question.scenario.decimals),
        risk=judge.risk(columns),
        standard_error=standard_error(question.worlds, options),
        objective_value=judge.objective(columns),
        band=band(question.worlds, question.without_groups, options),
        effective_layers=effective_layers(question.worlds, options),
        depth=deep,
        cut_sets=count,
    )


def _rival(judge: Judge, own: Worth, plan: Plan) -> Rival:
    worth = _worth(judge, plan.columns)
    mine, best = own.objective_value, worth.objective_value
    if judge.question.by_depth or mine is None or best is None:
        return Rival(plan, worth, None, None)
    return Rival(plan, worth, mine - best, 1 - best / mine if mine > 0 else 0.0)


# What it breaks, how to get on, and why.


def _breach(question: Question, row: Row, columns: tuple[int, ...]) -> Breach:
    if row.where == "budget" and row.upper is not None:
        over = question.money(row.activity(columns) - row.upper)
        most = question.money(row.upper)
        return Breach(row.rule, row.where, f"it costs {over} more than the budget of {most}")
    return Breach(row.rule, row.where, row.rule)


def _moves(question: Question, columns: tuple[int, ...], goal: Plan) -> tuple[Move, ...]:
    judge = Judge(question, goal.program)
    found = []
    before = columns
    for step in path(judge, columns, goal.columns):
        found.append(judge.move(before, step))
        before = step.stack
    return tuple(found)


def _left_out(
    plan: Plan, columns: tuple[int, ...], seconds: float | None, progress: Progress
) -> tuple[LeftOut, ...]:
    """One sentence for every option of the stack that is not in the plan."""
    deadline = Deadline(EXTRAS if seconds is None else min(max(seconds, 0.0), EXTRAS))
    program = plan.program
    held = {program.technique[j]: j for j in plan.columns}
    out = sorted((j for j in columns if j not in plan.columns), key=lambda j: program.labels[j])
    locks = {}
    for j in out:
        technique = program.technique[j]
        if technique not in held and not deadline.over():
            progress(f"why the best stack does without {program.labels[j]}")
            locks[technique] = _locked(plan, technique, deadline.left())
    table = Table(plan, locks)
    found = []
    for j in out:
        technique = program.technique[j]
        if technique in held:
            reason = f"The best stack holds it as {program.labels[held[technique]]}."
        else:
            reason = table.row(technique, None).reason
        found.append(LeftOut(program.labels[j], reason))
    return tuple(found)


def _locked(plan: Plan, technique: int, seconds: float | None) -> Lock:
    """The best stack that holds the technique."""
    row = lock(plan.program, technique, inside=True)
    if isinstance(plan.engine, ByDepth):
        return Lock(None, plan.engine.possible([row], seconds) is False, ())
    outcome = plan.engine.best([row], seconds=seconds)
    if outcome.stack is None or outcome.stop != "proven":
        return Lock(None, outcome.infeasible, outcome.stack or ())
    return Lock(plan.program.value(outcome.stack), False, outcome.stack)


def _naive(
    question: Question, goal: Plan, search: Search, deadline: Deadline
) -> tuple[NaiveRow, ...]:
    """The simple rules that need no long search, at the budget of the best stack."""
    left = deadline.left()
    seconds = EXTRAS if left is None else min(left, EXTRAS)
    if seconds <= 0:
        return ()
    budget = goal.budget or 0
    limited = replace(search, time_limit=seconds)
    program = build_program(question.settled, question.worlds, Expected(), budget=budget)
    try:
        start = cheapest_stack(program, limited)
        stacks = {
            "independent": independent(question, program, limited),
            "best_alone": best_alone(program, start),
            "most_modes": most_modes(question, program, start),
            "equal_split": equal_split(program, start, budget),
        }
    except LimitHit:
        return ()
    return tuple(
        NaiveRow(
            rule=rule,
            stack=tuple(sorted(program.labels[j] for j in stack)),
            cost=amount(program.stack_cost(stack), question.scenario.decimals),
            risk=risk(question.worlds, question.options(program, stack)),
        )
        for rule, stack in stacks.items()
    )
