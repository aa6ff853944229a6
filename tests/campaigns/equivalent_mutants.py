"""Mutants that no test can tell from the original, one by one, each with the reason.

The key is the file and the lines that differ, as `tests/campaigns/mutants.py` prints them.
"""

from __future__ import annotations

EQUIVALENT: dict[tuple[str, ...], str] = {}
