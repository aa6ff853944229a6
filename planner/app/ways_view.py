"""What to do where no stack meets the rules: ways out in words, and the changes that take them."""

from __future__ import annotations

from typing import Any

from planner.errors import WayOut
from planner.report import wording
from planner.scenario import rule_words
from planner.scenario.types import Choice, Scenario


def ways_view(ways: tuple[WayOut, ...], scenario: Scenario) -> list[dict[str, Any]]:
    """`changes` are paths and values of the page; none where a rule has no field on it, and is
    changed in the scenario's files."""
    return [
        {**way.to_dict(), "text": _text(way, scenario), "changes": _changes(way, scenario)}
        for way in ways
    ]


def _text(way: WayOut, scenario: Scenario) -> str:
    if way.new is None:
        text = f"Drop “{way.rule}”"
    elif _is_budget(way, scenario):
        text = f"Raise the budget to {wording.money(way.new)} {scenario.currency}"
    else:
        bound = "at most" if way.change == "raise" else "at least"
        text = f"Loosen “{way.rule}” to {bound} {wording.money(way.new)} {way.unit}"
    return text if way.enough else f"{text} (other rules conflict too)"


def _changes(way: WayOut, scenario: Scenario) -> list[list[str]]:
    if _is_budget(way, scenario) and way.new is not None:
        return [["budget", wording.money(way.new)]]
    rules = scenario.rules
    for path, choices, words in (
        ("rules.fund", rules.fund, rule_words.fund),
        ("rules.exclude", rules.exclude, rule_words.exclude),
    ):
        rest = [choice for choice in choices if words(choice) != way.rule]
        if len(rest) < len(choices):
            return [[path, _list(rest)]]
    return []


def _is_budget(way: WayOut, scenario: Scenario) -> bool:
    if way.old is None:
        return False
    return way.rule == f"budget {wording.money(way.old)} {scenario.currency}"


def _list(choices: list[Choice]) -> str:
    return ", ".join(map(str, choices))
