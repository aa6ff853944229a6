"""What others already pay for, and what this funder's money adds to it.

With C the techniques that others pay for and S the stack of this funder, all by the objective (by
R, where depth chose the stack):

    nothing       rho of nobody's money
    others        rho(C): the counterfactual, what is left without this funder
    both          rho(C and S)
    funder        rho(S): what the same stack would leave were nobody else paying
    alone         the best that this funder could reach for the same money were nobody else paying

The value of the addition is others - both. What others' money covers is nothing - others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from planner.plan import Plan, Question
from planner.risk.cutsets import defeating
from planner.risk.exact import product
from planner.scenario.settle import settle
from planner.scenario.types import FailureModes
from planner.solve.engine import Engine
from planner.solve.search import Search


@dataclass(frozen=True)
class Paid:
    """One technique that others pay for.

    covers   ids of modes that it withstands (its cell is below the threshold)
    alone    fall of the objective by it alone, of nobody's money
    dropped  rise of the objective, were it not there and all else as it is
    """

    option: str
    name: str
    covers: tuple[str, ...]
    alone: float
    dropped: float


@dataclass(frozen=True)
class Committed:
    """See the module; values by the objective. `alone` and `alone_stack` are None where the best
    stack without others' money was not looked for, or not found in time.

    open  ids of modes that nothing paid for by others withstands; `added` those of them that the
          stack withstands
    """

    paid: tuple[Paid, ...]
    nothing: float
    others: float
    both: float
    funder: float
    alone: float | None
    alone_stack: tuple[str, ...] | None
    open: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def covered(self) -> float:
        """What others' money takes away by itself."""
        return max(self.nothing - self.others, 0.0)

    @property
    def value(self) -> float:
        """What this funder's stack takes away on top of it."""
        return max(self.others - self.both, 0.0)

    @property
    def sentences(self) -> tuple[str, ...]:
        names = ", ".join(one.option for one in self.paid)
        found = []
        if self.nothing > 0:
            share = f" ({self.covered / self.nothing * 100:.3g}%)"
            found.append(
                f"Others pay for {names}: of the {self.nothing:.4g} with nothing funded by anyone, "
                f"that takes away {self.covered:.4g}{share}."
            )
        added = f"Without this funder {self.others:.4g} is left; its stack takes away "
        if self.others > 0:
            added += f"{self.value:.4g} of it ({self.value / self.others * 100:.3g}%)"
        else:
            added += "nothing, since nothing is left to take"
        found.append(f"{added} and leaves {self.both:.4g}.")
        if self.alone is not None:
            found.append(
                f"Were nobody else paying, the best stack for the same money would leave "
                f"{self.alone:.4g}, and this stack {self.funder:.4g}."
            )
        if self.open:
            withstood = ", ".join(self.added) or "none of them"
            if self.added == self.open:
                withstood = "all of them" if len(self.open) > 1 else "it"
            found.append(
                f"Nothing that others pay for withstands {', '.join(self.open)}; the stack "
                f"withstands {withstood}."
            )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        return {
            "paid": [{**asdict(one), "covers": list(one.covers)} for one in self.paid],
            "nothing": self.nothing,
            "without_this_funder": self.others,
            "with_this_funder": self.both,
            "covered_by_others": self.covered,
            "value_of_addition": self.value,
            "stack_without_others": self.funder,
            "best_without_others": self.alone,
            "best_without_others_stack": None
            if self.alone_stack is None
            else list(self.alone_stack),
            "modes_open": list(self.open),
            "modes_added": list(self.added),
            "sentences": list(self.sentences),
        }


def committed(plan: Plan, search: Search | None = None) -> Committed | None:
    """What others' money and this funder's do in a plan; None where nobody else pays.

    With a `search` also the best stack, were nobody else paying.
    """
    options = plan.question.options(plan.program, plan.columns)
    own = tuple(k for k in options if k not in plan.program.committed)
    best = None
    if search is not None and plan.program.committed:
        best = _alone(plan, search)
    return committed_beside(plan.question, own, best)


def committed_beside(
    question: Question,
    own: Sequence[int],
    best: tuple[float, tuple[str, ...]] | None = None,
) -> Committed | None:
    """The same for any stack of option numbers, what others pay for left out of it."""
    settled = question.settled
    paid = settled.committed
    if not paid:
        return None
    covers = _covers(question)
    rows = []
    for k in paid:
        rest = [i for i in (*paid, *own) if i != k]
        everything = (*paid, *own)
        option = settled.options[k]
        rows.append(
            Paid(
                option=option.label,
                name=question.scenario.techniques[option.technique].name,
                covers=tuple(sorted(covers.get(option.technique, frozenset()))),
                alone=_value(question, ()) - _value(question, (k,)),
                dropped=_value(question, rest) - _value(question, everything),
            )
        )
    modes = _modes(question)
    closed = _withstood(question, covers, paid)
    left = tuple(mode for mode in modes if mode not in closed)
    mine = _withstood(question, covers, own)
    return Committed(
        paid=tuple(rows),
        nothing=_value(question, ()),
        others=_value(question, paid),
        both=_value(question, (*paid, *own)),
        funder=_value(question, own),
        alone=None if best is None else best[0],
        alone_stack=None if best is None else best[1],
        open=left,
        added=tuple(mode for mode in left if mode in mine),
    )


def _alone(plan: Plan, search: Search) -> tuple[float, tuple[str, ...]] | None:
    """The best for the money of the plan, were nobody else paying: value and labels."""
    question = plan.question
    if question.by_depth:
        return None
    scenario = replace(question.scenario, committed=())
    other = replace(question, scenario=scenario, settled=settle(scenario))
    program = other.program(plan.cost if plan.budget is None else plan.budget)
    outcome = Engine(program, search).best(seconds=search.time_limit)
    if outcome.stack is None or outcome.stop != "proven":
        return None
    labels = tuple(sorted(program.labels[j] for j in outcome.stack))
    return program.nearest_value(outcome.stack), labels


def _value(question: Question, options: Sequence[int]) -> float:
    """The objective with exactly these options funded, by whomever."""
    worlds = question.judged
    left = product([worlds.loss, *(worlds.failure[k] for k in options)])
    return float(question.measure.exact(worlds, left))


def _modes(question: Question) -> tuple[str, ...]:
    threats = question.scenario.threats
    return tuple(mode.id for mode in threats.modes) if isinstance(threats, FailureModes) else ()


def _covers(question: Question) -> dict[int, frozenset[str]]:
    """Technique -> ids of modes that it withstands; empty for explicit worlds."""
    masks, modes = defeating(question.settled), _modes(question)
    if masks is None:
        return {}
    return {
        i: frozenset(mode for j, mode in enumerate(modes) if not mask >> j & 1)
        for i, mask in enumerate(masks)
    }


def _withstood(
    question: Question, covers: dict[int, frozenset[str]], options: Sequence[int]
) -> frozenset[str]:
    """Modes that one of the options withstands."""
    found: frozenset[str] = frozenset()
    for k in options:
        found |= covers.get(question.settled.options[k].technique, frozenset())
    return found
