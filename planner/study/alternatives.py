"""What else is almost as good: the K best stacks that really differ from one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.plan import Plan, plan_of
from planner.program.types import Program, Row
from planner.solve.master import Deadline
from planner.solve.search import Progress, silent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Alternative:
    """One stack beside the best: what it gives up, and what it trades.

    `rise` is of what was minimised: the objective, or the cost where a target was set (in the
    currency). `sentence` says it in words.
    """

    plan: Plan
    rise: float
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "stack": list(plan.stack),
            "cost": float(plan.money(plan.cost)),
            "risk": plan.risk,
            "objective_value": plan.objective_value,
            "rise": self.rise,
            "gains": list(self.gains),
            "loses": list(self.loses),
            "effective_layers": plan.effective_layers,
            "depth": plan.depth,
            "proof": {
                "kind": plan.proof.kind,
                "lower_bound": plan.proof.lower_bound,
                "gap": plan.proof.gap,
            },
            "sentence": self.sentence,
        }


@dataclass(frozen=True, eq=False)
class Alternatives:
    """The best plan, then others in order; `complete` where no further one exists at all.

    Each is the best of all stacks that differ from every earlier one in at least `differ`
    techniques, with its own proof of that.
    """

    best: Plan
    differ: int
    others: tuple[Alternative, ...]
    complete: bool

    def to_dict(self) -> list[dict[str, Any]]:
        return [other.to_dict() for other in self.others]

    def to_frame(self) -> pd.DataFrame:
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [{**row, "stack": ", ".join(row["stack"])} for row in self.to_dict()]
        return pd.DataFrame(rows).drop(columns="proof", errors="ignore")


def alternatives(
    plan: Plan,
    count: int,
    differ: int = 1,
    *,
    seconds: float | None = None,
    progress: Progress = silent,
) -> Alternatives:
    """The `count` best stacks, the plan's own included, any two of which differ in at least
    `differ` techniques (bought in one and not in the other; a swap counts as two).

    `seconds` bounds the solving; what was not found by then is left out.
    """
    deadline = Deadline(seconds)
    rows: list[Row] = [apart(plan.program, plan.columns, differ)]
    found: list[Alternative] = []
    complete = False
    while len(found) < count - 1 and not deadline.over():
        progress(f"alternatives: {len(found) + 1} of {count} found")
        outcome = plan.engine.best(rows, deadline.left())
        if outcome.stack is None:
            complete = outcome.infeasible
            break
        other = plan_of(plan.question, plan.engine, outcome)
        found.append(_compare(plan, other))
        rows.append(apart(plan.program, other.columns, differ))
    return Alternatives(plan, differ, tuple(found), complete)


def apart(program: Program, stack: Sequence[int], differ: int) -> Row:
    """The row that keeps at least `differ` techniques away from a stack: those bought beside it,
    plus those of it that are not bought."""
    inside = {program.technique[j] for j in stack}
    signs = tuple(-1 if i in inside else 1 for i in program.technique)
    return Row(
        tuple(range(program.size)),
        signs,
        max(differ, 1) - len(inside),
        None,
        f"differ in {differ} techniques",
        "alternatives",
    )


def _compare(best: Plan, other: Plan) -> Alternative:
    gains = tuple(label for label in other.stack if label not in best.stack)
    loses = tuple(label for label in best.stack if label not in other.stack)
    if best.target is not None:
        rise = float(best.money(other.cost - best.cost))
    else:
        rise = max(other.reached - best.reached, 0.0)
    return Alternative(other, rise, gains, loses, _sentence(best, other, gains, loses))


def _sentence(best: Plan, other: Plan, gains: tuple[str, ...], loses: tuple[str, ...]) -> str:
    parts = []
    if gains and loses:
        parts.append(f"Buys {', '.join(gains)} instead of {', '.join(loses)}")
    elif gains:
        parts.append(f"Buys {', '.join(gains)} as well")
    else:
        parts.append(f"Leaves out {', '.join(loses)}")
    spent = other.cost - best.cost
    if spent:
        word = "more" if spent > 0 else "less"
        parts.append(f"for {best.question.money(abs(spent))} {word}")
    now, then = best.reached, other.reached
    if then == now:
        parts.append("and leaves the same risk")
    elif now:
        word = "more" if then > now else "less"
        parts.append(f"and leaves {abs(then / now - 1) * 100:.3g}% {word} risk")
    else:
        parts.append(f"and leaves {then:.4g}")
    if None not in (other.depth, best.depth) and other.depth != best.depth:
        parts.append(f"with depth {other.depth} instead of {best.depth}")
    return " ".join(parts) + "."
