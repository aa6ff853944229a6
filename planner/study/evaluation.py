"""What is known of a stack that was judged: plain data, as JSON and as data frames."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.plan import Plan, Question
from planner.risk.stack import Band
from planner.scenario.digest import digest
from planner.study.committed import Committed, committed_beside
from planner.study.moves import Move

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Worth:
    """What one stack is worth.

    stack            labels, sorted
    cost             in the currency
    risk             R
    objective_value  of the objective; with `depth` the depth, None where there is no cut set
    depth, cut_sets  and how many cut sets have that size; None for explicit worlds, and depth None
                     where there is no cut set
    standard_error   of R; 0 where worlds are exact
    """

    stack: tuple[str, ...]
    cost: Decimal
    risk: float
    standard_error: float
    objective_value: float | None
    band: Band
    effective_layers: float | None
    depth: int | None
    cut_sets: int | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "stack": list(self.stack),
            "cost": float(self.cost),
            "risk": self.risk,
            "standard_error": self.standard_error,
            "objective_value": self.objective_value,
            "band": self.band.to_dict(),
            "effective_layers": self.effective_layers,
            "depth": self.depth,
            "cut_sets": self.cut_sets,
        }


@dataclass(frozen=True)
class Breach:
    """A rule that the stack breaks, in the funder's words; `where` is the key it stands under."""

    rule: str
    where: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Rival:
    """The best stack of some budget beside the stack that is judged.

    fall  how much less of the objective it leaves; below 0 where it leaves more, which happens
          only where the stack judged breaks a rule; None by depth
    gap   the same as a share of what the stack judged leaves; 0 where that is nothing; None by
          depth. (How far from proven it is stands in the plan's proof.)
    """

    plan: Plan
    worth: Worth
    fall: float | None
    gap: float | None

    def to_dict(self) -> dict[str, Any]:
        proof = self.plan.proof
        return {
            "budget": None if self.plan.budget is None else _float(self.plan, self.plan.budget),
            **self.worth.to_dict(),
            "fall": self.fall,
            "gap": self.gap,
            "proof": {
                "kind": proof.kind,
                "lower_bound": proof.lower_bound,
                "gap": proof.gap,
                "solver": proof.solver,
                "stop": proof.stop,
            },
        }


@dataclass(frozen=True)
class LeftOut:
    """A technique of the stack that the best stack does not hold, and why.

    "The stack" in the reason is the best one.
    """

    technique: str
    reason: str


@dataclass(frozen=True)
class NaiveRow:
    """What a simple rule leaves at the same budget; `rule` as in `planner.study.naive.RULES`."""

    rule: str
    stack: tuple[str, ...]
    cost: Decimal
    risk: float

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "stack": list(self.stack), "cost": float(self.cost)}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A stack judged.

    own         what it is worth; `columns` are its numbers in the program
    budget      None where the scenario has none and none was given
    breaches    what it breaks
    same_cost   the best stack within what it costs; None with a note that says why
    at_budget   the best stack at the budget; None without one
    swap, add, drop   the best single moves; None where there is none
    moves       from the stack to the best one (at the budget, else for the same money)
    left_out    what the stack holds and that best one does not
    naive       simple rules at the same budget, judged by R; empty where they took too long
    sentence    the verdict
    """

    question: Question
    columns: tuple[int, ...]
    own: Worth
    risk_empty: float
    budget: Decimal | None
    breaches: tuple[Breach, ...]
    same_cost: Rival | None
    same_cost_note: str | None
    at_budget: Rival | None
    swap: Move | None
    add: Move | None
    drop: Move | None
    moves: tuple[Move, ...]
    left_out: tuple[LeftOut, ...]
    naive: tuple[NaiveRow, ...]
    sentence: str

    @property
    def paid_by_others(self) -> Committed | None:
        """What others' money covers and what this stack adds; None where nobody else pays."""
        settled = self.question.settled
        return committed_beside(self.question, [settled.option_index[x] for x in self.own.stack])

    @property
    def target(self) -> Rival | None:
        """Where the moves lead."""
        return self.at_budget or self.same_cost

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans that the stack is compared with, each once."""
        found = [rival.plan for rival in (self.same_cost, self.at_budget) if rival is not None]
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """The keys of `planner evaluate --json` (docs/commands.md)."""
        scenario, settled = self.question.scenario, self.question.settled
        rivals = {"same_cost": self.same_cost, "at_budget": self.at_budget}
        single = {"best_swap": self.swap, "best_add": self.add, "best_drop": self.drop}
        paid = self.paid_by_others
        return {
            "scenario": {"name": scenario.name, "digest": digest(scenario)},
            "objective": self.question.objective,
            "reading": scenario.reading,
            "budget": None if self.budget is None else float(self.budget),
            "currency": scenario.currency,
            "committed": sorted(settled.options[k].label for k in settled.committed),
            **self.own.to_dict(),
            "risk_empty": self.risk_empty,
            "exact": self.question.worlds.exact,
            "verdict": self.sentence,
            "keeps_rules": not self.breaches,
            "breaks": [asdict(breach) for breach in self.breaches],
            **{key: None if rival is None else rival.to_dict() for key, rival in rivals.items()},
            "same_cost_note": self.same_cost_note,
            **{key: None if move is None else move.to_dict() for key, move in single.items()},
            "moves": [move.to_dict() for move in self.moves],
            "left_out": [asdict(row) for row in self.left_out],
            "naive": [row.to_dict() for row in self.naive],
            "paid_by_others": None if paid is None else paid.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a stack: yours, the best for the same money, the best at the budget."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [{"which": "yours", **_flat(self.own), "gap": None}]
        for which, rival in (("same cost", self.same_cost), ("at budget", self.at_budget)):
            if rival is not None:
                rows.append({"which": which, **_flat(rival.worth), "gap": rival.gap})
        return pd.DataFrame(rows)

    def moves_frame(self) -> pd.DataFrame:
        """One row a move, in order; stacks and rules as text."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = []
        for step, move in enumerate(self.moves, start=1):
            row = move.to_dict()
            flat = {"stack": ", ".join(row["stack"]), "breaks": "; ".join(row["breaks"])}
            rows.append({"step": step, **row, **flat})
        fields = [*Move.__dataclass_fields__]
        fields[0] = "move"
        fields.insert(fields.index("breaks"), "keeps_rules")
        return pd.DataFrame(rows, columns=["step", *fields])

    def summary(self) -> str:
        return self.sentence


def _float(plan: Plan, units: int) -> float:
    return float(plan.money(units))


def _flat(worth: Worth) -> dict[str, Any]:
    row = worth.to_dict()
    bands = row.pop("band")
    return {**row, "stack": ", ".join(row["stack"]), **bands}
