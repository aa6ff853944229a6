"""The verdict on a stack, in sentences that its numbers make true."""

from __future__ import annotations

from collections.abc import Sequence

from planner.plan import Plan, Question
from planner.study.evaluation import Breach, Rival, Worth


def verdict(
    question: Question,
    own: Worth,
    breaches: Sequence[Breach],
    same: Rival | None,
    at_budget: Rival | None,
    note: str | None,
) -> str:
    """Yours, the best for the same money, the best at the budget where that is another question."""
    inside = all(breach.where == "budget" for breach in breaches)
    rules = "" if inside else " that keeps the rules"
    parts = []
    if same is None:
        parts.append(f"Your stack {_leaves(question, own)}; {note}.")
    elif same.worth.stack == own.stack:
        parts.append(f"Your stack {_leaves(question, own)}: {_unbeaten(same.plan)}.")
    else:
        best = f"the best for the same money{rules}"
        parts.append(f"Your stack {_leaves(question, own)}; {best} {_beside(question, own, same)}.")
    if at_budget is not None and (same is None or at_budget.plan.budget != same.plan.budget):
        at = f"at the budget of {question.money(at_budget.plan.budget or 0)}"
        if at_budget.worth.stack == own.stack:
            parts.append(f"It is the best {at} too.")
        else:
            parts.append(f"The best {at} {_beside(question, own, at_budget)}.")
    if breaches:
        named = "; ".join(breach.sentence for breach in breaches)
        parts.append(f"Your stack breaks {_count(len(breaches), 'rule')}: {named}.")
    return " ".join(parts)


def _unbeaten(plan: Plan) -> str:
    if plan.proof.stop == "proven" and (plan.proof.gap or 0.0) < 1e-12:
        return "none is better for the same money"
    if plan.proof.gap is not None and plan.proof.lower_bound is not None:
        share = _percent(plan.proof.gap)
        return f"none is more than {share} better for the same money"
    return "none was found that is better for the same money"


def _leaves(question: Question, worth: Worth) -> str:
    if question.by_depth:
        if worth.depth is None:
            return "has no cut set"
        return f"has depth {worth.depth} ({_count(worth.cut_sets or 0, 'cut set')} of that size)"
    name = "" if question.objective == "expected" else f" at {question.objective}"
    return f"leaves {worth.objective_value:.4g}{name}"


def _beside(question: Question, own: Worth, rival: Rival) -> str:
    if rival.gap is None or rival.fall is None:
        if (rival.worth.depth, rival.worth.cut_sets) == (own.depth, own.cut_sets):
            return f"has the same{_cheaper(question, own, rival)}"
        return _leaves(question, rival.worth)
    if rival.fall == 0:
        return f"leaves as much{_cheaper(question, own, rival)}"
    text = _leaves(question, rival.worth)
    if rival.gap > 0:
        return f"{text}: {_percent(rival.gap)} less"
    if rival.gap < 0:
        return f"{text}: {-rival.gap * 100:.3g}% more"
    return f"{text}, {abs(rival.fall):.2g} {'less' if rival.fall > 0 else 'more'}"


def _cheaper(question: Question, own: Worth, rival: Rival) -> str:
    saved = own.cost - rival.worth.cost
    if not saved:
        return ""
    units = int(abs(saved).scaleb(question.scenario.decimals))
    return f", for {question.money(units)} {'less' if saved > 0 else 'more'}"


def _percent(share: float) -> str:
    percent = share * 100
    return "over 99.9%" if 99.9 < percent < 100 else f"{percent:.3g}%"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
