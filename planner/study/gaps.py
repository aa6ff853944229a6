"""What to ask researchers for: the failure profile that a new technique must have, and the most it
may cost, to enter the best stack.

For every profile (a set of modes that the new technique withstands, see `new_technique`)

    fall    how much lower the objective would be with it beside the best stack, for nothing
    price   the most it may cost: at it the best stack for the same budget holds it, at one unit of
            account more it does not. It is also the part of the budget that it makes free: with it
            for nothing, the rest of the budget leaves no more than all of it does now

Prices are exact thresholds (`entry`). All profiles of one and of two modes are looked at, and for
each number of modes the profile of the highest price: exactly while there are at most `MOST_SETS`
profiles of that many modes, else among those that add one mode to the best of one mode less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING, Any

from planner.errors import BadInput
from planner.plan import Plan
from planner.scenario.settle import units
from planner.solve.master import Deadline
from planner.solve.search import Progress, silent
from planner.study.entry import UNKNOWN, Threshold
from planner.study.new_technique import Assumed, Market, Modes, modes_of

if TYPE_CHECKING:
    import pandas as pd

#: Profiles of one size that are all looked at.
MOST_SETS = 100
#: Seconds for all of it, where no time limit is given.
SECONDS = 60.0


@dataclass(frozen=True)
class Profile:
    """One failure profile.

    modes      ids of the modes that it withstands, sorted
    fall       of the objective, beside the stack for nothing
    left       the objective then
    price      the most it may cost, in the currency; None where `never` (not even for nothing), or
               not known
    stack      labels of what the best stack at that price holds beside it
    displaces  labels of the stack that are not in it
    """

    modes: tuple[str, ...]
    fall: float
    left: float
    price: Decimal | None
    never: bool
    stack: tuple[str, ...]
    displaces: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "modes": list(self.modes),
            "fall": self.fall,
            "objective_value": self.left,
            "most_it_may_cost": None if self.price is None else float(self.price),
            "never": self.never,
            "stack_beside_it": list(self.stack),
            "displaces": list(self.displaces),
        }


@dataclass(frozen=True)
class Needed:
    """What a new technique of some cost must withstand to enter.

    count  the least number of modes that is enough; None where no profile is, or not known
    sets   the profiles of that many modes that are enough, by fall
    exact  all profiles of that size, and one less, were looked at
    """

    cost: Decimal
    count: int | None
    sets: tuple[tuple[str, ...], ...]
    exact: bool


@dataclass(frozen=True, eq=False)
class Gaps:
    """See the module. Profiles of one and two modes by falling `fall`; `by_size` one a number of
    modes, `best` the one of `modes` modes. `more` is the money beyond the budget that buys the
    fall of `best` with what exists; None where no money does (`beyond`), or not known."""

    plan: Plan
    new: Assumed
    modes: int
    best: Profile
    best_exact: bool
    more: Decimal | None
    beyond: bool
    needed: Needed
    singles: tuple[Profile, ...]
    pairs: tuple[Profile, ...]
    by_size: tuple[Profile, ...]
    finished: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "assumed": self.new.to_dict(),
            "best_profile": {
                **self.best.to_dict(),
                "of_all_profiles_of_its_size": self.best_exact,
                "same_fall_with_what_exists": None if self.more is None else float(self.more),
                "no_money_buys_it": self.beyond,
            },
            "needed": {
                "cost": float(self.needed.cost),
                "modes": self.needed.count,
                "sets": [list(one) for one in self.needed.sets],
                "exact": self.needed.exact,
            },
            "modes": [profile.to_dict() for profile in self.singles],
            "pairs": [profile.to_dict() for profile in self.pairs],
            "by_number_of_modes": [profile.to_dict() for profile in self.by_size],
            "finished": self.finished,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a profile: one mode, two modes, then the best of each larger size."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = []
        for profile in (*self.singles, *self.pairs, *(p for p in self.by_size if len(p.modes) > 2)):
            row = profile.to_dict()
            for key in ("modes", "stack_beside_it", "displaces"):
                row[key] = ", ".join(row[key])
            rows.append({"count": len(profile.modes), **row})
        return pd.DataFrame(rows)


def gaps(
    plan: Plan,
    new: Assumed,
    *,
    modes: int | None = None,
    cost: int | None = None,
    seconds: float = SECONDS,
    progress: Progress = silent,
) -> Gaps:
    """What a new technique would have to withstand, and may cost, to enter a plan.

    `cost` in units of account is what a new technique is taken to cost where the answer is what it
    must withstand (default: the median cost of the options for sale). `modes` is how many modes
    the most valuable profile withstands (default: the fewest that are worth that cost).

    Raises BadInput for explicit worlds, for plans by depth or for a target, and for a number of
    modes that there are not.
    """
    _refuse(plan)
    search = _Search(plan, new, Deadline(seconds), progress)
    count = search.count
    if modes is not None and not 1 <= modes <= count:
        raise BadInput.option(
            "--modes", f"{modes} is no number of modes here.", f"Write 1 to {count}."
        )
    sizes = {1: search.best_of(1)}
    search.all_of(1)
    sizes |= {k: search.best_of(k) for k in range(2, count + 1)}
    price = _median_cost(plan) if cost is None else cost
    needed = search.needed(price, sizes)
    wanted = _pays(needed, sizes) if modes is None else modes
    best, exact = sizes[wanted]
    more, beyond = search.more_money(best)
    singles = search.all_of(1)
    pairs = search.all_of(2) if count > 1 else ()
    known = [p for p in (*singles, *pairs) if p.price is not None or p.never]
    return Gaps(
        plan=plan,
        new=new,
        modes=wanted,
        best=best,
        best_exact=exact,
        more=more,
        beyond=beyond,
        needed=needed,
        singles=singles,
        pairs=pairs,
        by_size=tuple(profile for profile, _ in sizes.values()),
        finished=len(known) == len(singles) + len(pairs),
    )


class _Search:
    """The profiles of one plan, each built and priced once."""

    def __init__(self, plan: Plan, new: Assumed, deadline: Deadline, progress: Progress) -> None:
        self.plan, self.new = plan, new
        self.deadline, self.progress = deadline, progress
        self.search = replace(plan.engine.search, gap=0.0)
        self.ids = [mode.id for mode in modes_of(plan.scenario).modes]
        self.count = len(self.ids)
        self.markets: dict[int, Market] = {}
        self.prices: dict[Modes, Threshold] = {}
        self.exact: dict[int, bool] = {}
        self.leader: dict[int, Modes] = {}

    def market(self, size: int) -> Market:
        """All profiles of a size, or those next to the best of one mode less; by falling fall."""
        if size not in self.markets:
            every = math.comb(self.count, size) <= MOST_SETS
            if every:
                sets = list(combinations(range(self.count), size))
            else:
                before = self.leader[size - 1]
                rest = [j for j in range(self.count) if j not in before]
                sets = [tuple(sorted((*before, j))) for j in rest]
            self.exact[size] = every
            market = Market.of(self.plan, self.new, sets)
            order = sorted(range(len(sets)), key=lambda k: (-_round(market.falls[k]), sets[k]))
            self.markets[size] = Market.of(self.plan, self.new, [sets[k] for k in order])
        return self.markets[size]

    def price(self, size: int, number: int) -> Threshold:
        market = self.market(size)
        modes = market.profiles[number]
        if modes not in self.prices:
            found = UNKNOWN
            if not self.deadline.over():
                found = market.price(number, self.search, self.deadline)
            self.prices[modes] = found
        return self.prices[modes]

    def best_of(self, size: int) -> tuple[Profile, bool]:
        """The profile of a size with the highest price (ties: the larger fall), and whether it is
        that of all profiles of the size."""
        market = self.market(size)
        best, price = 0, self.price(size, 0)
        exact = self.exact[size] and price != UNKNOWN
        for number in range(1, len(market.profiles)):
            self.progress(f"gaps: {number} of {len(market.profiles)} profiles of {size} modes")
            if self.deadline.over():
                exact = False
                break
            ask = 0 if price.value is None else price.value + 1
            dearer = market.enters(number, ask, self.search, self.deadline)
            exact = exact and dearer is not None
            if dearer:
                best, price = number, self.price(size, number)
        self.leader[size] = market.profiles[best]
        return self.profile(size, best), exact

    def all_of(self, size: int) -> tuple[Profile, ...]:
        """Every profile of a size, priced while there is time."""
        market = self.market(size)
        for number in range(len(market.profiles)):
            self.progress(f"gaps: {number} of {len(market.profiles)} prices of {size} modes")
            self.price(size, number)
        return tuple(self.profile(size, number) for number in range(len(market.profiles)))

    def profile(self, size: int, number: int) -> Profile:
        market = self.market(size)
        price = self.prices.get(market.profiles[number], UNKNOWN)
        labels = market.plan.program.labels
        beside = tuple(sorted(labels[j] for j in price.stack if j < market.first))
        fall = market.falls[number]
        return Profile(
            modes=tuple(self.ids[j] for j in market.profiles[number]),
            fall=fall,
            left=market.value - fall,
            price=None if price.value is None else self.plan.money(price.value),
            never=price.never,
            stack=beside,
            displaces=tuple(x for x in self.plan.stack if x not in beside)
            if price.value is not None
            else (),
        )

    def needed(self, cost: int, sizes: dict[int, tuple[Profile, bool]]) -> Needed:
        """The least number of modes with a price of at least the cost, and who has it."""
        money = self.plan.money(cost)
        exact = True
        for size, (profile, every) in sizes.items():
            exact = exact and every
            if profile.price is None or profile.price < money:
                continue
            market, found = self.market(size), []
            for number, modes in enumerate(market.profiles):
                self.progress(f"gaps: who enters at {money}: {number} of {len(market.profiles)}")
                if self.deadline.over():
                    exact = False
                    break
                if market.enters(number, cost, self.search, self.deadline):
                    found.append(tuple(self.ids[j] for j in modes))
            return Needed(money, size, tuple(found) or (profile.modes,), exact)
        return Needed(money, None, (), exact)

    def more_money(self, profile: Profile) -> tuple[Decimal | None, bool]:
        """What the fall of a profile costs with what exists, beyond the budget; and whether no
        money buys it."""
        left = self.deadline.left()
        if profile.fall <= 0 or (left is not None and left <= 0):
            return None, False
        program = self.plan.question.program(None, profile.left)
        outcome = self.plan.question.engine(program, self.search).best(seconds=left)
        if outcome.infeasible:
            return None, True
        if outcome.stack is None or outcome.stop != "proven":
            return None, False
        budget = self.plan.budget or 0
        return self.plan.money(max(program.stack_cost(outcome.stack) - budget, 0)), False


def _round(number: float) -> float:
    """Equal for falls that differ by rounding alone."""
    return float(f"{number:.11e}")


def _pays(needed: Needed, sizes: dict[int, tuple[Profile, bool]]) -> int:
    """The fewest modes that are worth the cost; else that are worth anything; else all."""
    if needed.count is not None:
        return needed.count
    return next((size for size, (best, _) in sizes.items() if best.price), max(sizes))


def _median_cost(plan: Plan) -> int:
    """In units of account, half-even."""
    return units(Decimal(median(plan.program.cost)), 0) if plan.program.cost else 0


def _refuse(plan: Plan) -> None:
    modes_of(plan.scenario)
    if plan.by_depth:
        raise BadInput.option(
            "--objective",
            "What a new technique is worth is a risk, and depth is none.",
            "Write expected, cvar:0.95 or worst:1.",
        )
    if plan.budget is None:
        raise BadInput.option(
            "--budget", "What a new technique may cost depends on the budget.", "Give one."
        )
