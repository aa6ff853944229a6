"""An attribute against the risk, for people, as JSON and as files."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from planner.errors import Finding
from planner.files import write_bytes, write_text
from planner.report import wording
from planner.report.drawing import png, svg
from planner.report.figures_second_axis import second_axis_drawing
from planner.report.frontier_page import NAMED, WIDE, middle_cut
from planner.report.plan_page import title
from planner.report.screen import as_json, plain
from planner.report.simple_table import listed, section, table
from planner.report.tables import frame_csv
from planner.scenario.digest import digest
from planner.study.second_axis import TradeOff


def document(found: TradeOff) -> dict[str, Any]:
    """What `frontier --against --json` prints, and its file."""
    scenario = found.question.scenario
    return {
        "scenario": {"name": scenario.name, "digest": digest(scenario)},
        "reading": scenario.reading,
        **found.to_dict(),
        "sentence": sentence(found),
        "assumption": wording.ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of(found)],
    }


def write(folder: Path, found: TradeOff) -> list[Path]:
    """The document, the points and the figure; the files written."""
    drawing = second_axis_drawing(found)
    return [
        write_text(folder / "trade-off.json", as_json(document(found)) + "\n"),
        write_text(folder / "trade-off.csv", frame_csv(found.to_frame())),
        write_bytes(folder / "trade-off.png", png(drawing)),
        write_bytes(folder / "trade-off.svg", svg(drawing)),
    ]


def warnings_of(found: TradeOff) -> tuple[Finding, ...]:
    """What looked odd in the scenario, and what a limit left open."""
    warnings = found.question.scenario.warnings
    if found.open_below is None:
        return warnings
    below = wording.money(found.open_below)
    late = Finding(
        "--time-limit",
        None,
        None,
        f"The trade-off is open at {below} and less of {found.name}.",
        "Allow more time.",
    )
    return (*warnings, late)


def page(found: TradeOff, width: int) -> list[RenderableType]:
    """What the attribute buys, then every point."""
    scenario = found.question.scenario
    measure = found.question.measure.name
    expected = measure == "expected"
    heads = [found.name, "cost", "risk" if expected else measure]
    if not expected:
        heads.append("risk")
    heads += ["next unit", "enters", "leaves"]
    words = [len(heads) - 2, len(heads) - 1]
    if width >= WIDE:
        words.append(len(heads))
        heads.append("stack")
    rows = []
    for k, point in enumerate(found.points):
        enters, leaves = found.changes[k]
        row = [
            wording.money(point.attribute),
            wording.money(point.cost),
            wording.short(point.value),
            *([] if expected else [wording.short(point.risk)]),
            wording.short(found.next_unit[k], 3),
            listed(enters, NAMED) if enters else "",
            listed(leaves, NAMED) if leaves else "",
        ]
        if len(row) < len(heads):
            row.append(listed(point.stack, 3 * NAMED))
        rows.append(row)
    note = (
        f"next unit: fall of the objective per unit of {found.name} up to the next point. What "
        "others pay for does not count."
    )
    return [
        title(scenario.name),
        plain(sentence(found)),
        section(
            "Points",
            table(heads, middle_cut(rows, words[0], len(heads)), words=words, most=None),
            plain(note, "dim"),
        ),
        Text(),
        plain(f"Costs are in {scenario.currency}. {wording.ASSUMPTION}"),
    ]


def sentence(found: TradeOff) -> str:
    """How many stacks, from where to where, and what the scenario's own limit costs."""
    first, last = found.points[0], found.points[-1]
    name = found.question.measure.name
    word = "risk" if name == "expected" else name
    budget = found.question.money(found.budget)
    stacks = wording.count(len(found.points), "efficient stack")
    whole = "every one there is, each" if found.open_below is None else "each"
    head = f"{stacks} within {budget}, {whole} proven without a gap"
    if len(found.points) == 1:
        return (
            f"{head}: {found.name} {wording.money(first.attribute)}, {word} {_value(first.value)}."
        )
    text = (
        f"{head}. From {found.name} {wording.money(first.attribute)} to "
        f"{wording.money(last.attribute)} the {word} falls from {_value(first.value)} to "
        f"{_value(last.value)}."
    )
    return text + _half(found, last.attribute, word) + _limit(found)


def _half(found: TradeOff, most: Decimal, word: str) -> str:
    """What half of the attribute of the best stack leaves."""
    within = [point for point in found.points if point.attribute * 2 <= most]
    if not within or most <= 0:
        return ""
    half = wording.money(most / 2)
    return f" With half of that, {half}, a {word} of {_value(within[-1].value)} can be had."


def _limit(found: TradeOff) -> str:
    """What the scenario's own limit does here."""
    if not found.limits:
        return ""
    limit = min(found.limits)
    return f" The rules of the scenario allow {wording.money(limit)}: no point lies beyond."


def _value(number: float) -> str:
    return wording.short(number)
