"""Does the advice hang on the dependence model? The best stack under each reading of the band.

The readings are those of docs/model.md, "What correlation costs", and each has a program of its
own, at the same budget and under the same rules. What is least is always the expected residual
risk R as the reading has it, whatever objective chose the plan.

    independent    one listed world in which option i fails with its marginal m[i]
    shared_modes   the model's worlds without common causes
    model          the model's worlds
    worst_case     W0 min m[i] over the stack: only the strongest technique counts. Options are
                   taken in rising m until one can be in a stack that meets the rules; among the
                   stacks that hold one as strong, the cheapest by the rule for ties. Where what
                   others pay for is as strong, the cheapest stack of all

Every one adds the world of the cause that nobody listed, where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.plan import Question
from planner.program.build import build_program
from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.risk.stack import Band, band, listed, marginals
from planner.scenario.settle import Settled, amount
from planner.solve.engine import Engine
from planner.solve.enumerate import affordable
from planner.solve.search import Progress, Search, silent
from planner.study.labels import in_words
from planner.worlds.types import Worlds

if TYPE_CHECKING:
    import pandas as pd

#: Numbers that differ by less than this share are equal.
SAME = 1e-12

#: The readings, by the names of `Band`, and how sentences call them.
NAMES = {
    "independent": "independent failures",
    "shared_modes": "shared modes alone",
    "model": "the model",
    "worst_case": "the worst case",
}


@dataclass(frozen=True)
class Choice:
    """The stack (column numbers) that a reading would choose, and whether that is proven."""

    columns: tuple[int, ...]
    proven: bool


@dataclass(frozen=True)
class DependenceRow:
    """One reading of dependence. Risks in units of loss; None where the search found no stack in
    its time.

    headline_risk        of the headline stack under this reading
    stack, cost          what this reading would choose, at the same budget and rules
    best_risk            of that stack under this reading
    regret               headline_risk - best_risk; below 0 only where the headline stack breaks a
                         rule
    risk_under_model     of this reading's stack under the model
    regret_under_model   the same less what the model's own choice leaves
    same                 whether it chooses the headline stack
    band                 of this reading's stack under all four readings
    """

    reading: str
    headline_risk: float
    stack: tuple[str, ...] | None
    cost: Decimal | None
    best_risk: float | None
    regret: float | None
    risk_under_model: float | None
    regret_under_model: float | None
    same: bool | None
    proven: bool
    band: Band | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "reading": self.reading,
            "headline_risk": self.headline_risk,
            "stack": None if self.stack is None else list(self.stack),
            "cost": None if self.cost is None else float(self.cost),
            "best_risk": self.best_risk,
            "regret": self.regret,
            "risk_under_model": self.risk_under_model,
            "regret_under_model": self.regret_under_model,
            "same": self.same,
            "proven": self.proven,
            "band": None if self.band is None else self.band.to_dict(),
        }


@dataclass(frozen=True)
class Dependence:
    """The four readings in the order of the band.

    stable     all choose the headline stack
    no_regret  the headline stack leaves no more than the choice of any reading (there may be
               cheaper ones that leave as little); both None where a search was not finished
    """

    budget: Decimal
    currency: str
    headline: tuple[str, ...]
    rows: tuple[DependenceRow, ...]
    stable: bool | None
    no_regret: bool | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "budget": float(self.budget),
            "headline": list(self.headline),
            "stable": self.stable,
            "no_regret": self.no_regret,
            "sentence": self.sentence,
            "readings": [row.to_dict() for row in self.rows],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a reading; stacks as text."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = []
        for row in self.rows:
            flat = {k: v for k, v in row.to_dict().items() if k != "band"}
            rows.append(flat | {"stack": None if row.stack is None else ", ".join(row.stack)})
        return pd.DataFrame(rows)


def dependence(
    question: Question,
    headline: Sequence[int],
    budget: int,
    search: Search,
    *,
    chosen: Choice | None = None,
    progress: Progress = silent,
) -> Dependence:
    """Each reading's choice beside a headline stack of column numbers.

    `budget` in units of account; `chosen` is the model's choice where it is known.
    """
    settled, worlds = question.settled, question.worlds
    stack = tuple(sorted(headline))
    found: dict[str, Choice | None] = {}
    for reading in NAMES:
        progress(f"dependence: the stack chosen under {NAMES[reading]}")
        judged = {
            "independent": independent(worlds),
            "shared_modes": question.without_groups,
            "model": worlds,
        }.get(reading)
        if reading == "model" and question.without_groups is worlds:
            found[reading] = found["shared_modes"]
        elif judged is None:
            found[reading] = worst_case(settled, worlds, budget, search, progress)
        elif judged is worlds and chosen is not None:
            found[reading] = chosen
        else:
            found[reading] = least(settled, judged, budget, search, progress)
    program = build_program(settled, worlds, Expected(), budget=budget)
    rows = _rows(question, stack, found, allowed=program.holds(stack))
    known = [row.same for row in rows]
    stable = None if None in known else all(known)
    regrets = [row.regret for row in rows if row.regret is not None]
    return Dependence(
        budget=amount(budget, settled.scenario.decimals),
        currency=settled.scenario.currency,
        headline=_labels(program, stack),
        rows=rows,
        stable=stable,
        no_regret=None if len(regrets) < len(rows) else max(regrets) <= 0,
        sentence=_sentence(rows, stable, settled.scenario.currency),
    )


def least(
    settled: Settled, worlds: Worlds, budget: int, search: Search, progress: Progress = silent
) -> Choice | None:
    """The stack of least expected loss on these worlds; None where none was found in time."""
    program = build_program(settled, worlds, Expected(), budget=budget)
    outcome = Engine(program, search, progress).best(seconds=search.time_limit)
    if outcome.stack is None:
        return None
    return Choice(tuple(sorted(outcome.stack)), outcome.stop == "proven")


def independent(worlds: Worlds) -> Worlds:
    """One listed world with every option's marginal, and the unlisted one: R of a stack is its
    `Band.independent`."""
    total, u = float(listed(worlds).sum()), worlds.unlisted
    failure = marginals(worlds)[:, None]
    probability, loss, state = [1.0], [total], [0]
    if u > 0:
        failure = np.hstack([failure, np.ones_like(failure)])
        probability, loss, state = [1 - u, u], [total, worlds.unlisted_loss], [0, -1]
    return Worlds(
        probability=np.array(probability),
        loss=np.array(loss),
        failure=failure,
        unlisted=u,
        unlisted_loss=worlds.unlisted_loss,
        state=np.array(state, np.int64),
        active=np.zeros((1, 0), np.bool_),
    )


def worst_case(
    settled: Settled, worlds: Worlds, budget: int, search: Search, progress: Progress = silent
) -> Choice | None:
    """The stack of the least smallest marginal, the cheapest of them; None as for `least`.

    In a world in which everything fails all stacks meet the target, so the program is one of cost
    alone, and a row asks for one of the strongest options.
    """
    m = marginals(worlds)
    flat = Worlds(
        probability=np.ones(1),
        loss=np.ones(1),
        failure=np.ones((len(m), 1)),
        state=np.zeros(1, np.int64),
        active=np.zeros((1, 0), np.bool_),
    )
    program = build_program(settled, flat, Expected(), budget=budget, target=1.0)
    # The cutting planes' own program of cost serves here; core enumeration lives on the risk.
    solver = "highs" if search.solver in ("auto", "core") else search.solver
    if search.solver == "auto" and affordable(program):
        solver = "enumerate"
    engine = Engine(program, replace(search, gap=0.0, solver=solver), progress)
    paid = min((float(m[k]) for k in program.committed), default=1.0)
    strength = [float(m[k]) for k in program.option]
    for level in sorted(set(strength)) if listed(worlds).any() else ():
        if level >= paid * (1 - SAME):
            break
        columns = tuple(j for j, s in enumerate(strength) if s <= level * (1 + SAME))
        strongest = Row(columns, (1,) * len(columns), 1, None, "strongest alone", "")
        outcome = engine.best([strongest], seconds=search.time_limit)
        if outcome.stack is not None:
            return Choice(tuple(sorted(outcome.stack)), outcome.stop == "proven")
        if not outcome.infeasible:
            return None
    outcome = engine.best(seconds=search.time_limit)
    if outcome.stack is None:
        return None
    return Choice(tuple(sorted(outcome.stack)), outcome.stop == "proven")


def _rows(
    question: Question,
    headline: tuple[int, ...],
    found: dict[str, Choice | None],
    *,
    allowed: bool,
) -> tuple[DependenceRow, ...]:
    """`allowed`: the headline stack meets the rules, so where a search stopped at its gap with a
    worse one, the headline stack is the choice."""
    settled, worlds, plain = question.settled, question.worlds, question.without_groups
    program = build_program(settled, worlds, Expected(), budget=None)
    own = band(worlds, plain, question.options(program, headline))
    bands: dict[str, Band | None] = {}
    for reading, choice in found.items():
        bands[reading] = None
        if choice is not None:
            theirs = band(worlds, plain, question.options(program, choice.columns))
            if allowed and getattr(own, reading) < getattr(theirs, reading) * (1 - SAME):
                found[reading], theirs = Choice(headline, choice.proven), own
            bands[reading] = theirs
    best = bands["model"]
    rows = []
    for reading, choice in found.items():
        chosen = bands[reading]
        here: float = getattr(own, reading)
        left: float | None = None if chosen is None else getattr(chosen, reading)
        if left is not None and abs(here - left) <= SAME * here:
            left = here
        rows.append(
            DependenceRow(
                reading=reading,
                headline_risk=here,
                stack=None if choice is None else _labels(program, choice.columns),
                cost=(
                    None
                    if choice is None
                    else amount(program.stack_cost(choice.columns), settled.scenario.decimals)
                ),
                best_risk=left,
                regret=None if left is None else here - left,
                risk_under_model=None if chosen is None else chosen.model,
                regret_under_model=(
                    None if chosen is None or best is None else chosen.model - best.model
                ),
                same=None if choice is None else choice.columns == headline,
                proven=choice is not None and choice.proven,
                band=chosen,
            )
        )
    return tuple(rows)


def _labels(program: Program, columns: Sequence[int]) -> tuple[str, ...]:
    return tuple(sorted(program.labels[j] for j in columns))


def _sentence(rows: Sequence[DependenceRow], stable: bool | None, currency: str) -> str:
    if stable:
        return "The same stack is chosen under all four readings of dependence."
    parts = []
    for row in rows:
        other = row.same is False
        # Without common causes shared modes are the model: said once.
        if other and not (row.reading == "shared_modes" and _alike(row, rows)):
            parts.append(_part(row, currency))
    if stable is None:
        parts.append("not every search was finished in its time")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _alike(row: DependenceRow, rows: Sequence[DependenceRow]) -> bool:
    model = next(other for other in rows if other.reading == "model")
    return (model.stack, model.best_risk) == (row.stack, row.best_risk)


def _part(row: DependenceRow, currency: str) -> str:
    stack = in_words(row.stack or ())
    if not row.regret or row.regret < 0:
        price = f"{row.cost.normalize():f} {currency}" if row.cost is not None else ""
        return f"under {NAMES[row.reading]} {stack} for {price} would do as well"
    text = (
        f"under {NAMES[row.reading]} {stack} would be chosen, which leaves {row.best_risk:.4g} "
        f"against {row.headline_risk:.4g}"
    )
    return (
        text if row.reading == "model" else f"{text} (but {row.risk_under_model:.4g} in the model)"
    )
