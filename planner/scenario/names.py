"""Ids, names, and the register of what a scenario defines."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from planner.scenario.notes import Notes, Place, fold, shown

LONGEST_ID = 100
LONGEST_NAME = 200

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_id(text: str, place: Place, notes: Notes) -> bool:
    """Whether the text may be an id; a finding where it may not."""
    if _ID.fullmatch(text):
        return True
    if not text:
        notes.add(place, "The id is blank.", "Write a short id such as debate.")
    elif len(text) > LONGEST_ID:
        notes.add(
            place,
            f"The id {shown(text)} has {len(text)} characters.",
            f"Write at most {LONGEST_ID}; the long text may be its name.",
        )
    else:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")
        notes.add(
            place,
            f"{shown(text)} is not an id: ids are made of letters a-z, digits, _ and -.",
            f"Write {plain}." if plain else "Write a short id such as debate.",
        )
    return False


def check_name(text: str, place: Place, notes: Notes) -> None:
    """Names are free text, of a length that fits a table and without hidden characters."""
    hidden = _BIDI.search(text)
    odd = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")), None)
    if not text.strip():
        notes.add(place, "The name is blank.", "Write a name, or leave it out.")
    elif len(text) > LONGEST_NAME:
        notes.add(
            place,
            f"The name has {len(text)} characters.",
            f"Write at most {LONGEST_NAME}.",
        )
    elif hidden:
        notes.add(
            place,
            f"The name {shown(text)} holds a character that turns the direction of text "
            f"(U+{ord(hidden[0]):04X}).",
            "Remove it.",
        )
    elif odd is not None:
        notes.add(
            place,
            f"The name {shown(text)} holds a control character (U+{ord(odd):04X}).",
            "Write it on one line, without control characters.",
        )


@dataclass
class Register:
    """The ids of one kind. Not `complete` where their table could not be read in full: names that
    are not there are then no findings, since they may stand in what was not read."""

    what: str
    places: dict[str, Place] = field(default_factory=dict)
    complete: bool = True
    _folded: dict[str, str] = field(default_factory=dict)

    def __contains__(self, id: str) -> bool:
        return id in self.places

    def define(self, id: str, place: Place, notes: Notes) -> bool:
        """Enter a new id; False after a finding."""
        before = self._folded.get(fold(id))
        if before is not None:
            row = self.places[before].row
            alike = "" if before == id else f" (there as {shown(before)}, which looks the same)"
            notes.add(
                place,
                f"The {self.what} {shown(id)} is defined twice, on lines {row} and {place.row}"
                f"{alike}.",
                "Remove one of the two, or rename it.",
            )
            return False
        if not is_id(id, place, notes):
            self.complete = False
            return False
        self._folded[fold(id)] = id
        self.places[id] = place
        return True

    def known(self, id: str, place: Place, notes: Notes) -> bool:
        """Whether the id is defined; a finding with the nearest one where it is not."""
        if id in self.places:
            return True
        if self.complete:
            notes.unknown(place, self.what, id, self.places)
        return False


class NameWatch:
    """Warns of two things that a reader could not tell apart by name."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._seen: dict[str, str] = {}

    def see(self, id: str, name: str, place: Place, notes: Notes) -> None:
        other = self._seen.setdefault(fold(name), id)
        if other != id:
            notes.warn(
                place,
                f"The {self.what}s {shown(other)} and {shown(id)} have the same name.",
                "Give each its own name.",
            )
