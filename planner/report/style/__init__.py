"""The look that every page of the planner shares."""

from __future__ import annotations

from importlib import resources


def tokens() -> str:
    """CSS custom properties: colours (light, dark, print), type, spaces."""
    return resources.files(__name__).joinpath("tokens.css").read_text(encoding="utf-8")
