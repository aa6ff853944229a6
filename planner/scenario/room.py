"""How large a table of failures may get: checked before one is made."""

from __future__ import annotations

from planner.errors import LimitHit

#: Largest number of cells of the table of failures (4 GB).
MOST_CELLS = 2**29


def check_room(options: int, worlds: int) -> None:
    """Raises LimitHit where a table of options x worlds would not fit in memory."""
    if options * worlds > MOST_CELLS:
        raise LimitHit(
            f"{options:,} options in {worlds:,} worlds are more than memory holds "
            f"({MOST_CELLS:,} cells). Use fewer samples, techniques or modes."
        )
