"""The ranking in full: to each row of the ranking its Shapley share, what would bring it in, and
how firm its rank is; the two lists; what others' money covers.

Costs more solves than the ranking, so that it is asked for apart. What is not finished in time is
None, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.plan import Plan
from planner.solve.master import Deadline
from planner.solve.search import Progress, Search, silent
from planner.study.committed import Committed, committed
from planner.study.entry import STEPS, UNKNOWN, Threshold, entry_price, entry_vulnerability
from planner.study.ranking import Ranking, RankRow
from planner.study.shapley import Shares, shares
from planner.study.stability import Stability, stability
from planner.study.two_lists import TwoLists, two_lists

if TYPE_CHECKING:
    import pandas as pd

#: Seconds for all of it, where no time limit is given.
SECONDS = 60.0


@dataclass(frozen=True)
class Entry:
    """What would bring a technique outside the stack into it.

    price            in the currency, of the level shown: at it the technique enters, a unit of
                     account above it does not; None where `never_by_price`, or not known
    price_stack      labels of the best stack at that price
    factor           on its vulnerabilities, to 1 / 10,000: at it the technique enters at its own
                     cost, at the next step up it does not; None where `never_by_factor`, or not
                     known
    """

    price: Decimal | None
    never_by_price: bool
    price_stack: tuple[str, ...]
    factor: float | None
    never_by_factor: bool


@dataclass(frozen=True)
class FullRow:
    """One technique: its row of the ranking, and

    shapley        its share of the fall of the objective by the stack, as an amount; of the
                   stack's own alone, `shapley_error` its standard error (0 where exact)
    shapley_share  the same as a share of the whole fall
    entry          of the rest alone
    stability      ranks with a tenth less and more money; None without a budget
    """

    row: RankRow
    shapley: float | None
    shapley_error: float | None
    shapley_share: float | None
    entry: Entry | None
    stability: Stability | None


@dataclass(frozen=True, eq=False)
class FullRanking:
    """Rows in the order of the ranking; `committed` is None where nobody else pays."""

    ranking: Ranking
    rows: tuple[FullRow, ...]
    shares: Shares
    lists: TwoLists
    committed: Committed | None

    @property
    def plan(self) -> Plan:
        return self.ranking.plan

    def entry_sentence(self, row: FullRow) -> str | None:
        """What would bring it in, in words; None for what is in, or not known."""
        entry = row.entry
        if entry is None:
            return None
        parts = [part for part in (self._by_price(row, entry), self._by_factor(entry)) if part]
        if entry.never_by_price and entry.never_by_factor:
            return f"{row.row.technique} would not enter even for nothing, nor if nothing beat it."
        return f"{row.row.technique} {'; '.join(parts)}." if parts else None

    def _by_price(self, row: FullRow, entry: Entry) -> str | None:
        currency = self.plan.scenario.currency
        if entry.never_by_price:
            return "would not enter even for nothing"
        if entry.price is None:
            return None
        if not entry.price:
            return f"would enter only for nothing (it costs {row.row.cost.normalize():f})"
        price = f"{entry.price.normalize():f} {currency}".strip()
        return f"would enter at {price} or less (it costs {row.row.cost.normalize():f})"

    @staticmethod
    def _by_factor(entry: Entry) -> str | None:
        if entry.never_by_factor:
            return "at its cost it would not enter even if no mode could beat it"
        if entry.factor is None:
            return None
        return f"at its cost it would enter with its vulnerabilities times {entry.factor:.4g}"

    def to_dict(self) -> dict[str, Any]:
        """The keys that `--full` adds to those of the plan; `ranking` with keys added to it."""
        rows = []
        for row, plain in zip(self.rows, self.ranking.to_dict(), strict=True):
            rows.append({**plain, **self._added(row)})
        return {
            "ranking": rows,
            "shapley": {
                "of": [self.plan.program.labels[j] for j in self.shares.columns],
                "total": self.shares.total,
                "exact": self.shares.orders is None,
                "orders": self.shares.orders,
            },
            "two_lists": self.lists.to_dict(),
            "paid_by_others": None if self.committed is None else self.committed.to_dict(),
        }

    def _added(self, row: FullRow) -> dict[str, Any]:
        entry, firm = row.entry, row.stability
        return {
            "shapley": row.shapley,
            "shapley_error": row.shapley_error,
            "shapley_share": row.shapley_share,
            "entry_price": None if entry is None or entry.price is None else float(entry.price),
            "entry_price_never": None if entry is None else entry.never_by_price,
            "entry_price_stack": None if entry is None else list(entry.price_stack),
            "entry_vulnerability": None if entry is None else entry.factor,
            "entry_vulnerability_never": None if entry is None else entry.never_by_factor,
            "entry": self.entry_sentence(row),
            "rank_low": None if firm is None else firm.rank_low,
            "rank_high": None if firm is None else firm.rank_high,
            "in_at_budgets": None if firm is None else firm.held,
            "budgets_tried": None
            if firm is None
            else [float(self.plan.money(units)) for units in firm.budgets],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a technique, in rank order; lists as text."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = self.to_dict()["ranking"]
        for row in rows:
            for key in ("entry_price_stack", "budgets_tried"):
                row[key] = None if row[key] is None else ", ".join(map(str, row[key]))
        frame = pd.DataFrame(rows)
        frame["rank"] = frame["rank"].astype("Int64")
        return frame[["technique", *(c for c in frame.columns if c != "technique")]]


def rank_in_full(
    ranking: Ranking,
    *,
    seconds: float = SECONDS,
    seed: int = 0,
    progress: Progress = silent,
) -> FullRanking:
    """All that can be said of the rows of a ranking, within so many seconds.

    Entry prices come first, then the ranks at other budgets, then entry vulnerabilities: those of
    the techniques that are nearest to entering first. `seed` draws the orders of Shapley shares
    where the stack is too large for all of them.

    Raises LimitHit where the rules ask for a start of the first of the two lists that was not
    found in time.
    """
    plan, deadline = ranking.plan, Deadline(seconds)
    search = Search(solver=plan.engine.search.solver, gap=0.0, time_limit=seconds)
    column = {plan.program.technique[j]: j for j in plan.columns}
    found = shares(plan.program, plan.columns, seed=seed)
    lists = two_lists(plan, search)
    others = committed(plan, search)
    number = {technique.id: i for i, technique in enumerate(plan.scenario.techniques)}
    outside = [row for row in ranking.rows if not row.recommended and not row.committed]
    prices: dict[str, Threshold] = {}
    for done, row in enumerate(outside):
        progress(f"entry prices: {done} of {len(outside)}")
        prices[row.technique] = (
            UNKNOWN if deadline.over() else entry_price(plan, _column(plan, row, number), deadline)
        )
    firm = stability(ranking, Deadline(_half(deadline)), progress)
    factors: dict[str, Threshold] = {}
    for done, row in enumerate(outside):
        progress(f"entry vulnerabilities: {done} of {len(outside)}")
        i = number[row.technique]
        factors[row.technique] = (
            UNKNOWN if deadline.over() else entry_vulnerability(plan, i, deadline)
        )
    rows = []
    for row in ranking.rows:
        j = column.get(number[row.technique])
        entry = None
        if row.technique in prices:
            entry = _entry(plan, prices[row.technique], factors[row.technique])
        rows.append(
            FullRow(
                row=row,
                shapley=None if j is None else found.amount(j),
                shapley_error=None if j is None else found.error(j),
                shapley_share=None if j is None else found.share(j),
                entry=entry,
                stability=firm.get(row.technique),
            )
        )
    return FullRanking(ranking, tuple(rows), found, lists, others)


def _column(plan: Plan, row: RankRow, number: dict[str, int]) -> int:
    """The column of the level that a row shows."""
    options = plan.question.settled.options
    return next(
        j
        for j, technique in enumerate(plan.program.technique)
        if technique == number[row.technique] and options[plan.program.option[j]].level == row.level
    )


def _entry(plan: Plan, price: Threshold, factor: Threshold) -> Entry:
    return Entry(
        price=None if price.value is None else plan.money(price.value),
        never_by_price=price.never,
        price_stack=tuple(sorted(plan.program.labels[j] for j in price.stack)),
        factor=None if factor.value is None else factor.value / STEPS,
        never_by_factor=factor.never,
    )


def _half(deadline: Deadline) -> float:
    return max(deadline.left() or 0.0, 0.0) / 2
