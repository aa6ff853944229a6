"""A rule in the funder's words: what findings call it, and what its place is looked up by."""

from __future__ import annotations

from planner.scenario.types import AtMost, Choice, Limit, Scenario, Written
from planner.scenario.values import Value


def budget(value: Value) -> str:
    """The budget as it is written, without its currency."""
    return f"budget {value}"


def fund(choice: Choice) -> str:
    return f"fund {choice}"


def exclude(choice: Choice) -> str:
    return f"exclude {choice}"


def requires(choice: Choice, need: Choice) -> str:
    return f"{choice} requires {need}"


def at_most(rule: AtMost) -> str:
    return f"at most {rule.count} of {', '.join(rule.of)}"


def limit(rule: Limit) -> str:
    """`researchers of a, b at least 2 at most 9`"""
    text = rule.attribute if rule.of is None else f"{rule.attribute} of {', '.join(rule.of)}"
    if rule.at_least is not None:
        text += f" at least {rule.at_least}"
    if rule.at_most is not None:
        text += f" at most {rule.at_most}"
    return text


def place_of(scenario: Scenario, rule: str) -> Written | None:
    """Where the rule stands; None where it was not read from a file, or was changed since."""
    return next((place for place in scenario.places if place.rule == rule), None)
