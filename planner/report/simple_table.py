"""Tables of a page: one look, cut where they are long."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from planner.report.screen import plain

#: Rows of a long table that a page shows.
MOST = 10


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: Sequence[int] = (0,),
    most: int | None = MOST,
    what: str = "",
) -> RenderableType:
    """Rows under their heads, after a blank line.

    Columns in `words` hold text that folds, the others numbers.
    Rows beyond `most` give way to a note that counts them.
    """
    view = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
        collapse_padding=True,
        show_edge=False,
    )
    for place, head in enumerate(heads):
        if place in words:
            least = 6 if place else _longest_word(rows)
            view.add_column(head, overflow="fold", min_width=least, vertical="top")
        else:
            view.add_column(head, justify="right", no_wrap=True, vertical="top")
    shown = rows if most is None else rows[:most]
    for row in shown:
        view.add_row(*map(plain, row))
    if len(shown) == len(rows):
        return Group(Text(), view)
    return Group(Text(), view, more(len(rows) - len(shown), what))


def _longest_word(rows: Sequence[Sequence[str]]) -> int:
    """What the first column needs so that plain words stay whole: 6 to 9 characters."""
    words = [word for row in rows if row for word in row[0].split()]
    return max(6, min(9, max(map(len, words), default=0)))


def more(count: int, what: str = "") -> Text:
    """`and 11 more (all in --json / --out)`"""
    named = f" {what}" if what else ""
    return plain(f"and {count:,} more{named} (all in --json / --out)", "dim")


def section(title: str, *parts: RenderableType) -> RenderableType:
    """A part of a page under its heading, after a blank line; sentences stand clear of the
    tables before them."""
    spaced: list[RenderableType] = []
    for place, part in enumerate(parts):
        if place and isinstance(part, Text) and isinstance(parts[place - 1], Group):
            spaced.append(Text())
        spaced.append(part)
    return Group(Text(), plain(title, "bold"), *spaced)


def listed(names: Sequence[str], most: int = 30) -> str:
    """Names in a row, `nothing` where there are none."""
    text = ", ".join(names[:most]) or "nothing"
    return text if len(names) <= most else f"{text} and {len(names) - most} more"


def moved(names: Sequence[str], most: int = 4) -> str:
    """Options that enter or leave, in a cell: their names, or where they are many their number."""
    return ", ".join(names) if len(names) <= most else f"{len(names)} options"
