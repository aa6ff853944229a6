"""Errors as a person or a program wants them."""

from __future__ import annotations

import json
from typing import Any

from planner.errors import Finding, NoStack, PlannerError


def as_text(error: PlannerError) -> str:
    """One line a finding: file, line, column: message, cure. Control characters are escaped."""
    if not error.findings:
        return visible(str(error))
    if error.code == 2:
        count = len(error.findings)
        head = "1 finding:" if count == 1 else f"{count} findings:"
        findings = error.findings
    else:
        # The sentence says what to do; findings that would only repeat it are for programs.
        head = visible(str(error))
        findings = tuple(f for f in error.findings if not f.cure or f.cure not in str(error))
    return "\n".join([head, *(f"  {as_line(finding)}" for finding in findings)])


def as_line(finding: Finding) -> str:
    """`techniques.csv, line 4, cost: The cell is blank. Write an amount.`"""
    return visible(str(finding))


def as_json(error: PlannerError) -> str:
    told: dict[str, Any] = {
        "code": error.code,
        "message": str(error),
        "findings": [finding.to_dict() for finding in error.findings],
    }
    if isinstance(error, NoStack) and error.ways_out:
        told["ways_out"] = [way.to_dict() for way in error.ways_out]
    return json.dumps({"error": told}, allow_nan=False, ensure_ascii=False, indent=2)


def visible(text: str) -> str:
    """Text that cannot move the cursor or colour the terminal.

    >>> visible("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
