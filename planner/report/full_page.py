"""The ranking in full, for people: shares, what would bring a technique in, how firm its rank is;
the two lists; what others' money covers."""

from __future__ import annotations

from rich.console import RenderableType

from planner.report import wording
from planner.report.rank_table import MARK
from planner.report.screen import plain
from planner.report.simple_table import section, table
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
    return [_techniques(full), _lists(full)]


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


def _techniques(full: FullRanking) -> RenderableType:
    firm = any(row.stability is not None for row in full.rows)
    heads = [
        "#",
        "technique",
        "in",
        "share of\nthe fall",
        "cost",
        "enters at\nprice",
        "enters at\nv times",
    ]
    if firm:
        heads += ["ranks", "in at"]
    rows = [_row(full, row, firm=firm) for row in full.rows]
    notes = [plain(note, "dim") for note in _notes(full, firm=firm)]
    shown = table(heads, rows, words=(1,), most=MOST_ROWS, what="techniques")
    return section("Every technique, in full", shown, *notes)


def _row(full: FullRanking, row: FullRow, *, firm: bool) -> list[str]:
    plan = full.plan
    cells = [
        wording.DASH if row.row.rank is None else str(row.row.rank),
        plan.question.settled.options[_option(full, row)].label,
        "paid" if row.row.committed else MARK if row.row.recommended else "",
        _share(full, row),
        wording.money(row.row.cost),
        _price(row),
        _factor(row),
    ]
    if firm:
        cells += _ranks(row)
    return cells


def _option(full: FullRanking, row: FullRow) -> int:
    settled = full.plan.question.settled
    return next(
        k
        for k in settled.options_of[row.row.technique]
        if settled.options[k].level == row.row.level
    )


def _share(full: FullRanking, row: FullRow) -> str:
    if row.shapley_share is None:
        return wording.DASH if row.shapley is None else "0%"
    text = wording.percent(row.shapley_share)
    if row.shapley_error:
        text += f" ± {wording.percent(row.shapley_error / full.shares.total)}"
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


def _notes(full: FullRanking, *, firm: bool) -> list[str]:
    found = []
    if full.shares.columns:
        how = "over all orders"
        if full.shares.orders is not None:
            how = f"over {full.shares.orders} random orders, ± one standard error"
        found.append(
            f"share of the fall: Shapley share of what the stack takes away "
            f"({wording.short(full.shares.total)}), among its own techniques, {how}."
        )
    if any(row.entry is not None for row in full.rows):
        found.append(
            "enters at price, at v times: the highest cost, and the largest factor on all its "
            "vulnerabilities, at which the best stack holds it, all else as it is; free: for "
            "nothing alone; never: not even for nothing, or with no vulnerability; ?: not known."
        )
    if firm:
        budgets = next(row.stability.budgets for row in full.rows if row.stability is not None)
        named = ", ".join(wording.money(full.plan.money(units)) for units in budgets)
        found.append(
            f"ranks, in at: over the budgets {named} (within {100 // SHARE}% of the plan's)."
        )
    return found


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
    told = lists.differences
    parts: list[RenderableType] = [
        plain(lists.sentence),
        table(heads, rows, words=(1, 3), most=MOST_ROWS, what="options"),
    ]
    if told:
        lines = [[row.sentence or ""] for row in told]
        parts.append(table(["why they differ"], lines, most=MOST_LISTED, what="differences"))
    return section("Two lists: by worth alone, and the best stack", *parts)


def _place(row: ListRow) -> str:
    return wording.DASH if row.place is None else str(row.place)
