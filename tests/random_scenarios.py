"""Random scenarios and questions about them, each a function of its seed alone.

They are made to hit what goes wrong: levels, ties and duplicates, facts (F of exactly 0 or 1),
risks from 1 to 1e-12, costs over six orders of magnitude with cents, budgets one unit short of the
stack that tempts most, targets that a stack just reaches or just misses, rules that nothing meets.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from oracle import Problem

from planner.scenario.settle import amount
from planner.scenario.types import (
    FULL,
    AtMost,
    Cell,
    Choice,
    ExplicitWorlds,
    FailureModes,
    Joint,
    Level,
    Limit,
    Mode,
    Rules,
    Scenario,
    Technique,
    World,
)
from planner.scenario.values import Number, Pert, Uniform, Value, number

#: Ids whose order differs from that of their labels ("a-x" < "a:full"), from case, from numbers.
IDS = ("a", "a-x", "a_y", "Z", "B", "b1", "b10", "b2", "c", "c-", "d", "dd", "E", "f0", "f-0", "g")
LEVELS = ("full", "half", "Lo", "pilot")


@dataclass(frozen=True)
class Case:
    """A scenario and what to ask; `budget` is the argument (None: the scenario's own holds)."""

    seed: int
    scenario: Scenario
    objective: str
    budget: str | float | Decimal | None
    target: float | None
    #: the budget that holds, in units of account; None where none does
    units: int | None
    kind: str
    problem: Problem = field(compare=False, repr=False)

    @property
    def form(self) -> str:
        return "least objective" if self.target is None else "least cost"


def random_scenario(seed: int, *, most: int = 12) -> Scenario:
    """A scenario of 1 to `most` techniques, with at most 20,000 assignments."""
    return _Draw(random.Random(f"scenario {seed}"), most).scenario()


#: How a budget is chosen.
BUDGETS = ("short", "short", "exact", "stack", "share", "share", "share", "zero", "all")


def random_case(seed: int, *, most: int = 12, knife_edge: bool = False) -> Case:
    """The scenario of that seed, with a question about it.

    `knife_edge`: always a budget one unit short of the stack that tempts most (where rules allow no
    stack there is none, and `kind` is another).
    """
    rng = random.Random(f"question {seed}")
    scenario = random_scenario(seed, most=most)
    objective = _objective(rng, scenario)
    problem = Problem(scenario, objective)
    form = rng.random()
    if knife_edge or form < 0.7:
        kind, units = _budget(rng, problem, ("short",) if knife_edge else BUDGETS)
        budget = amount(units, scenario.decimals)
        if rng.random() < 0.5:
            own = _with_budget(scenario, budget)
            return Case(seed, own, objective, None, None, units, kind, problem)
        if scenario.budget is None and rng.random() < 0.5:
            scenario = _with_budget(scenario, Decimal(rng.randint(0, 9)))  # to be overruled
        return Case(seed, scenario, objective, _written(rng, budget), None, units, kind, problem)
    if rng.random() < 0.5:
        scenario = _with_budget(scenario, Decimal(0))  # to be ignored: a target was asked for
    argument, limit = None, None
    if rng.random() < 0.3:
        _, limit = _budget(rng, problem, BUDGETS)
        argument = _written(rng, amount(limit, scenario.decimals))
    kind, target = _target(rng, problem, limit)
    return Case(seed, scenario, objective, argument, target, limit, kind, problem)


# ---------------------------------------------------------------------- the question


def _objective(rng: random.Random, scenario: Scenario) -> str:
    pick = rng.random()
    if pick < 0.45:
        return "expected"
    if pick < 0.75:
        return f"cvar:{rng.choice(('0', '0.37', '0.5', '0.9', '0.95', '0.99', '0.999'))}"
    k = rng.choice((1, 1, 2, 3))
    if not isinstance(scenario.threats, FailureModes) or scenario.reading == "by-mode":
        return "worst:1"
    certain = sum(mode.probability.mean == 1 for mode in scenario.threats.modes)
    return f"worst:{max(k, certain)}"  # fewer than the certain ones is no possible set


def _budget(rng: random.Random, problem: Problem, kinds: Sequence[str]) -> tuple[str, int]:
    """How it was chosen, and the budget in units."""
    kind = rng.choice(kinds)
    total = sum(problem.settled.cost)
    if kind == "zero":
        return kind, 0
    if kind == "all":
        return kind, total
    if kind in ("short", "exact"):
        best = problem.least_objective(None)
        if best is not None:
            return kind, max(0, best.cost - (kind == "short"))
        kind = "share"
    if kind == "stack" and problem.feasible:
        return kind, problem.cost(rng.choice(problem.feasible))
    return "share", int(total * rng.random() ** 2)


def _target(rng: random.Random, problem: Problem, limit: int | None) -> tuple[str, float]:
    best = problem.least_objective(limit)
    if best is None:
        return "no stack", rng.random()
    kind = rng.choices(("between", "reached", "missed", "beyond", "zero"), (50, 20, 15, 8, 7))[0]
    empty = problem.exact(())
    if kind == "zero":
        return kind, 0.0
    if kind == "beyond":
        return kind, float(best.value) * rng.choice((0.5, 0.99, 0.999999))
    if kind == "between":
        if best.value == 0:
            return kind, float(empty) * rng.random() ** 4
        low, high = math.log(best.value), math.log(max(empty, best.value))
        return kind, math.exp(low + (high - low) * rng.random())
    value = problem.exact(rng.choice(problem.feasible)) if rng.random() < 0.7 else best.value
    if kind == "reached":  # as printed; or short of it by less than a double can tell
        return kind, float(value) * rng.choice((1.0, 1.0, 1 - 5e-13))
    return kind, float(value) * (1 - 1e-11)


def _written(rng: random.Random, budget: Decimal) -> str | float | Decimal:
    as_float = float(budget)
    if rng.random() < 0.3 and Decimal(str(as_float)) == budget:
        return as_float
    return str(budget) if rng.random() < 0.5 else budget


def _with_budget(scenario: Scenario, budget: Decimal) -> Scenario:
    return replace(scenario, budget=Number(budget))


# ---------------------------------------------------------------------- the scenario


class _Draw:
    def __init__(self, rng: random.Random, most: int) -> None:
        self.rng = rng
        self.n = min(
            most, rng.choice((1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8, 8, 9, 10, 11, 12))
        )
        self.ids = sorted(rng.sample(IDS, self.n))
        if self.n > 1 and rng.random() < 0.2:
            self.ids = sorted({"a", "a-x", *rng.sample(IDS[2:], self.n - 2)})
        self.threat = rng.choices(
            ("together", "by-mode", "dense", "sparse", "targets"), (35, 20, 15, 15, 15)
        )[0]
        self.modes = self.threat in ("together", "by-mode")
        #: number of groups: nodes multiply worlds, so that two come rarely and small
        self.group_count = rng.choices((0, 1, 2), (70, 28, 2))[0] if self.modes else 0
        if self.group_count == 2:
            self.n = min(self.n, 4)
            self.ids = self.ids[: self.n]
        #: how small risks get: the exponent of a factor on failures or on probabilities
        self.tiny = rng.choice((0, 0, 0, 1, 2, 3, 4, 6, 9, 12))
        self.tiny_in = rng.choice(("failure", "weight"))
        self.grid = rng.random() < 0.4
        self.decimals = rng.choice((2, 2, 2, 2, 3, 4, 6))
        self.cost_style = rng.choice(
            ("orders", "orders", "orders", "small", "small", "same", "near")
        )
        self.base = rng.uniform(1, 1000)

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    # ------------------------------------------------------------------ numbers

    def cost(self) -> Decimal:
        rng = self.rng
        if self.chance(0.03):
            return Decimal(0)
        if self.cost_style == "orders":
            value = 10 ** rng.uniform(0, 6)
        elif self.cost_style == "small":
            return Decimal(rng.randint(1, 6))
        elif self.cost_style == "same":
            return Decimal("2.50")
        else:  # near one another, a unit apart here and there
            value = self.base + rng.randint(-3, 3) * 10.0**-self.decimals
        return Decimal(f"{value:.{self.decimals}f}")

    def failing(self) -> Number:
        """A probability of failing: now and then a fact, often on a grid, often tiny."""
        rng = self.rng
        pick = rng.random()
        if pick < 0.06:
            return number(0)
        if pick < 0.14:
            return number(1)
        if self.grid:
            value = rng.choice((0.05, 0.4, 0.8))
        else:
            value = rng.choice((rng.random(), rng.random() ** 3))
        if self.tiny_in == "failure" and self.chance(0.7):
            value *= 10.0**-self.tiny
        return _probability(value)

    def mode_probability(self) -> Number:
        rng = self.rng
        value = rng.choice((0.25, 0.1, 0.5)) if self.grid else rng.uniform(0.01, 0.9)
        if self.tiny_in == "weight":
            value *= 10.0**-self.tiny
        if self.chance(0.02):
            return number(1)
        return _probability(value)

    def loss(self) -> Number:
        rng = self.rng
        return number(rng.choice(("0", "0.1", "1", "1", "2", "7.5", "1000", f"{rng.random():.6f}")))

    # ------------------------------------------------------------------ parts

    def scenario(self) -> Scenario:
        rng = self.rng
        groups: tuple[tuple[str, Value], ...] = tuple(
            (name, number(rng.choice(("0.1", "0.3", "0.5", "0.5", "0.8"))))
            for name in ("g1", "g2")[: self.group_count]
        )
        threats: FailureModes | ExplicitWorlds
        threats = self.failure_modes() if self.modes else self.explicit_worlds()
        techniques = self.techniques(groups)
        if self.n > 1 and self.chance(0.35):
            threats, techniques = self.duplicated(threats, techniques)
        committed = self.committed(techniques)
        matrix = isinstance(threats, FailureModes) and threats.joint.matrix is not None
        unlisted = rng.choice(("0.01", "0.000001", "0.3")) if self.chance(0.25) else "0"
        baseline = rng.choice(("0", "0.1", "5")) if self.modes and self.chance(0.3) else "1"
        return Scenario(
            name="random",
            currency="USD",
            decimals=self.decimals,
            budget=None,
            techniques=techniques,
            threats=threats,
            rules=self.rules(techniques, committed),
            committed=committed,
            reading="by-mode" if self.threat == "by-mode" else "together",
            groups=groups,
            unlisted=number(unlisted),
            baseline_loss=number(baseline),
            samples=256 if matrix else 8192,
        )

    def techniques(self, groups: tuple[tuple[str, Value], ...]) -> tuple[Technique, ...]:
        rng = self.rng
        with_levels, with_success = self.chance(0.4), self.chance(0.4)
        with_background = self.modes and self.chance(0.5)
        assignments = 1
        room = rng.choice((300, 1000, 1000, 3000, 3000, 20_000))
        room = max(room, 2**self.n)
        found = []
        for i, id in enumerate(self.ids):
            rest = 2 ** (self.n - i - 1)
            count = rng.choice((1, 1, 2, 3)) if with_levels else 1
            while assignments * (count + 1) * rest > room and count > 1:
                count -= 1
            assignments *= count + 1
            names = [FULL] if count == 1 and self.chance(0.8) else sorted(rng.sample(LEVELS, count))
            levels = tuple(
                Level(
                    name,
                    self.amount(),
                    _probability(rng.choice((rng.random(), 0.9, 1 - 10.0**-self.tiny, 1.0)))
                    if with_success
                    else number(1),
                )
                for name in names
            )
            background = number(0)
            if with_background and self.chance(0.8):
                background = _probability(rng.choice((0.02, rng.random() * 0.2)) * 10.0**-self.tiny)
            loadings = tuple((name, value) for name, value in groups if self.chance(0.6))
            if loadings and self.chance(0.3):
                loadings = ((loadings[0][0], number("0.05")), *loadings[1:])
            if sum((float(value.mean) for _, value in loadings), 0.0) > 0.99:
                loadings = loadings[:1]
            attributes: list[tuple[str, Value]] = []
            if self.chance(0.9):
                attributes.append(("people", number(rng.choice(("0.1", "0.2", "0.3", "1", "2")))))
            if self.chance(0.5):
                attributes.append(("teams", number(rng.randint(0, 3))))
            found.append(Technique(id, id, levels, background, loadings, tuple(attributes)))
        return tuple(found)

    def amount(self) -> Value:
        cost = self.cost()
        if self.chance(0.03):  # a mean, rounded half-even to the unit
            return self.rng.choice((Uniform(cost, cost + 1), Pert(cost, cost + 1, cost + 3)))
        return Number(cost)

    def failure_modes(self) -> FailureModes:
        rng = self.rng
        if self.threat == "together":
            count = (rng.randint(1, 6), rng.randint(1, 3), 1)[self.group_count]
        else:
            count = (rng.randint(1, 10), rng.randint(1, 7), 1)[self.group_count]
        with_loss = self.chance(0.4)
        modes = tuple(
            Mode(f"m{j}", f"m{j}", self.mode_probability(), self.loss() if with_loss else number(1))
            for j in range(count)
        )
        cells = tuple(tuple(Cell(self.failing()) for _ in modes) for _ in range(self.n))
        joint = Joint()
        pick = rng.random()
        if count > 1 and pick < 0.3:
            joint = Joint(factor=number(rng.choice(("0", "0.1", "0.3", "0.6", "0.9"))))
        elif count > 2 and pick < 0.33 and not self.group_count:
            rho = rng.choice((0.2, 0.5))
            near = [[rho ** abs(i - j) for j in range(count)] for i in range(count)]
            joint = Joint(matrix=tuple(map(tuple, near)))
        return FailureModes(modes, cells, joint)

    def explicit_worlds(self) -> ExplicitWorlds:
        rng = self.rng
        count = rng.choice((1, 2, 3, 5, 8, 12, 20, 40))
        with_loss = self.chance(0.3)
        scale = 10.0**-self.tiny if self.tiny_in == "weight" else rng.choice((1, 1, 1000))
        worlds = []
        for s in range(count):
            weight = rng.randint(1, 20) if self.grid else rng.uniform(0.01, 10)
            if self.chance(0.03) and s:
                weight = 0
            loss = self.loss() if with_loss else None
            value = number(f"{weight * scale:.17g}")
            worlds.append(World(f"w{s:03}", f"w{s:03}", value, loss))
        failure: list[tuple[int, int, Value]] = []
        for i in range(self.n):
            effective = rng.choice((0.3, 0.6, 0.9))
            target = rng.randrange(count)
            for s in range(count):
                if self.threat == "dense":
                    failure.append((i, s, self.failing()))
                elif self.threat == "sparse":
                    if self.chance(0.3):
                        fact = number(0) if self.chance(0.8) else self.failing()
                        failure.append((i, s, fact))
                elif s == target or self.chance(0.15):  # a weapon, and the targets that it reaches
                    failure.append((i, s, _probability(1 - effective * rng.choice((1, 1, 0.5)))))
        return ExplicitWorlds(tuple(worlds), tuple(failure))

    def duplicated(
        self, threats: FailureModes | ExplicitWorlds, techniques: tuple[Technique, ...]
    ) -> tuple[FailureModes | ExplicitWorlds, tuple[Technique, ...]]:
        """One technique becomes another's twin, at the same cost or one unit off."""
        i, j = self.rng.sample(range(self.n), 2)
        if (self.ids[0], self.ids[1:2]) == ("a", ["a-x"]) and self.chance(0.7):
            i, j = 0, 1  # with levels, labels and ids stand in opposite orders
        unit = Decimal(1).scaleb(-self.decimals)
        shift = self.rng.choice((Decimal(0), Decimal(0), unit))
        original, twin = techniques[i], techniques[j]
        levels = tuple(
            Level(
                level.name,
                Number(level.cost.value + shift) if isinstance(level.cost, Number) else level.cost,
                level.success,
            )
            for level in original.levels
        )
        copy = Technique(
            twin.id, twin.name, levels, original.background, original.loadings, twin.attributes
        )
        if math.prod(len(t.levels) + 1 for t in techniques) > 7000 and len(levels) > 1:
            return threats, techniques
        changed = tuple(copy if k == j else t for k, t in enumerate(techniques))
        if isinstance(threats, FailureModes):
            rows = list(threats.cells)
            rows[j] = rows[i]
            return FailureModes(threats.modes, tuple(rows), threats.joint), changed
        kept = [entry for entry in threats.failure if entry[0] != j]
        kept += [(j, s, value) for k, s, value in threats.failure if k == i]
        kept.sort(key=lambda entry: entry[:2])
        return ExplicitWorlds(threats.worlds, tuple(kept)), changed

    def committed(self, techniques: tuple[Technique, ...]) -> tuple[Choice, ...]:
        if not self.chance(0.25):
            return ()
        some = self.rng.sample(techniques, min(self.n, self.rng.choice((1, 1, 2))))
        return tuple(sorted((self.choice(t) for t in some), key=str))

    def choice(self, technique: Technique) -> Choice:
        """The technique at any level, or now and then at one."""
        if technique.has_levels and self.chance(0.4):
            return Choice(technique.id, self.rng.choice(technique.levels).name)
        return Choice(technique.id)

    def rules(self, techniques: tuple[Technique, ...], committed: tuple[Choice, ...]) -> Rules:
        rng = self.rng
        if self.chance(0.35):
            return Rules()
        taken = {choice.technique for choice in committed}
        free = [t for t in techniques if t.id not in taken]
        fund = tuple(self.choice(t) for t in free if self.chance(0.05))
        exclude = tuple(self.choice(t) for t in free if self.chance(0.05))
        requires: list[tuple[Choice, tuple[Choice, ...]]] = []
        if self.chance(0.35) and self.n > 1:
            order = rng.sample(techniques, self.n)  # each needs only earlier ones: no cycle
            for k in sorted(
                rng.sample(range(1, self.n), min(self.n - 1, rng.choice((1, 1, 2, 3))))
            ):
                if order[k].id not in taken:
                    needed = rng.sample(order[:k], min(k, rng.choice((1, 1, 2))))
                    choices = tuple(self.choice(t) for t in needed)
                    requires.append((self.choice(order[k]), choices))
        most = []
        if self.chance(0.3):
            for _ in range(rng.choice((1, 1, 2))):
                of = rng.sample(self.ids, rng.randint(1, self.n))
                most.append(AtMost(tuple(sorted(of)), rng.randint(0, max(1, len(of) // 2))))
        return Rules(fund, exclude, tuple(requires), tuple(most), self.limits(techniques))

    def limits(self, techniques: tuple[Technique, ...]) -> tuple[Limit, ...]:
        rng = self.rng
        found = []
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            of = (
                tuple(sorted(rng.sample(self.ids, rng.randint(1, self.n))))
                if self.chance(0.5)
                else None
            )
            within = [t for t in techniques if of is None or t.id in of]
            low: Value | None = None
            high: Value | None = None
            if self.chance(0.4):
                attribute = "cost"
                some = [t.levels[0].cost for t in within if self.chance(0.5)]
                total = sum((v.value for v in some if isinstance(v, Number)), Decimal(0))
                unit = Decimal(1).scaleb(-self.decimals)
                if self.chance(0.75):
                    high = Number(max(Decimal(0), total - unit * rng.choice((0, 0, 1))))
                else:
                    low = Number(total)
            else:
                attribute = rng.choice(("people", "people", "teams"))
                some = [dict(t.attributes).get(attribute) for t in within if self.chance(0.5)]
                total = sum((v.value for v in some if isinstance(v, Number)), Decimal(0))
                if self.chance(0.75):
                    high = Number(total)
                if self.chance(0.3):
                    low = Number(total * rng.choice((1, Decimal("0.5"))))
            if low is not None or high is not None:
                known = any(attribute in dict(t.attributes) for t in techniques)
                if known or attribute == "cost":
                    found.append(Limit(attribute, of, low, high))
        return tuple(found)


def _probability(value: float) -> Number:
    return number(f"{min(1.0, max(0.0, value)):.15g}")
