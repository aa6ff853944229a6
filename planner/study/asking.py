"""Which cells of the vulnerability table are worth an expert's time."""

from __future__ import annotations

from dataclasses import dataclass

from planner.errors import LimitHit, NoStack
from planner.scenario.types import FailureModes, Scenario
from planner.scenario.uncertain import Uncertain
from planner.scenario.values import is_uncertain
from planner.solve.search import Progress, silent
from planner.study.robust import robust
from planner.study.robust_flip import screen

#: Draws behind the map of judgements, and the most cells that one sheet asks about.
DRAWS = 200
MOST = 40

Cells = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asking:
    """(technique id, mode id) of each cell to ask about, and how they were chosen, in words."""

    cells: Cells
    how: str


def cells_to_ask(
    scenario: Scenario, everything: bool = False, progress: Progress = silent
) -> Asking:
    """The uncertain cells whose settling may change the best stack, the most valuable first.

    That is the screen of the decision-flip map (`planner.study.robust_flip`), over 200 draws. All
    uncertain cells where it finds none or cannot be made; all cells where none is uncertain, or
    with `everything`. `how` says which.
    """
    threats = scenario.threats
    assert isinstance(threats, FailureModes)
    every = [
        (technique.id, mode.id, cell)
        for technique, row in zip(scenario.techniques, threats.cells, strict=True)
        for mode, cell in zip(threats.modes, row, strict=True)
    ]
    uncertain = tuple((t, m) for t, m, cell in every if is_uncertain(cell.value))
    if everything or not uncertain:
        how = f"all {len(every)} cells" + ("" if everything else ": none is stated as uncertain")
        return Asking(tuple((t, m) for t, m, _ in every), how)
    of_all = f"the {len(uncertain)} uncertain of {len(every)} cells"
    if scenario.budget is None:
        return Asking(uncertain, f"{of_all}: without a budget none is worth more than another")
    try:
        worth = _worth(scenario, progress)
    except (NoStack, LimitHit):
        return Asking(uncertain, f"{of_all}: no stack could be found to compare them by")
    matter = [cell for cell in uncertain if worth.get(_path(cell), 0.0) > 0]
    if not matter:
        alone = "settling any one alone changes no choice"
        return Asking(uncertain, f"{of_all}: {alone} ({DRAWS} draws)")
    matter.sort(key=lambda cell: (-worth[_path(cell)], cell))
    how = f"{min(len(matter), MOST)} of the {len(uncertain)} uncertain cells: "
    how += "those whose settling is worth most to the choice"
    return Asking(tuple(matter[:MOST]), f"{how} ({DRAWS} draws)")


def _path(cell: tuple[str, str]) -> str:
    return f"vulnerability.{cell[0]}.{cell[1]}"


def _worth(scenario: Scenario, progress: Progress) -> dict[str, float]:
    """How much less risk is left where the number is known before the choice, by its path."""
    found = robust(scenario, DRAWS, progress=progress)
    heads: dict[str, Uncertain] = {}
    for number in found.draws.numbers:
        heads.setdefault(number.name, number)
    return {name: worth for name, (worth, _) in screen(found, heads).items()}
