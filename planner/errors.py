"""Every exception of the planner, made for whoever catches it::

    PlannerError                   anything the planner says no to; carries an exit code
    ├── DoesNotVerify        (1)   a saved plan that fails its re-check
    ├── BadInput             (2)   scenario or command line is not well formed; carries findings
    ├── NoStack              (3)   no stack meets the rules; carries the conflict and a way out
    │   └── TargetOutOfReach (3)   the target is below the lowest reachable objective
    ├── LimitHit             (4)   a size or time limit was met and there is no plan
    └── EnvironmentFailed    (5)   disk, permissions
        └── MissingExtra     (5)   an optional package is not installed

A finding says where, what, and how to mend it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Literal

#: A sheet and a cell of it, which says the row too.
_CELL = re.compile(r"[^!]+![A-Z]+[0-9]+\b")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing wrong (or odd) in what the user wrote.

    `file` is the file's name inside the scenario's folder (or the option of a command line);
    `row` is the 1-based line of that file, None where the whole file is meant; `column` is the
    header of the column or the key, None where the whole row is meant. In a workbook `row` is the
    row of the sheet, and `column` starts with sheet and cell: `techniques!C4 (cost)`.
    """

    file: str
    row: int | None
    column: str | None
    message: str
    cure: str

    def __str__(self) -> str:
        place = self.file
        in_cell = self.column is not None and _CELL.match(self.column) is not None
        if self.row is not None and not in_cell:
            place += f", line {self.row}"
        if self.column is not None:
            place += f", {self.column}"
        return f"{place}: {self.message} {self.cure}".rstrip()

    def to_dict(self) -> dict[str, str | int | None]:
        return asdict(self)


@dataclass(frozen=True)
class WayOut:
    """One change of one rule after which some stack meets all of the rules (`enough`), or at least
    the rules in conflict.

    `rule` is in the funder's words; `file`, `row` and `column` say where it stands, as a finding
    does. `change` is `raise` or `lower` (a bound, by no less than this), or `drop` (the rule).
    `old` and `new` are the bound in the rule's own `unit` (the currency, the attribute, or
    `techniques`); None where the rule is dropped.
    """

    rule: str
    file: str
    row: int | None
    column: str | None
    change: Literal["raise", "lower", "drop"]
    old: Decimal | None = None
    new: Decimal | None = None
    unit: str | None = None
    enough: bool = True

    @property
    def by(self) -> Decimal | None:
        """How far the bound moves; None where the rule is dropped."""
        return None if self.old is None or self.new is None else abs(self.new - self.old)

    def to_dict(self) -> dict[str, str | int | float | None]:
        amounts = {"from": self.old, "to": self.new, "by": self.by}
        return {
            "rule": self.rule,
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "change": self.change,
            **{name: None if a is None else float(a) for name, a in amounts.items()},
            "unit": self.unit,
            "enough": self.enough,
        }


class PlannerError(Exception):
    """Base of all; `code` is the exit code of the command line, `findings` what to print."""

    code = 5

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (str(self), self.findings), self.__dict__)


class DoesNotVerify(PlannerError):
    code = 1


class BadInput(PlannerError):
    """All findings of one reading, in one list, in the order of the files."""

    code = 2

    def __init__(self, message: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(message, findings)

    @classmethod
    def of(cls, findings: list[Finding] | tuple[Finding, ...]) -> BadInput:
        count = len(findings)
        head = "1 finding" if count == 1 else f"{count} findings"
        return cls(f"{head}: " + "; ".join(map(str, findings)), tuple(findings))

    @classmethod
    def option(cls, option: str, message: str, cure: str) -> BadInput:
        """A single finding about an argument of a command or of a function."""
        return cls.of((Finding(option, None, None, message, cure),))


class NoStack(PlannerError):
    """`ways_out` are single changes that each resolve the conflict, money first."""

    code = 3

    def __init__(
        self,
        message: str,
        findings: tuple[Finding, ...] = (),
        ways_out: tuple[WayOut, ...] = (),
    ) -> None:
        super().__init__(message, findings)
        self.ways_out = ways_out


class TargetOutOfReach(NoStack):
    """`lowest` is the lowest reachable value of the objective, in the units of the risk."""

    def __init__(
        self, message: str, findings: tuple[Finding, ...] = (), lowest: float = float("nan")
    ) -> None:
        super().__init__(message, findings)
        self.lowest = lowest


class LimitHit(PlannerError):
    code = 4


class EnvironmentFailed(PlannerError):
    code = 5


class MissingExtra(EnvironmentFailed):
    """An optional package is missing; the message says what to install."""


@contextlib.contextmanager
def out_of_memory_names(what: str) -> Iterator[None]:
    """Where memory runs out in here, the MemoryError carries what was too large as a note: who
    catches it can say so, and a sweep still sees a worker that was too small."""
    try:
        yield
    except MemoryError as error:
        error.add_note(what)
        raise
