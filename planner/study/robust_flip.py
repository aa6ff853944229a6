"""The decision-flip map: which single judgement, if settled, would change the advice.

For every uncertain number: does settling it change the stack, how likely, and what is it worth?
The worth is the expected value of perfect information on that number (EVPPI),

  EVPPI = min over x of E[R(x)] - E over values v of [min over x of E[R(x) | v]],

in units of risk. A screen looks at all numbers through the draws that are there already; the
estimate settles each of the top ones at values spread over its distribution and draws the others
anew. Costs other than the settled one are taken at their means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.program.build import build_program
from planner.risk.measures import Expected
from planner.scenario.draw import Draws, at_shares, draw, settle_at
from planner.scenario.quantiles import quantile
from planner.scenario.uncertain import CELLS, Uncertain
from planner.scenario.values import Mixture, Number
from planner.solve.draws import values_of_draws
from planner.solve.engine import Engine
from planner.solve.search import Progress, Search, silent
from planner.study.robust import Robust
from planner.study.robust_draws import MOST_COLUMNS, Setting, columns_of, masks_of
from planner.study.robust_stacks import Stack, importance
from planner.worlds import drawn
from planner.worlds.build import build
from planner.worlds.types import Floats

if TYPE_CHECKING:
    import pandas as pd

#: Numbers whose worth is estimated, values at which each is settled, and draws of the others.
TOP = 6
NODES = 16
INNER = 256
#: The same where the worlds of every draw are built by themselves: 3,072 builds instead of 24,576.
FEW_NODES, FEW_INNER = 8, 64
#: Slices of the screen, and shuffles that tell what it finds where there is nothing.
BINS = 10
SHUFFLES = 8
#: Rows of the tornado whose best stacks are solved, and points of a side of the two-way map.
TORNADO = 12
SIDE = 9
#: The same where each is a program of its own.
FEW_TORNADO, FEW_SIDE = 6, 5
#: The ends of a tornado's bar, as shares of the number's distribution.
LOW, HIGH = 0.05, 0.95
#: Gains below this share of the risk are rounding.
SAME = 1e-9


@dataclass(frozen=True)
class Settling:
    """What the advice would be if the number turned out so.

    share, value  of the number; `weight` how likely it is to lie there
    stack         the best one then; `gain` the fall of the mean risk against keeping the old one
    """

    share: float
    value: float
    weight: float
    stack: tuple[str, ...]
    gain: float


@dataclass(frozen=True)
class Flip:
    """One uncertain number.

    name      the path that what-if changes; of numbers that move together the one they share
    central   its mean
    screened  worth by the screen, less what the screen finds in noise
    evppi     the estimate, with its standard error; None where only the screen was made
    chance    how likely settling it changes the stack
    settled   the advice over its values
    """

    name: str
    central: float
    screened: float
    evppi: float | None
    error: float | None
    chance: float
    settled: tuple[Settling, ...]


@dataclass(frozen=True)
class Bar:
    """One number at its 5% and 95% quantile, the others at their means: the risk of the chosen
    stack, and the best stack with its risk there (None where not solved)."""

    name: str
    low: float
    high: float
    risk: tuple[float, float]
    best: tuple[tuple[str, ...], tuple[str, ...]] | None
    least: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class Map:
    """Two numbers over a grid of their distributions, the others at their means.

    x, y    names; values (side,) of each; `risk` (side of y, side of x) of the chosen stack;
    stacks  the different best stacks; `which` (side of y, side of x) their numbers, `least` their
            risks; `dear` where the money does not buy the chosen stack
    """

    x: str
    y: str
    x_values: tuple[float, ...]
    y_values: tuple[float, ...]
    risk: Floats
    stacks: tuple[tuple[str, ...], ...]
    which: np.ndarray
    least: Floats
    dear: np.ndarray


@dataclass(frozen=True, eq=False)
class FlipMap:
    """The numbers, the most valuable to settle first; the tornado, widest first; the map of the
    top two. `among` says which stacks were compared."""

    stack: tuple[str, ...]
    flips: tuple[Flip, ...]
    bars: tuple[Bar, ...]
    map: Map | None
    among: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "stack": list(self.stack),
            "among": self.among,
            "numbers": [
                {
                    "number": flip.name,
                    "central": flip.central,
                    "screened": flip.screened,
                    "evppi": flip.evppi,
                    "standard_error": flip.error,
                    "chance_of_change": flip.chance,
                    "settled": [
                        {
                            "value": one.value,
                            "weight": one.weight,
                            "stack": list(one.stack),
                            "gain": one.gain,
                        }
                        for one in flip.settled
                    ],
                }
                for flip in self.flips
            ],
            "tornado": [
                {
                    "number": bar.name,
                    "low": bar.low,
                    "high": bar.high,
                    "risk_at_low": bar.risk[0],
                    "risk_at_high": bar.risk[1],
                    "best_at_low": None if bar.best is None else list(bar.best[0]),
                    "best_at_high": None if bar.best is None else list(bar.best[1]),
                    "least_at_low": None if bar.least is None else bar.least[0],
                    "least_at_high": None if bar.least is None else bar.least[1],
                }
                for bar in self.bars
            ],
            "map": None
            if self.map is None
            else {
                "x": self.map.x,
                "y": self.map.y,
                "x_values": list(self.map.x_values),
                "y_values": list(self.map.y_values),
                "risk": self.map.risk.tolist(),
                "stacks": [list(stack) for stack in self.map.stacks],
                "best": self.map.which.tolist(),
                "least_risk": self.map.least.tolist(),
                "too_dear": self.map.dear.tolist(),
            },
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a number."""
        import pandas as pd  # a second of import that `--help` must not pay

        bars = {bar.name: bar for bar in self.bars}
        return pd.DataFrame(
            [
                {
                    "number": flip.name,
                    "central": flip.central,
                    "evppi": flip.evppi,
                    "standard_error": flip.error,
                    "screened": flip.screened,
                    "chance_of_change": flip.chance,
                    "low": bars[flip.name].low,
                    "high": bars[flip.name].high,
                    "risk_at_low": bars[flip.name].risk[0],
                    "risk_at_high": bars[flip.name].risk[1],
                }
                for flip in self.flips
            ]
        )


def flip_map(
    found: Robust,
    search: Search | None = None,
    *,
    top: int = TOP,
    inner: int | None = None,
    progress: Progress = silent,
) -> FlipMap:
    """Which judgement to pay for first. ValueError where nothing is uncertain.

    Numbers are settled over `inner` draws of the others: 256 of them, or 64 where the worlds of
    each have to be built by themselves, at half as many values then. The standard errors tell.
    """
    place = found.place
    heads = _heads(place.draws)
    if not heads:
        raise ValueError("nothing is uncertain")
    search = search or Search()
    screened = screen(found, heads)
    order = sorted(heads, key=lambda name: (-screened[name][0], name))
    choice = Choice.of(found)
    if inner is None:
        inner = INNER if drawn.fits(place.draws) else FEW_INNER
    base = draw(place.scenario, inner, place.draws.seed + 1, correlation=place.draws.correlation)
    flips = []
    for name in order[:top]:
        progress(f"settling {name}")
        flips.append(estimate(place, choice, heads[name], screened[name][0], base))
    flips.sort(key=lambda flip: (-(flip.evppi or 0.0), -flip.chance, flip.name))
    for name in order[top:]:
        worth, chance = screened[name]
        flips.append(Flip(name, heads[name].value.mean, worth, None, None, chance, ()))
    small = choice.everything
    chosen = found.plan.columns
    bars = tornado(place, chosen, heads, search, TORNADO if small else FEW_TORNADO)
    names = [flip.name for flip in flips[:2]]
    side = SIDE if small else FEW_SIDE
    chart = two_way(place, chosen, names, search, side) if len(names) == 2 else None
    return FlipMap(
        choice.labels(choice.stacks[choice.start]), tuple(flips), bars, chart, choice.among
    )


def _heads(draws: Draws) -> dict[str, Uncertain]:
    """The first number of each name."""
    heads: dict[str, Uncertain] = {}
    for number in draws.numbers:
        heads.setdefault(number.name, number)
    return heads


def screen(found: Robust, heads: dict[str, Uncertain]) -> dict[str, tuple[float, float]]:
    """For each name its worth by slices of the draws, less what slices of shuffled draws find, and
    the share of slices in which another of the judged stacks is the best."""
    draws, risks = found.draws, found.field.risks
    count = risks.shape[1]
    bins = min(BINS, max(count // 4, 1))
    edges = (np.arange(bins + 1) * count) // bins
    least = risks.mean(axis=1).min()
    start = int(risks.mean(axis=1).argmin())

    def worth(order: np.ndarray) -> tuple[float, float]:
        sums = np.add.reduceat(risks[:, order], edges[:-1], axis=1)
        means = sums / np.diff(edges)
        best = means.argmin(axis=0)
        gain = least - (means.min(axis=0) * np.diff(edges)).sum() / count
        changed = means[best, np.arange(bins)] < means[start] * (1 - SAME)
        return float(gain), float((np.diff(edges) * changed).sum() / count)

    rng = np.random.default_rng(np.random.SeedSequence([draws.seed, 0xF11B]))
    noise = np.mean([worth(rng.permutation(count))[0] for _ in range(SHUFFLES)])
    values = draws.values[found.best.solved]
    result = {}
    for k, number in enumerate(draws.numbers):
        if heads[number.name] is number:
            gain, chance = worth(np.argsort(values[:, k], kind="stable"))
            result[number.name] = (_told_apart(gain - float(noise), float(least)), chance)
    return result


def _told_apart(worth: float, risk: float) -> float:
    """A worth beside the risk that it is taken from: 0 where rounding alone could make it."""
    return worth if worth > SAME * risk else 0.0


@dataclass(frozen=True, eq=False)
class Choice:
    """The stacks that are compared: all that the rules allow, or those judged over the draws.

    start  the number of the one with the least mean risk that central costs allow: what is
           funded where nothing is settled
    cost   (columns,) central costs and the central budget, in units of account
    """

    place: Setting
    stacks: tuple[Stack, ...]
    start: int
    everything: bool
    cost: tuple[int, ...] = ()
    budget: int | None = None

    @classmethod
    def of(cls, found: Robust) -> Choice:
        place = found.place
        program = place.program
        # As written: with plain numbers widened, the means of the costs are not what was written.
        central = np.array(found.plan.program.cost, np.int64)
        budget = found.plan.budget
        everything = found.best.table is not None and program.size <= MOST_COLUMNS
        if everything:
            order, keeps = masks_of(place)
            stacks = tuple(columns_of(int(mask)) for mask in order[keeps[order]])
        else:
            stacks = tuple(dict.fromkeys(judged.columns for judged in found.field.judged))
        if everything and found.best.table is not None:
            power = [sum(1 << j for j in stack) for stack in stacks]
            means = found.best.table.risk[:, power].mean(axis=0)
        else:
            means = found.field.risks.mean(axis=1)
        fits = np.array([budget is None or central[list(s)].sum() <= budget for s in stacks])
        start = int(np.where(fits, means, np.inf).argmin())
        return cls(place, stacks, start, everything, tuple(central.tolist()), budget)

    @property
    def among(self) -> str:
        if self.everything:
            return f"all {len(self.stacks):,} stacks that the rules allow"
        judged = f"the {len(self.stacks)} stacks that were judged"
        return f"{judged}; others may gain more, so that the worth is a lower estimate"

    def labels(self, stack: Stack) -> tuple[str, ...]:
        return tuple(sorted(self.place.program.labels[j] for j in stack))

    def risks(self, draws: Draws) -> Floats:
        """(draws, stacks) risk of every stack, bought whole."""
        here = replace(self.place, draws=draws)
        if self.everything:
            power = [sum(1 << j for j in stack) for stack in self.stacks]
            tables = [values_of_draws(f, w)[:, power] for _, f, w in here.blocks()]
            return np.concatenate(tables)
        if drawn.fits(draws):
            return np.concatenate([_risks(f, w, self.stacks) for _, f, w in here.blocks()])
        rows = []
        for d in range(draws.count):
            worlds = build(settle_at(draws, d), seed=draws.seed)
            weight = worlds.weight
            for k in here.program.committed:
                weight = weight * worlds.failure[k]
            failure = worlds.failure[list(here.program.option)]
            rows.append(_risks(failure[None], weight[None], self.stacks))
        return np.concatenate(rows)


def _risks(failure: Floats, weight: Floats, stacks: Sequence[Stack]) -> Floats:
    """(draws, stacks) for a block of worlds."""
    found = np.empty((len(weight), len(stacks)))
    for k, stack in enumerate(stacks):
        found[:, k] = (weight * failure[:, list(stack)].prod(axis=1)).sum(axis=1)
    return found


def _nodes(number: Uncertain, count: int) -> list[tuple[float, float]]:
    """(share, weight) of the values at which a number is settled: each value of a mixture of plain
    numbers, else `count` slices of the distribution by their middles."""
    value = number.value
    if isinstance(value, Mixture) and all(isinstance(p.value, Number) for p in value.parts):
        weights = [float(part.weight) for part in value.parts]
        starts = np.cumsum([0.0, *weights[:-1]])
        return [(float(a + w / 2), w) for a, w in zip(starts, weights, strict=True)]
    return [((k + 0.5) / count, 1 / count) for k in range(count)]


def estimate(
    place: Setting, choice: Choice, number: Uncertain, screened: float, base: Draws
) -> Flip:
    """Settle one number at values spread over its distribution, the others drawn given it: those
    of the `base` draws, which are none of the draws that chose what is compared."""
    inner = base.count
    draws = place.draws
    nodes = _nodes(number, NODES if drawn.fits(draws) else FEW_NODES)
    money = number.field in ("cost", "budget")
    before, after, chance = np.zeros(inner), np.zeros(inner), 0.0
    settled = []
    plans = []
    risks = np.zeros((0, 0))
    for share, weight in nodes:
        if not money or not risks.size:
            risks = choice.risks(_given(base, number, share))
        spot = at_shares(draws, [{number.name: share}])
        plans.append((share, weight, spot, risks))
    # Without settling, one stack for all values: of those that central costs allow the least.
    fits = _affordable(choice, *_money(choice, None, None))
    mean = sum(weight * risks.mean(axis=0) for _, weight, _, risks in plans)
    start = int(np.where(fits, mean, np.inf).argmin())
    for share, weight, spot, risks in plans:
        means = risks.mean(axis=0)
        spent = _money(choice, number, spot)
        fits = _affordable(choice, *spent)
        best = int(np.where(fits, means, np.inf).argmin())
        kept = risks[:, start] if fits[start] else _shrunk(choice, *spent, start, risks, base)
        # What is left of the old stack can be bought too: keeping it is always a choice.
        keeps = kept.mean() - means[best] <= SAME * abs(means[best])
        before += weight * kept
        after += weight * (kept if keeps else risks[:, best])
        gain = 0.0 if keeps else float(kept.mean() - means[best])
        if keeps:
            best = start
        else:
            chance += weight
        value = float(quantile(number.value, np.array([share]))[0])
        settled.append(Settling(share, value, weight, choice.labels(choice.stacks[best]), gain))
    difference = before - after
    return Flip(
        name=number.name,
        central=number.value.mean,
        screened=screened,
        evppi=_told_apart(float(difference.mean()), float(before.mean())),
        error=float(difference.std(ddof=1) / np.sqrt(inner)),
        chance=chance,
        settled=tuple(settled),
    )


def _given(base: Draws, number: Uncertain, share: float) -> Draws:
    """The base draws with one number settled at a share of its distribution."""
    if base.correlation > 0 and number.field in CELLS:
        return draw(
            base.scenario,
            base.count,
            base.seed,
            correlation=base.correlation,
            given={number.name: share},
        )
    values = base.values.copy()
    for k, other in enumerate(base.numbers):
        if other.name == number.name:
            values[:, k] = quantile(other.value, np.array([share]))[0]
    return replace(base, values=values)


def _money(
    choice: Choice, number: Uncertain | None, spot: Draws | None
) -> tuple[list[int], int | None]:
    """Costs of the columns and the budget: central ones, but for the number that is settled."""
    cost, budget = list(choice.cost), choice.budget
    if number is None or spot is None or number.field not in ("cost", "budget"):
        return cost, budget
    here = replace(choice.place, draws=spot)
    if number.field == "budget":
        return cost, int(here.budgets[0])
    options = {p[0] for n in spot.numbers if n.name == number.name for p in n.places}
    for j, option in enumerate(choice.place.program.option):
        if option in options:
            cost[j] = int(here.costs[0, j])
    return cost, budget


def _affordable(choice: Choice, cost: list[int], budget: int | None) -> np.ndarray:
    """(stacks,) what that money allows."""
    if budget is None:
        return np.ones(len(choice.stacks), np.bool_)
    return np.array([sum(cost[j] for j in stack) <= budget for stack in choice.stacks])


def _shrunk(
    choice: Choice,
    cost: list[int],
    budget: int | None,
    start: int,
    risks: Floats,
    base: Draws,
) -> Floats:
    """(draws,) risk of a stack that has become too dear, bought in the order of importance."""
    left, kept = budget or 0, []
    for j in importance(choice.place, choice.stacks[start]):
        if cost[j] <= left:
            kept.append(j)
            left -= cost[j]
    if not choice.place.parts_hold(kept):
        kept = []
    stack = tuple(sorted(kept))
    if stack in choice.stacks:
        found: Floats = risks[:, choice.stacks.index(stack)]
        return found
    alone = replace(choice, stacks=(stack,), start=0, everything=False)
    return alone.risks(base)[:, 0]


def tornado(
    place: Setting,
    chosen: Stack,
    heads: dict[str, Uncertain],
    search: Search,
    solved: int = TORNADO,
) -> tuple[Bar, ...]:
    """The chosen stack with each number at its ends, widest first; the best stacks at the ends of
    the widest ones."""
    rows = [{name: share} for name in heads for share in (LOW, HIGH)]
    spots = at_shares(place.draws, rows)
    one = Choice(place, (chosen,), 0, False)
    risks = one.risks(spots)[:, 0].reshape(-1, 2)
    ends = [quantile(number.value, np.array([LOW, HIGH])).tolist() for number in heads.values()]
    names = list(heads)
    order = sorted(range(len(names)), key=lambda k: (-abs(risks[k, 1] - risks[k, 0]), names[k]))
    bars = []
    for rank, k in enumerate(order):
        risk = (float(risks[k, 0]), float(risks[k, 1]))
        bar = Bar(names[k], ends[k][0], ends[k][1], risk, None, None)
        if rank < solved:
            low, high = (_solve(place, spots, 2 * k + end, search) for end in (0, 1))
            if low is not None and high is not None:
                bar = replace(bar, best=(low[0], high[0]), least=(low[1], high[1]))
        bars.append(bar)
    return tuple(bars)


def two_way(
    place: Setting, chosen: Stack, names: Sequence[str], search: Search, side: int = SIDE
) -> Map | None:
    """The best stack over a grid of two numbers; None where a point has none."""
    heads = _heads(place.draws)
    shares = [LOW + (HIGH - LOW) * k / (side - 1) for k in range(side)]
    rows = [{names[0]: a, names[1]: b} for b in shares for a in shares]
    spots = at_shares(place.draws, rows)
    risk = Choice(place, (chosen,), 0, False).risks(spots)[:, 0].reshape(side, side)
    stacks: dict[tuple[str, ...], int] = {}
    which = np.zeros(side * side, np.int64)
    least = np.zeros(side * side)
    for k in range(len(rows)):
        found = _solve(place, spots, k, search)
        if found is None:
            return None
        which[k] = stacks.setdefault(found[0], len(stacks))
        least[k] = found[1]
    x, y = (tuple(quantile(heads[name].value, np.array(shares)).tolist()) for name in names)
    shape = (side, side)
    here = replace(place, draws=spots)
    dear = here.costs[:, list(chosen)].sum(axis=1) > here.budgets
    return Map(
        names[0],
        names[1],
        x,
        y,
        risk,
        tuple(stacks),
        which.reshape(shape),
        least.reshape(shape),
        dear.reshape(shape),
    )


def _solve(
    place: Setting, spots: Draws, k: int, search: Search
) -> tuple[tuple[str, ...], float] | None:
    """The best stack of one settled row, with its risk; None where nothing meets the rules."""
    settled = settle_at(spots, k)
    budget = settled.budget if place.budget is None else place.budget
    worlds = build(settled, seed=spots.seed)
    program = build_program(settled, worlds, Expected(), budget=budget)
    outcome = Engine(program, search).best(seconds=search.time_limit)
    if outcome.stack is None:
        return None
    labels = tuple(sorted(program.labels[j] for j in outcome.stack))
    return labels, program.value(outcome.stack)
