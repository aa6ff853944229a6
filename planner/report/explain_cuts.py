"""Cut sets on the page: which sets of modes defeat everything. No probability enters."""

from __future__ import annotations

from rich.console import RenderableType

from planner.report import wording
from planner.report.screen import plain
from planner.report.simple_table import MOST, listed, more, section, table
from planner.risk.cutsets import MOST_SETS, CutReading, CutSets
from planner.study.explain import Explanation, Subject


def cuts_section(explanation: Explanation) -> RenderableType:
    """By order, with depth, single points of failure and uncertain cells."""
    stack, everything = explanation.stack, explanation.everything
    own = _found(stack)
    return section(
        "Which modes defeat everything (needs no probability)",
        table(
            ["", "depth", "if ? hold", "if ? fail", "single points", "minimal cut sets"],
            [_row(stack), _row(everything)],
            words=(0, 4, 5),
        ),
        plain(f"A cell counts as failing from {own.threshold:g} on; ? are the uncertain cells."),
        *_sets(own),
        *_cells(own),
        *_counts(explanation),
    )


def _found(subject: Subject) -> CutSets:
    assert subject.cut_sets is not None
    return subject.cut_sets


def _row(subject: Subject) -> list[str]:
    found = _found(subject)
    orders = [f"{count} of order {order}" for order, count in found.counts]
    if not found.complete:
        orders.append("larger ones not looked for")
    return [
        subject.name,
        _depth(found.depth),
        _reading(found.if_hold),
        _reading(found.if_fail),
        ", ".join(found.single) or "none",
        ", ".join(orders) if found.techniques else wording.DASH,
    ]


def _depth(depth: int | None) -> str:
    return "no cut set" if depth is None else str(depth)


def _reading(reading: CutReading) -> str:
    return _depth(reading.depth)


def _sets(found: CutSets) -> list[RenderableType]:
    if not found.techniques:
        return [plain("The stack is empty: any world defeats it.")]
    if not found.sets:
        return [plain("No set of modes defeats every technique of the stack.")]
    text = "; ".join("{" + ", ".join(cut) + "}" for cut in found.sets[:MOST])
    parts: list[RenderableType] = [plain(f"Minimal cut sets of the stack: {text}.")]
    total = sum(count for _, count in found.counts)
    if total > MOST:
        kept = min(total, MOST_SETS)
        parts.append(
            more(total - MOST)
            if kept == total
            else plain(f"and {total - MOST:,} more ({kept:,} of them in --json / --out)", "dim")
        )
    return parts


def _cells(found: CutSets) -> list[RenderableType]:
    """The uncertain cells of the stack, the deciding ones first."""
    if not found.uncertain:
        return [plain("No cell of the stack is uncertain.")]
    cells = sorted(found.uncertain, key=lambda cell: not cell.decides)
    rows = [
        [
            cell.technique,
            cell.mode,
            cell.symbol or "range",
            "fails" if cell.fails else "holds",
            _both(cell.if_holds),
            _both(cell.if_fails),
            "yes" if cell.decides else "no",
        ]
        for cell in cells
    ]
    heads = [
        "technique",
        "mode",
        "cell",
        "counts as",
        "depth if\nit holds",
        "if it\nfails",
        "decides",
    ]
    deciding = wording.count(len(found.deciding), "uncertain cell")
    verb = "decides" if len(found.deciding) == 1 else "decide"
    head = (
        f"{deciding} of the stack {verb} something alone."
        if found.deciding
        else ("No uncertain cell of the stack decides anything alone.")
    )
    return [plain(head), table(heads, rows, words=(0, 1), what="cells")]


def _both(reading: CutReading) -> str:
    """`1 (al-gen)`: the depth, and the single points where there are any."""
    if not reading.single:
        return _depth(reading.depth)
    return f"{_depth(reading.depth)} ({listed(reading.single, 2)})"


def _counts(explanation: Explanation) -> list[RenderableType]:
    """How many techniques each mode defeats."""
    own, everything = _found(explanation.stack), _found(explanation.everything)
    stack = {column.mode: column for column in own.columns}
    columns = sorted(everything.columns, key=lambda c: (-c.fails, -c.if_fail))
    rows = [
        [
            c.mode,
            f"{stack[c.mode].fails} of {len(own.techniques)}",
            f"{c.fails} of {len(everything.techniques)}",
            f"{c.if_hold}..{c.if_fail}" if c.if_hold != c.if_fail else str(c.if_fail),
        ]
        for c in columns
    ]
    heads = ["mode", "defeats of\nthe stack", "of all", "? as holds..\nas fails"]
    return [table(heads, rows, what="modes")]
