"""What a page asks, read from its JSON and checked for form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from planner.app.limits import CHANGES, LONGEST
from planner.errors import BadInput
from planner.scenario.changes import Change

Part: TypeAlias = Literal["plan", "ranking", "alternatives", "explain"]
PARTS: tuple[Part, ...] = ("plan", "ranking", "alternatives", "explain")


@dataclass(frozen=True)
class State:
    """One set of inputs: what is changed of the scenario, and what is asked of it."""

    changes: tuple[Change, ...] = ()
    objective: str = "expected"


@dataclass(frozen=True)
class Asked:
    """`scenario` is a digest; `client` names the page; `saved` is the base to compare with."""

    scenario: str
    client: str
    state: State
    saved: State
    part: Part


def read_json(data: bytes) -> dict[str, Any]:
    """The mapping in a request; BadInput where it holds none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise _odd("is no JSON") from None
    if not isinstance(found, dict):
        raise _odd("is no JSON mapping")
    return found


def read_asked(body: dict[str, Any]) -> Asked:
    """Raises BadInput where the request is not what the page sends."""
    part = body.get("part", "plan")
    if part not in PARTS:
        raise _odd("has an unknown part")
    return Asked(
        scenario=_text(body, "scenario"),
        client=_text(body, "client"),
        state=_state(body),
        saved=_state(body["saved"]) if isinstance(body.get("saved"), dict) else State(),
        part=part,
    )


def _state(body: dict[str, Any]) -> State:
    pairs = body.get("changes", [])
    if not isinstance(pairs, list) or len(pairs) > CHANGES:
        raise _odd(f"has no list of at most {CHANGES} changes")
    changes = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise _odd("has a change that is no path with a value")
        path, text = pair
        if not isinstance(path, str) or not isinstance(text, str):
            raise _odd("has a change that is no text")
        if len(path) > LONGEST or len(text) > LONGEST * 20:
            raise _odd("has a change that is too long")
        changes.append((path, text))
    return State(tuple(sorted(changes)), _text(body, "objective", "expected"))


def _text(body: dict[str, Any], key: str, default: str = "") -> str:
    value = body.get(key, default)
    if not isinstance(value, str) or len(value) > LONGEST:
        raise _odd(f"has no text in {key}")
    return value


def _odd(what: str) -> BadInput:
    return BadInput.option("request", f"The request {what}.", "Reload the page and try again.")
