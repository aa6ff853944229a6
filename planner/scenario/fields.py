"""Keys of a YAML mapping, each read as what it should hold; and the context of one reading."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from planner.scenario.folder import Holder
from planner.scenario.notes import Notes, Place, listed, nearest, shown
from planner.scenario.numbers import NotAValue, Use, parse_value, parse_whole
from planner.scenario.values import Value
from planner.scenario.yaml_text import Entries, Items, Node, Scalar


def flat(node: Node) -> str | None:
    """The one-line text of a scalar or of a distribution, None for any other node.

    `{pert: [1, 2, 3]}` reads the same in a YAML file and in a cell of a CSV table.
    """
    if isinstance(node, Scalar):
        return "" if node.blank else node.text
    if isinstance(node, Entries) and len(node.entries) == 1:
        key, inner = node.entries[0]
        if isinstance(inner, Items) and all(isinstance(i, Scalar) for i in inner.items):
            parts = [i.text for i in inner.items if isinstance(i, Scalar)]
            return f"{{{key.text}: [{', '.join(parts)}]}}"
        if (
            isinstance(inner, Entries)
            and key.text.strip().lower() == "mix"
            and all(isinstance(v, Scalar) for _, v in inner.entries)
        ):
            pairs = [f"{k.text}: {v.text}" for k, v in inner.entries if isinstance(v, Scalar)]
            return f"{{{key.text}: {{{', '.join(pairs)}}}}}"
    return None


class Fields:
    """The entries of one mapping; unknown keys are findings from the start."""

    def __init__(
        self,
        notes: Notes,
        file: str,
        node: Entries,
        prefix: str = "",
        known: Collection[str] | None = None,
    ) -> None:
        self.notes = notes
        self.file = file
        self.prefix = prefix
        self.line = node.line
        self._entries = {key.text: (key.line, inner) for key, inner in node.entries}
        for key in () if known is None else [k for k in self._entries if k not in known]:
            close = nearest(key, known or ())
            cure = f"Did you mean {close}?"
            if close is None:
                cure = f"Remove it, or write one of: {listed(sorted(known or ()))}."
            notes.add(self.place(key), f"{shown(key)} is not a known key.", cure)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def place(self, key: str | None = None) -> Place:
        """Where a key stands (where the mapping starts, for a key that is not there)."""
        if key is None:
            return Place(self.file, self.line, self.prefix.rstrip(".") or None)
        line = self._entries[key][0] if key in self._entries else self.line
        return Place(self.file, line, self.prefix + shown(key))

    def add(self, key: str, message: str, cure: str) -> None:
        """A finding about a key; the message reads on after its name."""
        self.notes.add(self.place(key), f"{shown(key)} {message}", cure)

    def node(self, key: str) -> Node | None:
        """What the key holds; None where it is absent, or blank (a finding)."""
        if key not in self._entries:
            return None
        node = self._entries[key][1]
        if isinstance(node, Scalar) and node.blank:
            self.add(key, "is blank.", "Write a value after it, or remove the line.")
            return None
        return node

    def text(self, key: str) -> str | None:
        """One value as text (a distribution in its one-line spelling)."""
        node = self.node(key)
        if node is None:
            return None
        text = flat(node)
        if text is None:
            self.add(key, "holds a list or a mapping.", "Write a single value.")
        return text

    def value(self, key: str, use: Use, default: Value) -> Value:
        """A value of the grammar; the default where it is absent or wrong."""
        text = self.text(key)
        if text is None:
            return default
        try:
            return parse_value(text, use)
        except NotAValue as error:
            self.add(key, error.message, error.cure)
            return default

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number within low..high."""
        text = self.text(key)
        if text is None:
            return default
        try:
            return parse_whole(text, low, high)
        except NotAValue as error:
            self.add(key, error.message, error.cure)
            return default

    def mapping(self, key: str, known: Collection[str] | None = None) -> Fields | None:
        """A mapping inside this one."""
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node, Entries):
            self.add(key, "should hold a mapping.", f"Write {shown(key)}: {{name: value}}.")
            return None
        inner = Entries(node.entries, self.place(key).row or node.line)
        return Fields(self.notes, self.file, inner, f"{self.prefix}{shown(key)}.", known)

    def items(self, key: str) -> list[Node]:
        """The items of a list."""
        node = self.node(key)
        if node is None:
            return []
        if not isinstance(node, Items):
            self.add(key, "should hold a list.", f"Write {shown(key)}: [a, b].")
            return []
        return list(node.items)

    def texts(self, key: str) -> list[tuple[str, Place]]:
        """The items of a list of names, each with its place; twice the same is a finding."""
        found: list[tuple[str, Place]] = []
        seen: set[str] = set()
        for item in self.items(key):
            place = self.place(key)._replace(row=item.line)
            if not isinstance(item, Scalar):
                self.notes.add(place, f"{key} holds a list or a mapping.", "Write plain names.")
            elif item.text in seen:
                self.notes.add(place, f"{shown(item.text)} is listed twice.", "Keep it once.")
            else:
                seen.add(item.text)
                found.append((item.text.strip(), place))
        return found


@dataclass(frozen=True)
class Context:
    """What every part of one reading needs: findings, what holds the tables, top-level keys."""

    notes: Notes
    folder: Holder
    top: Fields

    @property
    def file(self) -> str:
        return self.top.file
