"""What came of a case: an answer or a failure, both values, and the one text that stands for it.

The text is canonical: equal outcomes are equal texts, on every machine and in every process. It is
what crosses from worker to driver, what the ledger keeps, and what two answers are compared by.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Answered:
    """The best stack of a case.

    `stack` are labels, sorted; `cost` is an amount of the currency, exactly; `risk` is R;
    `objective_value` the objective that was asked for (None: infinite depth); `proof` the rung
    that was reached and `gap` what it leaves open, relative (None where nothing is proven).
    """

    stack: tuple[str, ...]
    cost: str
    risk: float
    objective_value: float | None
    proof: str
    gap: float | None


@dataclass(frozen=True)
class Failed:
    """A case without an answer: the kind of failure (NoStack, BadInput, ...), and its sentence."""

    kind: str
    message: str


Outcome: TypeAlias = Answered | Failed

#: Made once: json.dumps makes one a call.
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))

#: Kind of a case that was given up because whoever computed it died each time.
SET_ASIDE = "SetAside"


def encode(outcome: Outcome) -> str:
    """The canonical text.

    >>> encode(Answered(("re",), "3", 0.25, 0.25, "enumerated", 0.0))
    '["re","3",0.25,0.25,"enumerated",0.0]'
    """
    if isinstance(outcome, Failed):
        fields: list[object] = [outcome.kind, outcome.message]
    else:
        fields = [
            ",".join(outcome.stack),
            outcome.cost,
            outcome.risk,
            outcome.objective_value,
            outcome.proof,
            outcome.gap,
        ]
    return _ENCODER.encode(fields)


def decode(text: str) -> Outcome:
    """The outcome that a text stands for; ValueError where it stands for none.

    >>> decode('["NoStack","No stack meets the rules."]')
    Failed(kind='NoStack', message='No stack meets the rules.')
    """
    fields = json.loads(text)
    if isinstance(fields, list) and len(fields) == 2:
        return Failed(*map(str, fields))
    if not isinstance(fields, list) or len(fields) != 6:
        raise ValueError(f"{text[:60]!r} is no outcome of a case")
    stack, cost, risk, value, proof, gap = fields
    return Answered(tuple(stack.split(",")) if stack else (), cost, risk, value, proof, gap)
