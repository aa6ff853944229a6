"""Which cells of the vulnerability table are worth an expert's time."""

from __future__ import annotations

from dataclasses import dataclass

from planner.scenario.types import FailureModes, Scenario
from planner.scenario.values import is_uncertain


@dataclass(frozen=True)
class Asking:
    """(technique id, mode id) of each cell to ask about, and how they were chosen, in words."""

    cells: tuple[tuple[str, str], ...]
    how: str


def cells_to_ask(scenario: Scenario, everything: bool = False) -> Asking:
    """The cells that the scenario leaves uncertain; all cells where none is, or when asked."""
    threats = scenario.threats
    assert isinstance(threats, FailureModes)
    every = [
        (technique.id, mode.id, cell)
        for technique, row in zip(scenario.techniques, threats.cells, strict=True)
        for mode, cell in zip(threats.modes, row, strict=True)
    ]
    uncertain = [(t, m) for t, m, cell in every if is_uncertain(cell.value)]
    if uncertain and not everything:
        how = f"the {len(uncertain)} uncertain of {len(every)} cells"
        return Asking(tuple(uncertain), how)
    how = f"all {len(every)} cells" + ("" if everything else ": none is stated as uncertain")
    return Asking(tuple((t, m) for t, m, _ in every), how)
