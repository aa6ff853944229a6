"""The page of `recommend`: what to fund, how sure, and the ranked table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from planner.plan import Plan
from planner.report import full_page, wording
from planner.report.evidence import references
from planner.report.full_page import committed_part
from planner.report.rank_table import ranked
from planner.report.screen import plain
from planner.scenario.settle import Option
from planner.study.committed import committed
from planner.study.full_ranking import FullRanking
from planner.study.ranking import Ranking

#: Techniques of a stack that are listed with their names.
MOST_NAMES = 12


def page(ranking: Ranking, width: int, full: FullRanking | None = None) -> list[RenderableType]:
    """All of it, laid out for a number of columns; with the ranking in full where it is given."""
    plan = ranking.plan
    paid = committed(plan) if full is None else full.committed
    return [
        *head(plan),
        *([] if paid is None else [committed_part(paid, "this stack")]),
        Text(),
        plain("Every technique, ranked", "bold"),
        ranked(ranking, width),
        *references(ranking.evidence),
        *([] if full is None else full_page.page(full)),
    ]


def head(plan: Plan) -> list[RenderableType]:
    """The recommendation and what is known about it."""
    return [
        title(plan.scenario.name),
        facts(_facts(plan)),
        Text(),
        plain("Risk of this stack, by how its techniques fail together:"),
        _band(plan),
        Text(),
        plain(wording.ASSUMPTION),
    ]


def title(text: str) -> RenderableType:
    return Group(plain(text, "bold"), Rule(characters="─", style="dim"))


def facts(rows: Sequence[tuple[str, RenderableType]]) -> Table:
    """Labels and what they say, side by side."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(plain(label), value)
    return grid


def _facts(plan: Plan) -> list[tuple[str, RenderableType]]:
    rows: list[tuple[str, RenderableType]] = [("Fund", _stack(plan))]
    if plan.committed:
        rows.append(("Paid by others", _names(plan, sorted(plan.program.committed))))
    rows.append(("Cost", plain(wording.cost(plan))))
    rows.append(("Residual risk", plain(wording.residual(plan))))
    floor = wording.floor(plan)
    if floor:
        rows.append(("of which", plain(floor)))
    if plan.question.objective != "expected" or plan.target is not None:
        label = "Objective" if plan.target is None else "Target"
        rows.append((label, plain(wording.objective(plan))))
    rows.append(("Layers", plain(wording.layers(plan))))
    depth = wording.depth(plan)
    if depth:
        rows.append(("Depth", plain(depth)))
    known = plan.proof.kind != "none" and plan.proof.stop == "proven"
    rows.append(("How it is known", plain(wording.proof(plan), "" if known else "bold yellow")))
    rows.append(("Worlds", plain(wording.worlds(plan.sampling))))
    reading = wording.reading(plan)
    if reading:
        rows.append(("Reading", plain(reading)))
    return rows


def _stack(plan: Plan) -> Text:
    if not plan.columns:
        return plain("nothing", "bold green")
    return _names(plan, sorted(plan.program.option[j] for j in plan.columns), "bold green")


def _names(plan: Plan, options: Sequence[int], style: str = "") -> Text:
    """Labels, each with its name in brackets where that says more; a long stack has the names
    with the reasons alone."""
    text = Text()
    named = len(options) <= MOST_NAMES
    for place, number in enumerate(options):
        option: Option = plan.question.settled.options[number]
        technique = plan.scenario.techniques[option.technique]
        if place:
            text.append(", ")
        text.append_text(plain(option.label, style))
        if named and technique.name != technique.id:
            text.append_text(plain(f" ({technique.name})"))
    return text


def _band(plan: Plan) -> Table:
    """The same stack's risk under four readings of dependence."""
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False)
    band = plan.band.to_dict()
    for name in band:
        table.add_column(name.replace("_", " "), justify="right", header_style="dim", no_wrap=True)
    table.add_row(*(plain(wording.short(number)) for number in band.values()))
    return table
