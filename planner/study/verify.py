"""Re-check a saved plan: its certificate, and all its numbers rebuilt from the scenario.

No solver runs. What is rebuilt must agree to 1e-12 (money, rules and stacks exactly).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from planner.errors import BadInput, PlannerError
from planner.plan import Question, read_budget, sampling
from planner.program.types import Program
from planner.proof import verify_plan
from planner.risk import cutsets
from planner.risk.stack import band, effective_layers, risk
from planner.scenario.digest import digest
from planner.scenario.types import Scenario
from planner.solve.certify import instance_of

#: Numbers that are computed anew may differ by this, relatively.
NEAR = 1e-12
#: Stacks, and stacks times sets of modes, that a depth is checked against.
MOST_STACKS, MOST_SETS = 20_000, 5_000_000


class Differs(Exception):
    """What the plan says is not what comes out; the message says both."""


@dataclass(frozen=True)
class Check:
    """One thing looked at; `holds` is None where it could not be checked."""

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True)
class Verdict:
    """All checks of one plan. `numbers_only`: a proof that cannot be checked is not held against
    it."""

    checks: tuple[Check, ...]
    numbers_only: bool = False

    @property
    def holds(self) -> bool:
        return all(
            check.holds or (check.holds is None and self.numbers_only) for check in self.checks
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "verified": self.holds,
            "checks": [
                {"name": check.name, "holds": check.holds, "detail": check.detail}
                for check in self.checks
            ],
        }


def verify(plan: dict[str, Any], scenario: Scenario, *, numbers_only: bool = False) -> Verdict:
    """The verdict on a plan as `planner.proof.verify_plan.read` gives it."""
    recheck = Recheck(plan, scenario)
    steps: list[tuple[str, Callable[[], str]]] = [
        ("scenario", recheck.scenario_is_the_same),
        ("rules and cost", recheck.rules_and_cost),
        ("risk", recheck.numbers),
    ]
    if plan.get("ranking") is not None:
        steps.append(("ranking", recheck.ranking))
    if plan.get("certificate") is not None:
        steps.append(("certificate", recheck.certificate))
        steps.append(("its worlds and rules", recheck.instance))
    checks = [_try(name, step) for name, step in steps]
    if plan.get("certificate") is None:
        checks.append(recheck.proof())
    return Verdict(tuple(checks), numbers_only)


def _try(name: str, step: Callable[[], str]) -> Check:
    try:
        return Check(name, True, step())
    except (Differs, verify_plan.Rejected) as reason:
        return Check(name, False, f"{reason}.")
    except PlannerError as error:
        return Check(name, False, str(error))


class Recheck:
    """One plan beside one scenario."""

    def __init__(self, plan: dict[str, Any], scenario: Scenario) -> None:
        self.plan = plan
        self.scenario = scenario

    # What is rebuilt.

    @cached_property
    def question(self) -> Question:
        seed = _get(self.plan, "worlds", "seed")
        objective = self.plan["objective"]
        if not isinstance(objective, str) or not (seed is None or type(seed) is int):
            raise Differs("the objective or the seed of the worlds is none")
        return Question.of(self.scenario, objective, seed or 0)

    @cached_property
    def program(self) -> Program:
        target, said = self.plan.get("target_risk"), self.plan["budget"]
        target = None if target is None else _number(target, "target_risk")
        if said is not None:
            budget = read_budget(
                self.question.settled, Decimal(repr(_number(said, "budget"))), None
            )
        else:
            # With a target the scenario's own budget holds for nothing; one that was asked for
            # stands among the certificate's rules.
            budget = self._asked_budget()
        return self.question.program(budget, target)

    def _asked_budget(self) -> int | None:
        certificate = self.plan.get("certificate")
        rows = certificate.get("rows", []) if isinstance(certificate, dict) else []
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and row.get("where") == "budget":
                upper = row.get("upper")
                if type(upper) is int and 0 <= upper < 2**62:
                    return upper
        return None

    @cached_property
    def levels(self) -> dict[str, str]:
        """The level of each technique of the stack, as the plan says."""
        said, levels = self.plan["stack"], self.plan["levels"]
        if not isinstance(levels, dict) or list(levels) != said:
            raise Differs("the stack and its levels are not the same techniques")
        if not all(isinstance(level, str) for level in levels.values()):
            raise Differs("a level of the stack is no text")
        return levels

    @cached_property
    def columns(self) -> tuple[int, ...]:
        techniques, options = self.scenario.techniques, self.question.settled.options
        named = {
            (techniques[options[k].technique].id, options[k].level): j
            for j, k in enumerate(self.program.option)
        }
        pairs = list(self.levels.items())
        unknown = [f"{id}:{level}" for id, level in pairs if (id, level) not in named]
        if unknown:
            raise Differs(f"the scenario does not sell {unknown[0]}")
        return tuple(sorted(named[pair] for pair in pairs))

    # The steps.

    def scenario_is_the_same(self) -> str:
        said, here = _get(self.plan, "scenario", "digest"), digest(self.scenario)
        _same(said, here, "digest of the scenario")
        _same(_get(self.plan, "scenario", "name"), self.scenario.name, "name of the scenario")
        _same(self.plan.get("currency"), self.scenario.currency, "currency")
        _same(self.plan.get("reading"), self.scenario.reading, "reading")
        return f"the plan was made from this scenario ({here[:19]}...)"

    def rules_and_cost(self) -> str:
        program, question = self.program, self.question
        broken = [row.rule for row in program.rows if not row.holds(self.columns)]
        if broken:
            raise Differs(f"the stack breaks a rule: {broken[0]}")
        cost = program.stack_cost(self.columns)
        exact = float(Decimal(cost).scaleb(-self.scenario.decimals))
        _same(self.plan["cost"], exact, "cost")
        options = question.settled.options
        _same(
            self.plan["committed"],
            sorted(options[k].label for k in program.committed),
            "committed",
        )
        return f"the stack obeys every rule and costs {question.money(cost)}"

    def numbers(self) -> str:
        plan, question, program = self.plan, self.question, self.program
        options = question.options(program, self.columns)
        _near(plan["risk"], risk(question.worlds, options), "risk")
        _near(plan["risk_empty"], risk(question.worlds, ()), "risk_empty")
        masks = cutsets.defeating(question.settled)
        depth = None
        if masks is not None:
            depth = cutsets.depth([masks[question.settled.options[k].technique] for k in options])
        _near(plan.get("depth"), depth, "depth")
        value = program.exact_value(self.columns)
        reached = depth if question.by_depth else float(value)
        _near(plan["objective_value"], reached, "objective_value")
        limit = program.target_limit
        if limit is not None and value > limit:
            raise Differs("the stack does not meet the target")
        found = band(question.worlds, question.without_groups, options).to_dict()
        for name, number in found.items():
            _near(_get(plan, "band", name), number, f"band, {name}")
        _near(
            plan.get("effective_layers"),
            effective_layers(question.worlds, options),
            "effective_layers",
        )
        for name, fact in sampling(question, options).to_dict().items():
            _near(_get(plan, "worlds", name), fact, f"worlds, {name}")
        self._bound_and_gap()
        return f"R = {plan['risk']:.6g}; band, layers and depth come out as the plan says too"

    def _bound_and_gap(self) -> None:
        """A bound that is not above what was reached, and the gap between them."""
        proof = self.plan["proof"]
        if self.question.by_depth or proof["lower_bound"] is None:
            _same(proof["lower_bound"], None, "lower_bound")
            # A depth has no bound: a gap of 0 says that the choice is proven.
            proven = self.question.by_depth and proof["kind"] != "none"
            _same(proof["gap"], 0.0 if proven else None, "gap")
            return
        said = "objective_value" if self.program.target is None else "cost"
        reached = _number(self.plan[said], said)
        bound = _number(proof["lower_bound"], "lower_bound")
        if bound > reached:
            raise Differs("lower_bound is above what the stack reaches")
        gap = 1 - bound / reached if reached > 0 else 0.0
        if abs(_number(proof["gap"], "gap") - gap) > NEAR:
            raise Differs(f"gap: the plan says {proof['gap']!r}, it is {gap!r}")

    def ranking(self) -> str:
        """Its rows are the scenario's techniques, and those of the stack are the ones that it
        calls recommended, at what they cost. What a row says of other stacks is not checked."""
        options, techniques = self.question.settled.options, self.scenario.techniques
        cost = dict(zip(options, self.question.settled.cost, strict=True))
        of = {(techniques[option.technique].id, option.level): option for option in options}
        paid = {techniques[options[k].technique].id for k in self.program.committed}
        rows = self.plan["ranking"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Differs("the ranking is no list of rows")
        for row in rows:
            name, level = row.get("technique"), row.get("level")
            known = isinstance(name, str) and isinstance(level, str)
            option = of.get((name, level)) if known else None
            if option is None:
                raise Differs(f"the scenario has no {_short(name)} at the level {_short(level)}")
            units = 0 if name in paid else cost[option]
            exact = float(Decimal(units).scaleb(-self.scenario.decimals))
            _same(row.get("cost"), exact, f"cost of {name} in the ranking")
            _same(row.get("committed"), name in paid, f"{name} in the ranking, paid by others")
            bought = self.levels.get(name) == level
            _same(row.get("recommended"), bought, f"{name} in the ranking, recommended")
        found = sorted(row["technique"] for row in rows)
        _same(found, [technique.id for technique in techniques], "techniques of the ranking")
        _same([row.get("rank") for row in rows], self._ranks(len(paid)), "ranks")
        return "the techniques that it recommends are the stack's, at what they cost"

    def _ranks(self, paid: int) -> list[int | None]:
        """The stack first, then the rest; what others pay for last, without a rank."""
        count = len(self.scenario.techniques) - paid
        return [*range(1, count + 1), *([None] * paid)]

    def certificate(self) -> str:
        return verify_plan.check(self.plan).removesuffix(".")

    def instance(self) -> str:
        """What the certificate is about is what the scenario says."""
        mine, theirs = self._instances()
        _same(theirs.labels, mine.labels, "options for sale")
        _same(theirs.cost, mine.cost, "costs")
        _same(theirs.measure, mine.measure, "measure")
        _same(theirs.state, mine.state, "states of the worlds")
        _same(theirs.target, mine.target, "target")
        _same([x.amounts for x in theirs.rows], [x.amounts for x in mine.rows], "amounts of rules")
        their_sides, my_sides = (
            [(row.where, row.lower, row.upper) for row in one.rows] for one in (theirs, mine)
        )
        _same(their_sides, my_sides, "bounds of rules")
        _same([a for a, _ in theirs.committed], [a for a, _ in mine.committed], "committed")
        _all_near(theirs.probability, mine.probability, "probabilities of worlds")
        _all_near(theirs.given_loss, mine.given_loss, "losses of worlds")
        pairs = zip(
            [*theirs.failure, *(f for _, f in theirs.committed)],
            [*mine.failure, *(f for _, f in mine.committed)],
            strict=True,
        )
        for their, my in pairs:
            _all_near(their, my, "failures")
        return f"{mine.count} worlds and {len(mine.labels)} options, as the scenario makes them"

    def _instances(self) -> tuple[verify_plan.Instance, verify_plan.Instance]:
        program, techniques = self.program, self.scenario.techniques
        options = self.question.settled.options
        named = {k: (techniques[o.technique].id, o.level) for k, o in enumerate(options)}
        mine = instance_of(
            program,
            [named[k] for k in program.option],
            [named[k] for k in program.committed],
            self.scenario.decimals,
        )
        given = {"format": verify_plan.FORMAT, **mine.to_dict()}
        return verify_plan.Instance(given), verify_plan.Instance(self.plan["certificate"])

    # Without a certificate.

    def proof(self) -> Check:
        kind, name = self.plan["proof"]["kind"], "proof"
        if kind == "none" and self.plan["proof"]["lower_bound"] is None:
            return Check(name, True, "the plan does not say that its stack is the best")
        if kind == "enumerated" and self._depth_is_small():
            return _try(name, self._best_by_depth)
        note = self.plan["proof"].get("note")
        reason = f" ({note})" if isinstance(note, str) else ""
        return Check(
            name,
            None,
            f"no certificate{reason}: that no stack is better is the word of the search alone",
        )

    def _depth_is_small(self) -> bool:
        try:
            masks = cutsets.defeating(self.question.settled) if self.question.by_depth else None
            groups = list(self._groups())
        except (Differs, PlannerError):
            return False
        stacks = math.prod(1 + len(columns) for columns in groups)
        modes = max((mask.bit_length() for mask in masks or ()), default=0)
        return masks is not None and stacks <= MOST_STACKS and stacks << modes <= MOST_SETS

    def _groups(self) -> Iterator[list[int]]:
        technique = self.program.technique
        for i in sorted(set(technique)):
            yield [j for j, one in enumerate(technique) if one == i]

    def _best_by_depth(self) -> str:
        """Every stack tried: none is deeper, has fewer cut sets of that size, or is cheaper."""
        mine, tried = self._depth_key(self.columns), 0
        for pick in itertools.product(*([None, *columns] for columns in self._groups())):
            stack = tuple(j for j in pick if j is not None)
            if self.program.holds(stack):
                tried += 1
                if self._depth_key(stack) < mine:
                    names = ", ".join(self.program.labels[j] for j in stack)
                    raise Differs(f"there is a better stack by depth: {names}")
        return f"none of the {tried:,} stacks that the rules allow is better by depth"

    def _depth_key(self, stack: Sequence[int]) -> tuple[float, int, int]:
        settled = self.question.settled
        masks = cutsets.defeating(settled) or ()
        options = self.question.options(self.program, stack)
        mine = [masks[settled.options[k].technique] for k in options]
        size = cutsets.depth(mine)
        cost = self.program.stack_cost(stack)
        if size is None:
            return -math.inf, 0, cost
        modes = max((mask.bit_length() for mask in masks), default=0)
        sets = itertools.combinations((1 << j for j in range(modes)), size)
        return -size, sum(all(sum(one) & mask for mask in mine) for one in sets), cost


def _get(plan: dict[str, Any], table: str, key: str) -> Any:
    inside = plan.get(table)
    if not isinstance(inside, dict) or key not in inside:
        raise Differs(f"the plan has no {table}.{key}")
    return inside[key]


def _number(value: Any, what: str) -> float:
    try:
        if type(value) in (int, float) and math.isfinite(value):
            return float(value)
    except OverflowError:
        pass  # JSON has whole numbers beyond every double
    raise Differs(f"{what} is no number")


def _same(found: Any, expected: Any, what: str) -> None:
    if found != expected or isinstance(found, bool) != isinstance(expected, bool):
        raise Differs(f"{what}: the plan says {_short(found)}, it is {_short(expected)}")


def _near(found: Any, expected: Any, what: str) -> None:
    if type(found) not in (int, float) or type(expected) not in (int, float):
        _same(found, expected, what)
    elif not abs(_number(found, what) - expected) <= NEAR * abs(expected) + 5e-324:
        raise Differs(f"{what}: the plan says {_short(found)}, it is {_short(expected)}")


def _all_near(theirs: verify_plan.Numbers, mine: verify_plan.Numbers, what: str) -> None:
    a = [x << mine.bits for x in theirs.whole]
    b = [x << theirs.bits for x in mine.whole]
    if len(a) != len(b) or any(abs(x - y) * 10**12 > y for x, y in zip(a, b, strict=True)):
        raise Differs(f"{what} differ from those of the scenario")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def read_plan(name: str, text: bytes) -> dict[str, Any]:
    """A saved plan. Raises BadInput where the file is none."""
    try:
        return verify_plan.read(text.decode("utf-8"))
    except (UnicodeDecodeError, verify_plan.NotAPlan) as error:
        raise BadInput.option(
            name,
            f"This is no saved plan: {error}.",
            "Name the plan.json that `planner recommend --out` wrote.",
        ) from None
