"""A frontier as a JSON document, tables and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from planner.errors import Finding
from planner.files import write_bytes, write_text
from planner.report import wording
from planner.report.drawing import png, svg
from planner.report.figures_frontier import frontier_drawing
from planner.report.screen import as_json
from planner.report.tables import csv_text
from planner.scenario.digest import digest
from planner.study.frontier_facts import Facts
from planner.study.frontier_naive import Mark
from planner.study.naive import RULES

POINT_COLUMNS = (
    "budget",
    "cost",
    "objective_value",
    "risk",
    "lower_bound",
    "proven",
    "share_of_empty",
    "next_unit",
    "enters",
    "leaves",
    "stack",
)
TECHNIQUE_COLUMNS = ("technique", "cost", "enters", "leaves", "stays_from", "points")


def frontier_document(facts: Facts, marks: Sequence[Mark] | None) -> dict[str, Any]:
    """What `frontier --json` prints, and its file."""
    scenario = facts.frontier.question.scenario
    own = facts.frontier.question.settled.budget
    return {
        "scenario": {"name": scenario.name, "digest": digest(scenario)},
        "reading": scenario.reading,
        "budget": None if own is None else float(facts.frontier.money(own)),
        **facts.to_dict(),
        "naive": None if marks is None else [mark.to_dict() for mark in marks],
        "naive_rules": {rule: RULES[rule] for rule in NAIVE},
        "assumption": wording.ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of(facts)],
    }


#: The naive rules that are set beside a frontier.
NAIVE = ("independent", "best_alone", "most_modes", "equal_split")


def points_csv(facts: Facts) -> str:
    """One row a point, by rising budget."""
    rows = []
    for place, row in enumerate(facts.to_dict()["points"]):
        cells = [_flat(row[key]) for key in POINT_COLUMNS]
        rows.append([*cells, place == facts.knee])
    return csv_text([*POINT_COLUMNS, "knee"], rows)


def techniques_csv(facts: Facts) -> str:
    """One row an option: budgets at which it enters and leaves, and from which it stays."""
    rows = [[_flat(row[key]) for key in TECHNIQUE_COLUMNS] for row in facts.to_dict()["techniques"]]
    return csv_text(TECHNIQUE_COLUMNS, rows)


def write_frontier(folder: Path, facts: Facts, marks: Sequence[Mark] | None) -> list[Path]:
    """The document, the two tables and the figure; the files written."""
    drawing = frontier_drawing(facts, marks or ())
    document = as_json(frontier_document(facts, marks)) + "\n"
    return [
        write_text(folder / "frontier.json", document),
        write_text(folder / "frontier.csv", points_csv(facts)),
        write_text(folder / "techniques.csv", techniques_csv(facts)),
        write_bytes(folder / "frontier.png", png(drawing)),
        write_bytes(folder / "frontier.svg", svg(drawing)),
    ]


def warnings_of(facts: Facts) -> tuple[Finding, ...]:
    """What looked odd in the scenario, and what a limit left open."""
    found = list(facts.frontier.question.scenario.warnings)
    frontier = facts.frontier
    if frontier.every and frontier.open_below is not None:
        below = wording.money(frontier.money(frontier.open_below))
        found.append(
            _limit(
                f"The frontier is open at budgets of {below} and less.",
                "Allow more time, ask for a range with --from, or for a grid with --points 20.",
            )
        )
    if frontier.missing:
        amounts = ", ".join(wording.money(frontier.money(units)) for units in frontier.missing)
        found.append(
            _limit(f"Not finished at these budgets: {amounts}.", "Allow more time, or a --gap.")
        )
    loose = [point for point in frontier.points if not point.proven]
    if loose:
        amounts = ", ".join(wording.money(frontier.money(point.budget)) for point in loose)
        found.append(
            _limit(
                f"The best stack is not proven at these budgets: {amounts}.",
                "Allow more time, or a larger --gap.",
            )
        )
    return tuple(found)


def _limit(message: str, cure: str) -> Finding:
    return Finding("--time-limit", None, None, message, cure)


def _flat(value: Any) -> str | float | int | bool | None:
    if isinstance(value, list):
        return ", ".join(v if isinstance(v, str) else f"{v:.12g}" for v in value)
    cell: str | float | int | bool | None = value
    return cell
