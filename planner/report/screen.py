"""Standard output: pages for people, as wide as the terminal, and JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.containers import Lines
from rich.text import Text

#: Columns where there is no terminal to ask, and the bounds of what a page is laid out for.
PIPED = 100
NARROWEST = 40
WIDEST = 240
#: Where a word that does not fit may break.
_JOINTS = "-:_/"


class Screen:
    """Where pages go. Plain where it is no terminal, or NO_COLOR is set."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stdout if stream is None else stream
        self.width = width_of(self.stream)
        coloured = (
            self.stream.isatty()
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )
        self.console = Console(
            file=self.stream,
            width=self.width,
            color_system="auto" if coloured else None,
            force_terminal=coloured,
            force_jupyter=False,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def show(self, *parts: RenderableType) -> None:
        """Print the parts, without the blanks that fill up the lines."""
        with self.console.capture() as capture:
            for part in parts:
                self.console.print(part)
        for line in capture.get().splitlines():
            print(line.rstrip(), file=self.stream)


def width_of(stream: TextIO) -> int:
    """COLUMNS where it is set, else the terminal's width, else what suits a file."""
    written = os.environ.get("COLUMNS", "")
    if written.isascii() and written.isdigit() and int(written[:6]) > 0:
        width = int(written[:6])
    else:
        try:
            width = os.get_terminal_size(stream.fileno()).columns or PIPED
        except (OSError, ValueError):
            width = PIPED
    return max(NARROWEST, min(width, WIDEST))


class Words(Text):
    """Text whose words that are wider than their place break after a hyphen or a colon where they
    have one that fits, rather than anywhere."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        broken = " ".join(_broken(word, width) for word in self.plain.split(" "))
        if options.get("no_wrap") or self.spans or broken == self.plain:
            return super().wrap(console, width, **options)
        text = Text(broken, self.style, justify=self.justify, overflow=self.overflow)
        return text.wrap(console, width, **options)


def _broken(word: str, width: int) -> str:
    """The word with line ends after its joints, so that each part fits where it can.

    >>> _broken("awareness-evals:quarter", 12).split("\\n")
    ['awareness-', 'evals:', 'quarter']
    """
    lines, rest = [], word
    while cell_len(rest) > width:
        head = set_cell_size(rest, width)
        joint = max(head.rfind(mark) for mark in _JOINTS) + 1
        if not joint:
            break
        lines.append(rest[:joint])
        rest = rest[joint:]
    return "\n".join([*lines, rest])


def plain(text: str, style: str = "") -> Text:
    """User text, never markup; control characters are spelled out.

    >>> plain("[red]a\\x1bb").plain
    '[red]a\\\\x1bb'
    """
    return Words("".join(c if c.isprintable() else repr(c)[1:-1] for c in text), style)


def print_json(document: dict[str, Any]) -> None:
    print(as_json(document))


def as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, allow_nan=False, ensure_ascii=False, indent=2)
