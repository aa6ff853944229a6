"""One true sentence a technique, built from the numbers of its row."""

from __future__ import annotations

from dataclasses import dataclass

from planner.plan import Plan
from planner.risk.cutsets import defeating
from planner.scenario.types import FailureModes


@dataclass(frozen=True)
class Facts:
    """What is known about one technique beside a plan (see `RankRow` for the numbers)."""

    plan: Plan
    technique: int
    inside: bool
    for_sale: bool
    alone: float | None
    dropped: float | None
    added: float | None
    locked: float | None
    impossible: bool
    twin: str | None
    twin_share: float | None


def reason(facts: Facts) -> str:
    """Why the technique stands where it stands."""
    if not facts.for_sale:
        return "Paid for by others: it protects, and costs this funder nothing."
    return _member(facts) if facts.inside else _other(facts)


def _member(facts: Facts) -> str:
    plan = facts.plan
    value = plan.reached
    parts = []
    held = only_holder(facts)
    if held:
        parts.append(f"the only one of the stack to withstand {_list(held)}")
    parts.append(f"without it the {_word(plan)} rises from {value:.4g} to {_sum(value, facts)}")
    sentence = "; ".join(parts)
    if facts.impossible:
        sentence += "; the rules cannot be met without it"
    elif facts.locked is not None:
        if plan.target is not None:
            sentence += f"; without it the target costs {_dearer(facts)} more"
        elif facts.locked > 0:
            sentence += f", and the best stack without it leaves {value + facts.locked:.4g}"
        else:
            sentence += ", and another stack without it does as well"
    return f"{_capital(sentence)}."


def _other(facts: Facts) -> str:
    plan = facts.plan
    if facts.impossible:
        return "No stack that meets the rules and the budget can hold it."
    added, alone = facts.added or 0.0, facts.alone or 0.0
    if alone <= 0:
        return f"It would not lower the {_word(plan)} even alone."
    done = 1 - added / alone
    sentence = f"The stack already does {_percent(done)} of what it would do alone"
    if done < 0.005:
        sentence = "The stack does none of what it would do"
    if facts.twin is not None and facts.twin_share is not None and facts.twin_share >= 0.5:
        sentence += f" ({facts.twin} by itself {_percent(facts.twin_share)})"
    if facts.locked is not None and plan.target is not None:
        return f"{sentence}; holding it makes the target {_dearer(facts)} dearer."
    if facts.locked is not None and facts.locked > 0:
        best = plan.reached + facts.locked
        return f"{sentence}; the best stack that holds it leaves {best:.4g}."
    if facts.locked is not None:
        return f"{sentence}; another stack that holds it does as well at no lower cost."
    return f"{sentence}; adding it would lower the {_word(plan)} by {added:.4g}."


def only_holder(facts: Facts) -> list[str]:
    """Ids of modes that this technique withstands and every other one of the stack does not."""
    plan = facts.plan
    masks = defeating(plan.question.settled)
    threats = plan.scenario.threats
    if masks is None or not isinstance(threats, FailureModes):
        return []
    options = plan.question.settled.options
    stack = {plan.program.technique[j] for j in plan.columns}
    stack |= {options[k].technique for k in plan.program.committed}
    others = [masks[i] for i in stack if i != facts.technique]
    if not others:
        return []
    lost = ~masks[facts.technique]
    for mask in others:
        lost &= mask
    return [mode.id for j, mode in enumerate(threats.modes) if lost >> j & 1]


def _word(plan: Plan) -> str:
    return "risk" if plan.question.measure.name == "expected" else plan.question.measure.name


def _sum(value: float, facts: Facts) -> str:
    return f"{value + (facts.dropped or 0.0):.4g}"


def _dearer(facts: Facts) -> str:
    """A rise of the least cost, which is a whole number of units of account."""
    plan = facts.plan
    return plan.question.money(round((facts.locked or 0.0) * 10**plan.scenario.decimals))


def _percent(share: float) -> str:
    percent = max(0.0, min(share, 1.0)) * 100
    if 99.5 <= percent < 100:
        return "over 99%"
    return f"{percent:.0f}%"


def _list(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
