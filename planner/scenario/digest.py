"""The digest of a scenario: one for one content, however it was spelled or filed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from decimal import Decimal, localcontext
from typing import Any

from planner.scenario.types import Scenario
from planner.scenario.values import Number

#: Fields that follow from the others, or are no content.
_LEFT_OUT = frozenset({"warnings", "places", "decimals"})


def digest(scenario: Scenario) -> str:
    """`sha256:<hex>` over a canonical JSON text of the content.

    The order of rows, the spelling of numbers (`0.10`, `1e-1`) and the split into files do not
    enter it; names, sources, experts and named changes do.
    """
    content = json.dumps(_plain(scenario), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(content.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    """A frozen value as lists, mappings and text. Types are named, so that none is mistaken for
    another of the same fields."""
    match value:
        case Number():
            return _spelled(value.value)
        case Decimal():
            return _spelled(value)
        case tuple():
            return [_plain(item) for item in value]
        case float():
            return value.hex()
        case None | str() | int():
            return value
    if is_dataclass(value):
        names = [f.name for f in fields(value) if f.name not in _LEFT_OUT]
        plain = {name: _plain(getattr(value, name)) for name in names}
        return {"": type(value).__name__, **plain}
    raise TypeError(f"a scenario holds no {type(value).__name__}")


def _spelled(number: Decimal) -> str:
    """One spelling for one number, with all of its digits."""
    if not number:
        return "0"
    with localcontext() as context:
        context.prec = 60
        return str(number.normalize())
