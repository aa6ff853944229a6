"""Where a command writes: only what is not there yet."""

from __future__ import annotations

from pathlib import Path

from planner.errors import BadInput, EnvironmentFailed
from planner.scenario.notes import shown


def must_be_new(path: Path, option: str) -> None:
    """Raise BadInput where something stands there (an empty folder does no harm)."""
    try:
        taken = path.exists() and not (path.is_dir() and not any(path.iterdir()))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFailed(f"{shown(str(path))} cannot be used: {reason}.") from error
    if taken:
        raise BadInput.option(
            option,
            f"{shown(str(path))} is there already; nothing is overwritten.",
            "Name another file or folder.",
        )
