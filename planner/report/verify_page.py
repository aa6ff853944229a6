"""The verdict on a saved plan, for people and for programs."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from planner.report.screen import plain
from planner.study.verify import Check, Verdict


def page(verdict: Verdict) -> list[RenderableType]:
    """One line a check, then the verdict."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for check in verdict.checks:
        grid.add_row(_mark(check), plain(check.name), plain(check.detail))
    return [grid, Text(), plain(sentence(verdict), "bold green" if verdict.holds else "bold red")]


def _mark(check: Check) -> Text:
    if check.holds is None:
        return plain("not checked", "yellow")
    return plain("holds", "green") if check.holds else plain("DOES NOT HOLD", "bold red")


def sentence(verdict: Verdict) -> str:
    """The verdict in one sentence."""
    if not verdict.holds:
        if any(check.holds is False for check in verdict.checks):
            return "This plan does not verify."
        return (
            "This plan does not verify: its numbers hold, its proof cannot be checked. "
            "With --numbers-only the numbers are enough."
        )
    if any(check.holds is None for check in verdict.checks):
        return "The numbers of this plan hold. Its proof was not checked."
    return "Verified: all of it holds."


def document(verdict: Verdict) -> dict[str, Any]:
    """What `verify --json` prints."""
    found = verdict.to_dict()
    if not verdict.holds:
        findings = [
            {
                "file": "plan",
                "row": None,
                "column": check.name,
                "message": check.detail,
                "cure": "",
            }
            for check in verdict.checks
            if not check.holds
        ]
        error = {"code": 1, "message": sentence(verdict), "findings": findings}
        found["error"] = error
    return found
