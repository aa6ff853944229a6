"""The ranking in full, for people: shares, what would bring a technique in, how firm its rank is;
the two lists; what others' money covers."""

from __future__ import annotations

from rich.console import Group, RenderableType

from planner.report import wording
from planner.report.screen import plain
from planner.report.simple_table import listed, section, table
from planner.report.tables import csv_text, frame_csv
from planner.study.committed import Committed
from planner.study.full_ranking import FullRanking, FullRow
from planner.study.stability import SHARE
from planner.study.two_lists import ListRow, TwoLists

#: Rows of a table of techniques, and of either list.
MOST_ROWS = 30
MOST_LISTED = 12


def page(full: FullRanking) -> list[RenderableType]:
    """All of it but what others pay for, which stands with the plan."""
    return [_inside(full), _outside(full), _lists(full)]


def full_csv(full: FullRanking) -> str:
    """One row a technique, in rank order."""
    return frame_csv(full.to_frame())


def lists_csv(lists: TwoLists) -> str:
    """One row an option, in the order of worth alone."""
    head = list(ListRow.__dataclass_fields__)
    return csv_text(head, [[getattr(row, name) for name in head] for row in lists.rows])


def committed_part(found: Committed, stack: str) -> RenderableType:
    """What others' money covers and what this stack adds; `stack` names it in its heading."""
    rows = [
        [
            one.option,
            ", ".join(one.covers) or wording.DASH,
            wording.digits(one.alone),
            wording.digits(one.dropped),
        ]
        for one in found.paid
    ]
    return section(
        f"What others pay for, and what {stack} adds",
        *(plain(sentence) for sentence in found.sentences),
        table(
            ["paid by others", "withstands", "fall by it alone", "rise without it"],
            rows,
            words=(0, 1),
            what="techniques",
        ),
    )


# Techniques.


def _inside(full: FullRanking) -> RenderableType:
    """Who brings how much of what the stack takes away."""
    rows = [
        [*_head(full, row), _share(full, row), *_ranks(row)]
        for row in full.rows
        if row.row.recommended
    ]
    if not rows:
        return section("What each technique of the stack brings", plain("The stack is empty."))
    how = "over all orders"
    if full.shares.orders is not None:
        how = f"over {full.shares.orders} random orders, ± one standard error"
    note = (
        f"share of the fall: Shapley share of what the stack takes away "
        f"({wording.short(full.shares.total)}), among its own techniques, {how}. {_firm(full)}"
    )
    heads = ["#", "technique", "cost", "share of\nthe fall", "ranks", "in at"]
    shown = table(heads, rows, words=(1,), most=MOST_ROWS, what="techniques")
    return section("What each technique of the stack brings", shown, plain(note.strip(), "dim"))


def _outside(full: FullRanking) -> RenderableType:
    """What would bring in each technique that is left out."""
    rows = [
        [*_head(full, row), _price(row), _factor(row), *_ranks(row)]
        for row in full.rows
        if row.entry is not None
    ]
    if not rows:
        return Group()
    heads = ["#", "technique", "cost", "enters\nat price", "or at\nv times", "ranks", "in at"]
    note = (
        "enters at price, or at v times: the highest cost, and the largest factor on all its "
        "vulnerabilities, at which the best stack holds it, all else as it is; free: for nothing "
        "alone; never: not even for nothing, or with no vulnerability; ?: not known. "
    )
    shown = table(heads, rows, words=(1,), most=2 * MOST_ROWS, what="techniques")
    return section("What would bring in the others", shown, plain(note + _firm(full), "dim"))


def _head(full: FullRanking, row: FullRow) -> list[str]:
    settled = full.plan.question.settled
    label = next(
        settled.options[k].label
        for k in settled.options_of[row.row.technique]
        if settled.options[k].level == row.row.level
    )
    rank = wording.DASH if row.row.rank is None else str(row.row.rank)
    return [rank, label, wording.money(row.row.cost)]


def _firm(full: FullRanking) -> str:
    budgets = next((row.stability.budgets for row in full.rows if row.stability is not None), None)
    if budgets is None:
        return ""
    named = ", ".join(wording.money(full.plan.money(units)) for units in budgets)
    return f"ranks, in at: over the budgets {named} (within {100 // SHARE}% of the plan's)."


def _share(full: FullRanking, row: FullRow) -> str:
    if row.shapley_share is None:
        return wording.DASH if row.shapley is None else "0%"
    text = wording.percent(row.shapley_share)
    if row.shapley_error:
        text += f" ± {row.shapley_error / full.shares.total * 100:.1g}%"
    return text


def _price(row: FullRow) -> str:
    if row.entry is None:
        return wording.DASH
    if row.entry.never_by_price:
        return "never"
    if row.entry.price is None:
        return "?"
    return f"≤ {wording.money(row.entry.price)}" if row.entry.price else "free"


def _factor(row: FullRow) -> str:
    if row.entry is None:
        return wording.DASH
    if row.entry.never_by_factor:
        return "never"
    return "?" if row.entry.factor is None else f"≤ {row.entry.factor:.4g}"


def _ranks(row: FullRow) -> list[str]:
    firm = row.stability
    if firm is None or firm.rank_low is None:
        return [wording.DASH, wording.DASH]
    ranks = str(firm.rank_low)
    if firm.rank_high != firm.rank_low:
        ranks += f" to {firm.rank_high}"
    return [ranks, f"{firm.held} of {len(firm.budgets)}"]


# The two lists.


def _lists(full: FullRanking) -> RenderableType:
    lists = full.lists
    alone = [row for row in lists.rows if row.alone]
    best = sorted((row for row in lists.rows if row.best), key=lambda row: row.option)
    length = max(len(alone), len(best))
    rows = []
    for k in range(length):
        first = alone[k] if k < len(alone) else None
        second = best[k] if k < len(best) else None
        rows.append(
            [
                "" if first is None else _place(first),
                "" if first is None else first.option,
                "" if first is None else wording.short(first.per_cost, 3),
                "" if second is None else second.option,
                "" if second is None else _place(second),
                "" if second is None else wording.short(second.per_cost, 3),
            ]
        )
    heads = ["#", "by worth alone", "per money", "best stack", "# alone", "per money"]
    told = [row for row in lists.differences if not row.level]
    parts: list[RenderableType] = [
        plain(lists.sentence),
        table(heads, rows, words=(1, 3), most=MOST_LISTED, what="options"),
    ]
    if told:
        lines = [[row.sentence or ""] for row in told]
        parts.append(table(["why they differ"], lines, most=MOST_LISTED, what="differences"))
    moved = [row.option for row in lists.differences if row.level and row.best]
    if moved:
        parts.append(plain(f"In both, but at another level in the best stack: {listed(moved)}."))
    return section("Two lists: by worth alone, and the best stack", *parts)


def _place(row: ListRow) -> str:
    return wording.DASH if row.place is None else str(row.place)
