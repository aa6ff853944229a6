"""Findings and warnings, gathered while a scenario is read.

A message says the cause, a cure says what to write instead. Nothing here stops the reading: all
findings come in one list, at the end.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import NamedTuple

from planner.errors import BadInput, Finding, LimitHit

#: Findings beyond this many are counted, not listed: a person mends the first and reads again.
MOST_FINDINGS = 1000
#: Names in a cure that lists what there is.
MOST_LISTED = 8
#: Searches for a nearest name among many, which are slow, are made this often.
MOST_SEARCHES = 50


class CellRow(int):
    """A row of a sheet that also knows the cell meant; in text and in sums it is the row."""

    sheet: str
    letters: str

    def __new__(cls, row: int, sheet: str, letters: str) -> CellRow:
        self = super().__new__(cls, row)
        self.sheet = sheet
        self.letters = letters
        return self

    def named(self, heading: str | None) -> str:
        """`techniques!C4 (cost)`"""
        cell = f"{self.sheet}!{self.letters}{int(self)}"
        own = (heading or "").removeprefix(f"{self.sheet}.")
        return f"{cell} ({own})" if own else cell


class Place(NamedTuple):
    """Where something stands: file, 1-based line (a CellRow in a sheet), and column or key."""

    file: str
    row: int | None = None
    column: str | None = None


def printable(text: str) -> str:
    """Text in which control characters, turns of direction and the like are spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def shown(text: str) -> str:
    """User text, short and printable, for use inside a message."""
    return printable(text if len(text) <= 60 else text[:57] + "...")


def plain(place: Place) -> Place:
    """The place as a finding shows it: a cell of a sheet named in the column."""
    row, column = place.row, place.column
    if isinstance(row, CellRow):
        column = row.named(column)
    column = None if column is None else printable(column)
    return Place(printable(place.file), None if row is None else int(row), column)


def _finding(place: Place, message: str, cure: str) -> Finding:
    return Finding(*plain(place), printable(message), printable(cure))


def _order(finding: Finding) -> tuple[str, int]:
    """Sheet by sheet, line by line."""
    sheet, mark, _ = (finding.column or "").rpartition("!")
    return (sheet if mark else "", finding.row or 0)


def fold(text: str) -> str:
    """Text without case, space and Unicode variants: what a person would take for the same."""
    if text.isascii():
        return "".join(text.lower().split())
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s\u200b-\u200f\ufeff]+", "", text)


def nearest(word: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known name that the word was most likely meant to be, or None."""
    folded = {fold(name): name for name in reversed(list(known))}
    found = difflib.get_close_matches(fold(word[:100]), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def listed(names: Sequence[str]) -> str:
    """`a, b, c and 12 more`."""
    text = ", ".join(map(shown, names[:MOST_LISTED]))
    rest = len(names) - MOST_LISTED
    return f"{text} and {rest} more" if rest > 0 else text


class Notes:
    """The findings and warnings of one reading."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.warnings: list[Finding] = []
        self._unlisted = 0
        self._too_large = False
        self._searches = 0

    def add(self, place: Place, message: str, cure: str) -> None:
        """Something wrong: the scenario is rejected once all has been read."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(_finding(place, message, cure))
        else:
            self._unlisted += 1

    def too_large(self, place: Place, message: str, cure: str) -> None:
        """More than is read: no fault of the content, but the end of the reading."""
        self._too_large = True
        self.add(place, message, cure)

    def warn(self, place: Place, message: str, cure: str) -> None:
        """Something odd that is accepted; the report repeats it."""
        if len(self.warnings) < MOST_FINDINGS:
            self.warnings.append(_finding(place, message, cure))

    def unknown(self, place: Place, what: str, word: str, known: Collection[str]) -> None:
        """A name that nothing bears, answered with the nearest known one."""
        self.add(place, f"{shown(word)} is not a known {what}.", self.suggest(word, known))

    def suggest(self, word: str, known: Collection[str]) -> str:
        """`Did you mean x?`, or the list of what there is."""
        self._searches += 1
        if len(known) <= 200 or self._searches <= MOST_SEARCHES:
            close = nearest(word, known)
            if close is not None:
                return f"Did you mean {shown(close)}?"
        if not known:
            return "None is defined here; remove it."
        return f"Write one of: {listed(sorted(known))}."

    def stop_if_any(self) -> None:
        """Raise BadInput with all findings, file by file and line by line; LimitHit where one of
        them is a size that is more than is read."""
        if not self.findings:
            return
        files = {name: k for k, name in enumerate(dict.fromkeys(f.file for f in self.findings))}
        findings = sorted(self.findings, key=lambda f: (files[f.file], *_order(f)))
        if self._unlisted:
            findings.append(
                Finding(
                    findings[-1].file,
                    None,
                    None,
                    f"There are {self._unlisted} more findings.",
                    "Mend those above first, then read the scenario again.",
                )
            )
        error = BadInput.of(findings)
        if self._too_large:
            raise LimitHit(str(error), error.findings)
        raise error
