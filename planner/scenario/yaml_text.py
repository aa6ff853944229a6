"""YAML text -> a small tree of frozen nodes with line numbers.

Every scalar stays the text that was written: `no`, `1e-9`, `010` and dates mean what the field
that holds them expects. Anchors, aliases, merge keys and tags are refused: a scenario says what it
holds where it holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from planner.scenario.notes import Notes, Place, shown
from planner.scenario.plain_text import decode

LARGEST_YAML = 4 * 2**20
DEEPEST = 50

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_SURROGATE_OR_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Scalar:
    """One value as text; `quoted` where it stood in quotes or in a block."""

    text: str
    quoted: bool
    line: int

    @property
    def blank(self) -> bool:
        """Nothing, `~` or `null`, outside quotes; or quotes around nothing."""
        return not self.text.strip() or (not self.quoted and self.text in _NULL)


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Entries:
    """A mapping, in the order written; keys are unique."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int


Node: TypeAlias = Scalar | Items | Entries


@dataclass
class _Open:
    """A list or mapping whose end has not come yet."""

    line: int
    is_list: bool
    children: list[Node] = field(default_factory=list)


def read_yaml(data: bytes, file: str, notes: Notes) -> Node | None:
    """The tree of the one document, or None where findings leave nothing to go on with."""
    text = decode(data, file, LARGEST_YAML, notes)
    if text is None:
        return None
    tree: Node | None = None
    try:
        tree = _Tree(file, notes).build(text)
    except MarkedYAMLError as error:
        _explain(error, text, file, notes)
    except (YAMLError, ValueError, OverflowError, LookupError, TypeError, AttributeError):
        # The parser lets a few malformed escapes and directives through to Python's own errors.
        place = Place(file)
        notes.add(place, "The file cannot be read as YAML.", "Check its escapes and directives.")
    return tree


class _Stop(Exception):
    """A finding after which the rest of the document means nothing."""


class _Tree:
    """Builds nodes from parser events, without recursion, so that depth costs no stack."""

    def __init__(self, file: str, notes: Notes) -> None:
        self.file = file
        self.notes = notes
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0
        self.usable = True

    def build(self, text: str) -> Node | None:
        events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        try:
            for event in events:
                self._take(event, event.start_mark.line + 1)
        except _Stop:
            return None
        blank = isinstance(self.root, Scalar) and self.root.blank
        if self.root is None or blank:
            self._add(None, "The file is empty.", "Start it with `planner: 1`.")
            return None
        return self.root if self.usable else None

    def _take(self, event: Any, line: int) -> None:
        match event:
            case DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self._add(
                        line,
                        "The file holds several documents.",
                        "Keep one, and remove the lines that are `---`.",
                    )
                    raise _Stop
            case AliasEvent():
                self._add(
                    line,
                    f"*{shown(event.anchor)} is an alias; aliases are not read.",
                    "Write the value out where it is needed.",
                )
                self.usable = False
                self._close(Scalar("", False, line))
            case ScalarEvent():
                self._decorations(event, line)
                self._close(self._scalar(event, line))
            case SequenceStartEvent() | MappingStartEvent():
                self._decorations(event, line)
                if len(self.open) >= DEEPEST:
                    self._add(
                        line,
                        f"The file nests more than {DEEPEST} levels deep.",
                        "Check for brackets or indents that are never closed.",
                    )
                    raise _Stop
                self.open.append(_Open(line, isinstance(event, SequenceStartEvent)))
            case SequenceEndEvent() | MappingEndEvent():
                done = self.open.pop()
                items = tuple(done.children)
                self._close(Items(items, done.line) if done.is_list else self._mapping(done))
            case _:
                pass

    def _close(self, node: Node) -> None:
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node

    def _scalar(self, event: Any, line: int) -> Scalar:
        text: str = event.value
        found = _SURROGATE_OR_CONTROL.search(text)
        if found:
            self._add(
                line,
                f"The text {shown(text)} holds a control character (U+{ord(found[0]):04X}).",
                "Remove it.",
            )
            text = _SURROGATE_OR_CONTROL.sub("", text)
        return Scalar(text, event.style is not None, line)

    def _decorations(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            self._add(
                line,
                f"&{shown(event.anchor)} is an anchor; anchors are not read.",
                "Remove it, and write the value out where it is needed.",
            )
        if event.tag is not None:
            self._add(
                line,
                f"{shown(str(event.tag))} is a tag; tags are not read.",
                "Remove it; every value is read as what its key expects.",
            )

    def _mapping(self, done: _Open) -> Entries:
        entries: list[tuple[Scalar, Node]] = []
        first: dict[str, int] = {}
        for key, node in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._add(key.line, "A key is a list or a mapping.", "Write a name before the `:`.")
            elif key.text == "<<" and not key.quoted:
                self._add(
                    key.line,
                    "<< is a merge key; merge keys are not read.",
                    "Write the values out where they are needed.",
                )
                self.usable = False
            elif (name := key.text.strip()) in first:
                self._add(
                    key.line,
                    f"{shown(name)} is given twice, on lines {first[name]} and {key.line}.",
                    "Keep one of the two.",
                    name,
                )
            else:
                first[name] = key.line
                entries.append((key, node))
        return Entries(tuple(entries), done.line)

    def _add(self, line: int | None, message: str, cure: str, column: str | None = None) -> None:
        self.notes.add(Place(self.file, line, column and shown(column)), message, cure)


def _explain(error: MarkedYAMLError, text: str, file: str, notes: Notes) -> None:
    """The parser's complaint in plain words."""
    mark = error.problem_mark or error.context_mark
    row = None if mark is None else mark.line + 1
    lines = text.splitlines()
    line = lines[row - 1] if row is not None and row <= len(lines) else ""
    problem = str(error.problem or "it cannot be read as YAML").splitlines()[0]
    if "\t" in line and ("'\\t'" in problem or re.match(r"\s*\t", line)):
        message, cure = "The line is indented with a tab.", "Indent with spaces."
    elif "mapping values are not allowed" in problem:
        message = "There is a `:` where YAML does not allow one."
        cure = "Put text that holds a colon in quotes, and check the indent."
    elif "cannot start any token" in problem:
        message = "A value starts with a character that YAML reserves."
        cure = "Put the value in quotes."
    elif "end of stream" in problem or "end of stream" in str(error.context or ""):
        message = "A quote or bracket is never closed."
        cure = "Close it where the value ends."
        row = row if error.context_mark is None else error.context_mark.line + 1
    else:
        message = f"The line cannot be read as YAML: {shown(problem)}."
        cure = "Check indents, quotes and brackets on this line and the one before."
    notes.add(Place(file, row), message, cure)
