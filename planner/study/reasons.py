"""One true sentence a technique, built from the numbers of its row."""

from __future__ import annotations

from dataclasses import dataclass

from planner.plan import Plan
from planner.risk.cutsets import defeating
from planner.scenario.types import FailureModes


@dataclass(frozen=True)
class Facts:
    """What is known about one technique beside a plan (see `RankRow` for the numbers).

    `alone` is the fall of the objective with nothing else bought; `stand_in` the technique of the
    stack that does most of that by itself, and how much of it; `dearer` whether the best stack that
    holds it costs more than the plan.
    """

    plan: Plan
    technique: int
    inside: bool
    for_sale: bool
    alone: float | None
    dropped: float | None
    added: float | None
    locked: float | None
    dearer: bool
    impossible: bool
    stand_in: tuple[str, float] | None


def reason(facts: Facts) -> str:
    """Why the technique stands where it stands."""
    if not facts.for_sale:
        return "Paid for by others: it protects, and costs this funder nothing."
    return _member(facts) if facts.inside else _other(facts)


def _member(facts: Facts) -> str:
    parts = []
    held = only_holder(facts)
    if held:
        parts.append(f"the only one of the stack to withstand {listed(held)}")
    parts.append(_without(facts))
    return f"{_capital('; '.join(parts))}{_replaced(facts)}."


def _without(facts: Facts) -> str:
    """What dropping a technique of the stack does."""
    word, value, rise = word_of(facts.plan), facts.plan.reached, facts.dropped or 0.0
    if rise <= 0:
        return f"without it the {word} stays at {value:.4g}"
    before, after = f"{value:.4g}", f"{value + rise:.4g}"
    if before == after:
        return f"without it the {word} of {before} rises by {rise:.2g}"
    return f"without it the {word} rises from {before} to {after}"


def _replaced(facts: Facts) -> str:
    """What the best stack without a technique of the stack is like."""
    plan, rise = facts.plan, facts.locked
    if facts.impossible:
        if plan.target is not None:
            return "; no stack that meets the rules reaches the target without it"
        return "; the rules cannot be met without it"
    if rise is None:
        return ""
    if plan.target is not None:
        if rise <= 0:
            return "; another stack without it reaches the target at no higher cost"
        return f"; without it the target costs {_money(facts)} more"
    if rise <= 0:
        return ", and another stack without it does as well"
    return f", and the best stack without it leaves {_more(plan.reached, rise)}"


def _other(facts: Facts) -> str:
    plan = facts.plan
    if facts.impossible:
        if plan.target is not None:
            return "No stack that meets the rules and the target can hold it."
        return "No stack that meets the rules and the budget can hold it."
    added, alone = facts.added or 0.0, facts.alone or 0.0
    by_itself = "with nothing else bought" if plan.committed else "alone"
    if alone <= 0 and added <= 0:
        return f"It would not lower the {word_of(plan)} even {by_itself}."
    if alone < added:
        sentence = f"It does more beside the stack than {by_itself}"
    else:
        done = 1 - added / alone
        share = "none" if done <= 0 else percent(done)
        sentence = f"The stack already does {share} of what it would do {by_itself}"
        if facts.stand_in is not None and 0.5 <= facts.stand_in[1] <= done + 1e-9:
            sentence += f" ({facts.stand_in[0]} by itself {percent(facts.stand_in[1])})"
    return f"{sentence}; {_held(facts, added)}."


def _held(facts: Facts, added: float) -> str:
    """What the best stack that holds a technique is like; else what adding it would do."""
    plan, rise = facts.plan, facts.locked
    if rise is None:
        return f"adding it would lower the {word_of(plan)} by {added:.4g}"
    if plan.target is not None:
        if rise <= 0:
            return "another stack that holds it reaches the target at no higher cost"
        return f"holding it makes the target {_money(facts)} dearer"
    if rise <= 0:
        cost = "at a higher cost" if facts.dearer else "at no lower cost"
        return f"another stack that holds it does as well {cost}"
    return f"the best stack that holds it leaves {_more(plan.reached, rise)}"


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


def word_of(plan: Plan) -> str:
    return "risk" if plan.question.measure.name == "expected" else plan.question.measure.name


def _more(value: float, rise: float) -> str:
    """A value above the plan's; the difference where four digits do not show it."""
    before, after = f"{value:.4g}", f"{value + rise:.4g}"
    return after if before != after else f"{rise:.2g} more"


def _money(facts: Facts) -> str:
    """A rise of the least cost, which is a whole number of units of account."""
    plan = facts.plan
    return plan.question.money(round((facts.locked or 0.0) * 10**plan.scenario.decimals))


def percent(share: float) -> str:
    percent = max(0.0, min(share, 1.0)) * 100
    if 99.5 <= percent < 100:
        return "over 99%"
    if 0 < percent < 0.5:
        return "under 1%"
    return f"{percent:.0f}%"


def listed(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
