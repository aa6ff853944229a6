"""Is this defence in depth, or one layer seven times? All that explains a plan's correlation.

`explain` looks at two subjects: the plan's stack (or any other), and all techniques, each at its
dearest level, as if money were no matter. What others pay for belongs to both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.plan import Plan, Question
from planner.risk.correlation import Correlation, correlation
from planner.risk.cutsets import CutSets, cut_sets
from planner.risk.drivers import Drivers, drivers
from planner.risk.importance import Importance, importance
from planner.risk.layers import LayerPoint, layers_curve
from planner.risk.measures import Expected
from planner.risk.redundancy import Redundancy, redundancy
from planner.risk.stack import (
    Band,
    band,
    diversification_gap,
    effective_layers,
    risk,
    standard_error,
)
from planner.scenario.digest import digest
from planner.scenario.settle import amount
from planner.solve.search import Progress, silent
from planner.study.dependence import Choice, Dependence, dependence
from planner.study.labels import read_stack
from planner.study.two_readings import TwoReadings, two_readings
from planner.worlds.build import build
from planner.worlds.types import Worlds

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Subject:
    """One set of techniques explained. Risks in units of loss.

    name                 "stack" or "all techniques"
    stack, committed     labels of what this funder buys, and of what others pay for
    cost                 of the stack
    risk, risk_empty     R, and R with nothing at all
    standard_error       of R; 0 where worlds are exact
    sentence             "7 techniques protect like 4.1 independent layers."
    unlisted_floor       what no stack can go below
    layers_curve         techniques added in the best order, after what others pay for
    cut_sets             None for explicit worlds
    importance           by falling risk achievement
    """

    name: str
    stack: tuple[str, ...]
    committed: tuple[str, ...]
    cost: Decimal
    risk: float
    risk_empty: float
    standard_error: float
    band: Band
    effective_layers: float | None
    diversification_gap: float | None
    sentence: str
    unlisted_floor: float
    layers_curve: tuple[LayerPoint, ...]
    correlation: Correlation
    cut_sets: CutSets | None
    drivers: Drivers
    importance: tuple[Importance, ...]
    redundancy: Redundancy

    @property
    def techniques(self) -> int:
        """How many protect, those that others pay for included."""
        return len(self.stack) + len(self.committed)

    def to_dict(self) -> dict[str, Any]:
        return {
            "stack": list(self.stack),
            "committed": list(self.committed),
            "techniques": self.techniques,
            "cost": float(self.cost),
            "risk": self.risk,
            "risk_empty": self.risk_empty,
            "standard_error": self.standard_error,
            "band": self.band.to_dict(),
            "effective_layers": self.effective_layers,
            "diversification_gap": self.diversification_gap,
            "sentence": self.sentence,
            "unlisted_floor": self.unlisted_floor,
            "layers_curve": [point.to_dict() for point in self.layers_curve],
            "depth": None if self.cut_sets is None else self.cut_sets.depth,
            "cut_sets": None if self.cut_sets is None else self.cut_sets.to_dict(),
            "drivers": self.drivers.to_dict(),
            "importance": [row.to_dict() for row in self.importance],
            "redundancy": self.redundancy.to_dict(),
        }

    def layers_frame(self) -> pd.DataFrame:
        """One row a point of the layers curve."""
        import pandas as pd  # a second of import that `--help` must not pay

        names = list(LayerPoint.__dataclass_fields__)
        return pd.DataFrame([point.to_dict() for point in self.layers_curve], columns=names)

    def importance_frame(self) -> pd.DataFrame:
        """One row a technique."""
        import pandas as pd  # a second of import that `--help` must not pay

        frame = pd.DataFrame(
            [row.to_dict() for row in self.importance],
            columns=list(Importance.__dataclass_fields__),
        )
        return frame.drop(columns="technique").rename(columns={"label": "technique"})


@dataclass(frozen=True, eq=False)
class Explanation:
    """A plan explained.

    plan          what was explained; `asked`: another stack than its own was named
    stack         the stack
    everything    all techniques, each at its dearest level
    dependence    what would be chosen under each reading of dependence
    readings      what would be chosen under each reading of the modes; None for explicit worlds
    """

    plan: Plan
    asked: bool
    stack: Subject
    everything: Subject
    dependence: Dependence
    readings: TwoReadings | None

    def to_dict(self) -> dict[str, Any]:
        """The keys of `planner explain --json`: about the stack at the top; `correlation` and
        `clusters` are of all techniques, since a stack shows less than the field it was chosen
        from."""
        everything = self.everything.correlation
        stack = self.stack.correlation
        scenario, question = self.plan.scenario, self.plan.question
        return {
            "scenario": {"name": scenario.name, "digest": digest(scenario)},
            "objective": question.objective,
            "reading": scenario.reading,
            "budget": float(self.dependence.budget),
            "currency": scenario.currency,
            "exact": question.worlds.exact,
            "asked": self.asked,
            **self.stack.to_dict(),
            "correlation": everything.to_dict(),
            "clusters": [list(cluster) for cluster in everything.clusters],
            "stack_correlation": stack.to_dict(),
            "stack_clusters": [list(cluster) for cluster in stack.clusters],
            "dependence": self.dependence.to_dict(),
            "readings": None if self.readings is None else self.readings.to_dict(),
            "all_techniques": self.everything.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a subject: risk, band, layers, gap, depth."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = []
        for subject in (self.stack, self.everything):
            rows.append(
                {
                    "subject": subject.name,
                    "techniques": subject.techniques,
                    "cost": float(subject.cost),
                    "risk": subject.risk,
                    **asdict(subject.band),
                    "effective_layers": subject.effective_layers,
                    "diversification_gap": subject.diversification_gap,
                    "depth": None if subject.cut_sets is None else subject.cut_sets.depth,
                    "unlisted_floor": subject.unlisted_floor,
                }
            )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """The stack's layers, and whether the advice hangs on the dependence model."""
        return f"{self.stack.sentence} {self.dependence.sentence}"


def explain(
    plan: Plan, stack: Sequence[str] | None = None, *, progress: Progress = silent
) -> Explanation:
    """Explain the plan's stack, or another one of option labels (as `Plan.stack` writes them).

    The choices under other readings are made at the plan's budget; where the plan met a target, or
    the named stack costs more, at what the stack costs. `plan.engine.search` says how to search.

    Raises BadInput (option --stack) for a label that is no option, is named twice, is a second
    level of one technique, or that others pay for.
    """
    question, program = plan.question, plan.program
    headline = plan.columns if stack is None else read_stack(question, program, stack)
    cost = program.stack_cost(headline)
    budget = cost if plan.budget is None else max(plan.budget, cost)
    apart = build(question.settled, seed=question.seed, merge=False)
    progress("explaining the stack")
    bought = [program.option[j] for j in headline]
    chosen = None
    if isinstance(question.measure, Expected) and not question.by_depth and plan.budget == budget:
        chosen = Choice(tuple(sorted(plan.columns)), plan.proof.stop == "proven")
    search = plan.engine.search
    progress("explaining all techniques")
    paid = {question.settled.options[k].technique for k in program.committed}
    dearest = [k for i, k in enumerate(_dearest(question)) if i not in paid]
    return Explanation(
        plan=plan,
        asked=stack is not None,
        stack=subject("stack", question, apart, bought),
        everything=subject("all techniques", question, apart, dearest),
        dependence=dependence(question, headline, budget, search, chosen=chosen, progress=progress),
        readings=two_readings(question, budget, search, chosen=chosen, progress=progress),
    )


def subject(name: str, question: Question, apart: Worlds, bought: Sequence[int]) -> Subject:
    """Everything about option numbers `bought`, with what others pay for.

    `apart` are the question's worlds with every set of modes a class of its own.
    """
    settled, worlds = question.settled, question.worlds
    paid = settled.committed
    options = tuple(sorted((*bought, *paid)))
    found = band(worlds, question.without_groups, options)
    layers = effective_layers(worlds, options)
    rows = importance(settled, worlds, options)
    return Subject(
        name=name,
        stack=tuple(sorted(settled.options[k].label for k in bought)),
        committed=tuple(sorted(settled.options[k].label for k in paid)),
        cost=amount(sum(settled.cost[k] for k in bought), settled.scenario.decimals),
        risk=risk(worlds, options),
        risk_empty=risk(worlds, ()),
        standard_error=standard_error(worlds, options),
        band=found,
        effective_layers=layers,
        diversification_gap=diversification_gap(found),
        sentence=layers_sentence(len(options), layers),
        unlisted_floor=worlds.unlisted * worlds.unlisted_loss,
        layers_curve=layers_curve(settled, worlds, bought, paid),
        correlation=correlation(settled, worlds, options),
        cut_sets=cut_sets(settled, options),
        drivers=drivers(settled, apart, options),
        importance=tuple(sorted(rows, key=lambda row: -row.risk_without)),
        redundancy=redundancy(settled, worlds, options),
    )


def layers_sentence(techniques: int, layers: float | None) -> str:
    """How many independent layers the techniques are worth.

    >>> layers_sentence(7, 4.12)
    '7 techniques protect like 4.1 independent layers.'
    """
    if techniques == 0:
        return "No technique, no layer."
    count = f"{techniques} technique" if techniques == 1 else f"{techniques} techniques"
    verb = "protects" if techniques == 1 else "protect"
    if layers is None:
        return f"{count}: effective layers are not defined, as the risk left is nothing or all."
    number = f"{layers:.1f}"
    unit = "layer" if number == "1.0" else "layers"
    return f"{count} {verb} like {number} independent {unit}."


def _dearest(question: Question) -> list[int]:
    """For each technique its dearest option (ties: the last name)."""
    settled = question.settled
    return [
        max(settled.options_of[t.id], key=lambda k: (settled.cost[k], settled.options[k].level))
        for t in settled.scenario.techniques
    ]
