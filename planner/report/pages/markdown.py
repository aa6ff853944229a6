"""A report as Markdown, for pasting: tables as pipes, pictures as what they show in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planner.report.pages.blocks import (
    Block,
    Facts,
    Fold,
    Picture,
    Points,
    Report,
    Slider,
    Table,
    Text,
)
from planner.report.wording import ASSUMPTION

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")


def text(report: Report) -> str:
    """The whole report. Names are escaped: none is read as a mark or as HTML."""
    lines = [f"# {_plain(report.title)}", ""]
    lines += [part for sentence in report.answer for part in (_plain(sentence), "")]
    for section in report.sections:
        lines += [f"## {_plain(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block, report.currency), ""]
    lines.append(ASSUMPTION)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _block(block: Block, currency: str) -> Iterator[str]:
    match block:
        case Text():
            yield f"**{_plain(block.text)}**" if block.strong else _plain(block.text)
        case Points():
            yield from (f"- {_plain(item)}" for item in block.items)
        case Facts():
            yield from (f"- {_plain(term)}: {_plain(value)}" for term, value in block.rows)
        case Picture():
            yield f"*Figure: {_plain(block.drawing.alt)}*"
        case Table():
            yield from _table(block, currency)
        case Fold():
            for inner in block.blocks:
                yield from _block(inner, currency)
                yield ""
        case Slider():
            return  # its plans stand in the table of points


def _table(block: Table, currency: str) -> Iterator[str]:
    unit = f" (amounts in {_plain(currency)})" if block.money else ""
    yield f"**{_plain(block.caption)}**{unit}"
    yield ""
    yield "| " + " | ".join(_plain(column.head) for column in block.columns) + " |"
    kinds = {"text": "---", "number": "---:", "mark": ":---:"}
    yield "| " + " | ".join(kinds[column.kind] for column in block.columns) + " |"
    for place, row in enumerate(block.rows):
        cells = [_plain(cell.text) for cell in row]
        if place in block.strong:
            cells = [f"**{cell}**" if cell.strip() else cell for cell in cells]
        yield "| " + " | ".join(cells) + " |"
    told = [f"{c.head}: {c.meaning}" for c in block.columns if c.meaning]
    if told:
        yield ""
        yield _plain(f"{'; '.join(told)}.")
    if block.note:
        yield ""
        yield _plain(block.note)


def _plain(words: str) -> str:
    """Text of a user, on one line, without a meaning of its own."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return _MARKS.sub(r"\\\1", line)
