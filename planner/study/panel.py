"""Several experts: what each would fund, what they could agree on, and where it matters that they
disagree.

Nothing is averaged in silence. Each expert's table is kept whole. The pooled stack has the least
risk averaged over the experts, each by her weight, as if one of them were right about everything
and nobody knew who. The stack of least worst regret needs no weights: whoever of them is right, it
is never far from her best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.program.build import build_program
from planner.program.types import Program
from planner.risk.measures import Expected
from planner.scenario.experts import scenario_of_expert, weights_of
from planner.scenario.settle import ModeNumbers, Settled, settle
from planner.scenario.types import FailureModes, Scenario
from planner.solve.draws import values_of_draws
from planner.solve.engine import Engine
from planner.solve.search import Progress, Search, silent
from planner.study.robust_draws import MOST_COLUMNS, columns_of, masks_of_program
from planner.worlds.build import build
from planner.worlds.types import Floats, Worlds

if TYPE_CHECKING:
    import pandas as pd

#: Cells of disagreement that are tried one by one, the widest first.
MOST_CELLS = 60
#: Numbers in the table of all stacks.
MOST_TABLE = 10**8
#: The stack of the scenario's own table, beside the experts'.
OWN = "the scenario's table"

Stack = tuple[int, ...]


@dataclass(frozen=True)
class View:
    """A stack, and what it leaves in each expert's eyes.

    who     an expert's name, "pooled", "regret" or `OWN`
    risks   by expert; `regrets` above what is best in her eyes
    mean    of the risks, by the experts' weights
    """

    who: str
    stack: tuple[str, ...]
    cost: int
    risks: tuple[float, ...]
    regrets: tuple[float, ...]
    mean: float

    @property
    def worst_regret(self) -> float:
        return max(self.regrets)


@dataclass(frozen=True)
class Disagreement:
    """One cell on which experts differ: what each says (means), and the pooled stack if all
    followed one of them; `decides` where that changes the stack."""

    technique: str
    mode: str
    values: tuple[float, ...]
    stacks: tuple[tuple[str, ...], ...]
    decides: bool

    @property
    def width(self) -> float:
        return max(self.values) - min(self.values)


@dataclass(frozen=True, eq=False)
class Panel:
    """Experts by name with their weights; each one's own stack; the two stacks for all; the cells
    on which they differ, the deciding ones first (`untried` narrower ones were left out)."""

    experts: tuple[str, ...]
    weights: tuple[float, ...]
    views: tuple[View, ...]
    pooled: View
    regret: View
    regret_found: str
    disagreements: tuple[Disagreement, ...]
    untried: int
    decimals: int

    @property
    def agreed(self) -> tuple[str, ...]:
        """What every expert would fund."""
        stacks = [set(view.stack) for view in self.views if view.who in self.experts]
        return tuple(sorted(set.intersection(*stacks)))

    def to_dict(self) -> dict[str, Any]:
        def view(one: View) -> dict[str, Any]:
            return {
                "who": one.who,
                "stack": list(one.stack),
                "cost": one.cost / 10**self.decimals,
                "risk_by_expert": dict(zip(self.experts, one.risks, strict=True)),
                "regret_by_expert": dict(zip(self.experts, one.regrets, strict=True)),
                "mean_risk": one.mean,
                "worst_regret": one.worst_regret,
            }

        return {
            "weights": dict(zip(self.experts, self.weights, strict=True)),
            "stacks": [view(one) for one in self.views],
            "pooled": view(self.pooled),
            "least_worst_regret": {**view(self.regret), "found": self.regret_found},
            "agreed": list(self.agreed),
            "disagreements": [
                {
                    "technique": one.technique,
                    "mode": one.mode,
                    "values": dict(zip(self.experts, one.values, strict=True)),
                    "pooled_stack_if": {
                        name: list(stack)
                        for name, stack in zip(self.experts, one.stacks, strict=True)
                    },
                    "decides": one.decides,
                }
                for one in self.disagreements
            ],
            "disagreements_not_tried": self.untried,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a cell of disagreement."""
        import pandas as pd  # a second of import that `--help` must not pay

        return pd.DataFrame(
            [
                {
                    "technique": one.technique,
                    "mode": one.mode,
                    **{f"says {n}": v for n, v in zip(self.experts, one.values, strict=True)},
                    "decides": one.decides,
                }
                for one in self.disagreements
            ],
            columns=["technique", "mode", *(f"says {n}" for n in self.experts), "decides"],
        )


def panel(
    scenario: Scenario,
    budget: int | None,
    search: Search | None = None,
    progress: Progress = silent,
) -> Panel | None:
    """The experts side by side, every value at its mean; None where the scenario has none.

    `budget` in units of account, None for no limit.
    """
    if not scenario.experts:
        return None
    search = search or Search()
    share = weights_of(scenario)
    names, weights = tuple(share), np.array(list(share.values()))
    settled = [settle(scenario_of_expert(scenario, name)) for name in names]
    judge = _Judge(settled, weights, budget, search)
    own = judge.best([settle(scenario)])
    single = [judge.best([one]) for one in settled]
    least = np.array([judge.risk(k, stack) for k, stack in enumerate(single)])
    pooled = judge.best(settled, weights)
    regret, found = judge.least_regret(least, [*single, pooled, own])

    def view(who: str, stack: Stack) -> View:
        risks = np.array([judge.risk(k, stack) for k in range(len(names))])
        return View(
            who,
            judge.labels(stack),
            judge.program.stack_cost(stack),
            tuple(risks.tolist()),
            tuple(np.maximum(risks - least, 0.0).tolist()),
            float(weights @ risks),
        )

    views = [view(name, stack) for name, stack in zip(names, single, strict=True)]
    progress("the cells on which experts differ are tried one by one")
    cells, untried = _disagreements(scenario, settled, judge, pooled)
    return Panel(
        names,
        tuple(weights.tolist()),
        (*views, view(OWN, own)),
        view("pooled", pooled),
        view("regret", regret),
        found,
        cells,
        untried,
        scenario.decimals,
    )


class _Judge:
    """Stacks in the eyes of each expert."""

    def __init__(
        self, settled: Sequence[Settled], weights: Floats, budget: int | None, search: Search
    ) -> None:
        self.search = search
        self.weights = weights
        self.budget = budget
        self.programs = [build_program(s, build(s), Expected(), budget=budget) for s in settled]
        self.program = self.programs[0]

    def labels(self, stack: Stack) -> tuple[str, ...]:
        return tuple(sorted(self.program.labels[j] for j in stack))

    def risk(self, expert: int, stack: Stack) -> float:
        return self.programs[expert].value(stack)

    def best(self, settled: Sequence[Settled], weights: Floats | None = None) -> Stack:
        """The stack of least mean risk over the settled scenarios, proven to the gap."""
        shares = np.ones(1) if weights is None else weights
        program = together(
            [build_program(s, build(s), Expected(), budget=self.budget) for s in settled], shares
        )
        outcome = Engine(program, self.search).best(seconds=self.search.time_limit)
        return outcome.stack or ()

    def least_regret(self, least: Floats, stacks: list[Stack]) -> tuple[Stack, str]:
        """The stack whose largest regret is least, and how it was found."""
        program = self.program
        worlds = max(p.loss.size for p in self.programs)
        small = program.size <= MOST_COLUMNS and worlds << program.size <= MOST_TABLE
        if small:
            order, allowed = masks_of_program(program)
            masks = order[allowed[order]]
            tables = [
                values_of_draws(p.failure[None], (p.loss * p.worlds.probability)[None])[0, masks]
                for p in self.programs
            ]
            worst = (np.array(tables) - least[:, None]).max(axis=0)
            near = np.flatnonzero(worst <= worst.min() + 1e-12 * abs(least).max())
            return columns_of(int(masks[near[0]])), "every stack was tried"
        kinds = sorted(set(stacks), key=program.tie_key)
        worst = np.array(
            [max(self.risk(k, s) - least[k] for k in range(len(least))) for s in kinds]
        )
        return kinds[int(worst.argmin())], f"the best of {len(kinds)} stacks judged"


def together(programs: Sequence[Program], weights: Floats) -> Program:
    """The program whose risk is the weighted mean of the programs' risks: all of their worlds."""
    weight = np.concatenate([w * p.worlds.weight for w, p in zip(weights, programs, strict=True)])
    failure = np.concatenate([p.worlds.failure for p in programs], axis=1)
    kept = weight > 0
    total = weight[kept].sum()
    if not total > 0:
        return programs[0]
    worlds = Worlds(
        probability=weight[kept] / total,
        loss=np.full(int(kept.sum()), total),
        failure=failure[:, kept],
    )
    return replace(programs[0], worlds=worlds)


def _disagreements(
    scenario: Scenario,
    settled: Sequence[Settled],
    judge: _Judge,
    pooled: Stack,
) -> tuple[tuple[Disagreement, ...], int]:
    """For every cell on which means differ: the pooled stack if all followed one expert there."""
    threats = scenario.threats
    assert isinstance(threats, FailureModes)
    tables = np.array([_numbers(one).vulnerability for one in settled])
    width = tables.max(axis=0) - tables.min(axis=0)
    cells = sorted(zip(*np.nonzero(width), strict=True), key=lambda ij: (-width[ij], ij))
    found = []
    for i, j in cells[:MOST_CELLS]:
        stacks = {}
        for value in dict.fromkeys(tables[:, i, j].tolist()):
            changed = [_with(one, int(i), int(j), value) for one in settled]
            stacks[value] = judge.best(changed, judge.weights)
        values = tuple(tables[:, i, j].tolist())
        found.append(
            Disagreement(
                scenario.techniques[i].id,
                threats.modes[j].id,
                values,
                tuple(judge.labels(stacks[v]) for v in values),
                any(stack != pooled for stack in stacks.values()),
            )
        )
    found.sort(key=lambda one: (not one.decides, -one.width, one.technique, one.mode))
    return tuple(found), max(len(cells) - MOST_CELLS, 0)


def _numbers(settled: Settled) -> ModeNumbers:
    assert isinstance(settled.threats, ModeNumbers)
    return settled.threats


def _with(settled: Settled, i: int, j: int, value: float) -> Settled:
    threats = _numbers(settled)
    table = threats.vulnerability.copy()
    table[i, j] = value
    return replace(settled, threats=replace(threats, vulnerability=table))
