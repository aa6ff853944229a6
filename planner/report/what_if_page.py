"""The page of `what-if`: one table with the base first, a sentence a case, and grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType

from planner.errors import Finding
from planner.report import wording
from planner.report.plan_page import title
from planner.report.screen import plain
from planner.report.simple_table import listed, moved, section, table
from planner.report.tables import csv_text
from planner.scenario.notes import shown
from planner.study.labels import in_words
from planner.study.what_if import CaseRow, Comparison, Found

#: Widths from which layers and depth, and from which the dependence band, are shown.
MIDDLE, WIDE = 76, 150
#: Rows of a grid that the page shows, and stacks that it spells out.
MOST_CELLS = 40
MOST_STACKS = 26
#: Options that stay which a sentence names.
MOST_STAYING = 6
NO_STACK = "no stack"
#: Labels longer than this take the room of other columns where the page is not this wide.
LONG, ROOMY = 14, 110


def document(comparison: Comparison) -> dict[str, Any]:
    """What `what-if --json` prints, and its file."""
    return {
        **comparison.to_dict(),
        "sentences": [sentence(comparison, row) for row in comparison.rows],
        "assumption": wording.ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of(comparison)],
    }


def comparison_csv(comparison: Comparison) -> str:
    """One row a case, the base first."""
    records = comparison.records()
    return csv_text(list(records[0]), [list(record.values()) for record in records])


def warnings_of(comparison: Comparison) -> tuple[Finding, ...]:
    """What looked odd in the scenario, and which answers a limit stopped."""
    found = [("base", comparison.base)]
    found += [(r.case.name, r.found) for r in (*comparison.rows, *comparison.grid) if r.found]
    stopped = [(name, answer) for name, answer in found if answer.proof.stop != "proven"]
    return (*comparison.scenario.warnings, *(_stopped(name, answer) for name, answer in stopped))


def _stopped(name: str, found: Found) -> Finding:
    return Finding(
        "--time-limit" if found.proof.stop == "time limit" else "--solver",
        None,
        None,
        f"The search for {shown(name)} was not finished: its proof is {found.proof.kind}.",
        "Allow more time, or a larger --gap.",
    )


def page(comparison: Comparison, width: int) -> list[RenderableType]:
    """All of it, laid out for a number of columns."""
    currency = comparison.scenario.currency
    parts: list[RenderableType] = [title(comparison.scenario.name)]
    parts.append(_cases(comparison, comparison.rows, width))
    parts.append(plain(f"Amounts are in {currency}. {wording.ASSUMPTION}"))
    if comparison.rows:
        sentences = [plain(sentence(comparison, row)) for row in comparison.rows]
        parts.append(section("What changes", *sentences))
    if comparison.grid:
        parts.append(_grid(comparison, width))
    return parts


def _grid(comparison: Comparison, width: int) -> RenderableType:
    """A table over one axis, matrices over two, a long table over more; then what holds in all."""
    heading = " and ".join(axis.path for axis in comparison.axes)
    if len(comparison.axes) == 2:
        parts = [*_matrices(comparison, width), plain("")]
    else:
        parts = [_cases(comparison, comparison.grid, width, grid=True)]
    told = [plain(text) for text in grid_sentences(comparison)]
    return section(f"Over {heading}", *parts, *told)


# The table.


def _cases(
    comparison: Comparison, rows: Sequence[CaseRow], width: int, *, grid: bool = False
) -> RenderableType:
    width = _room(rows, width)
    other = comparison.objective != "expected"
    one = grid and len(comparison.axes) == 1
    heads = ["value" if one else "case", "gains", "loses", "cost", "risk"]
    if other:
        heads.append(comparison.objective)
    heads.append("base\nstack\nleaves" if not other else "base\nstack")
    if width >= MIDDLE:
        heads += ["layers", "depth"]
    if width >= WIDE:
        heads += ["band", "stack"]
    heads.append("proof")
    words = (0, 1, 2, *((len(heads) - 2,) if width >= WIDE else ()))
    lines = [] if grid else [_line(comparison, None, len(heads), width)]
    for row in rows:
        line = _line(comparison, row, len(heads), width)
        lines.append([row.case.changes[-1][1], *line[1:]] if one else line)
    return table(heads, lines, words=words, most=MOST_CELLS if grid else None, what="cells")


def _room(rows: Sequence[CaseRow], width: int) -> int:
    """The width to lay out for: long labels need the room of the layers and the depth."""
    longest = max(
        (cell_len(label) for row in rows for label in (*row.gains, *row.loses)), default=0
    )
    return min(width, MIDDLE - 1) if longest > LONG and width < ROOMY else width


def _line(comparison: Comparison, row: CaseRow | None, count: int, width: int) -> list[str]:
    """The cells of a case; of the base where there is none."""
    found = comparison.base if row is None else row.found
    name = "base" if row is None else row.case.name
    kept = _kept_cell(comparison, row)
    other = comparison.objective != "expected"
    if found is None:
        blank = [name, NO_STACK, *[wording.DASH] * (count - 2)]
        blank[6 if other else 5] = kept
        return blank
    gains = moved(row.gains) if row else ""
    loses = moved(row.loses) if row else ""
    line = [
        name,
        gains or wording.DASH,
        loses or wording.DASH,
        wording.money(found.cost),
        wording.short(found.risk),
    ]
    if other:
        line.append(wording.short(found.objective_value))
    line.append(kept)
    if width >= MIDDLE:
        depth = wording.DASH if found.depth is None else str(found.depth)
        line += [wording.short(found.effective_layers, 3), depth]
    if width >= WIDE:
        band = found.band
        line.append(f"{wording.short(band.independent)}..{wording.short(band.worst_case)}")
        line.append(listed(found.stack, 8))
    return [*line, _proof(found)]


def _kept_cell(comparison: Comparison, row: CaseRow | None) -> str:
    """What the base stack leaves; too dear or against the rules is no answer."""
    if row is None or row.kept is None:
        return wording.DASH
    if row.kept.breaks:
        return "barred" if any(not b.startswith("budget ") for b in row.kept.breaks) else "too dear"
    if comparison.objective == "expected":
        return wording.short(row.kept.risk)
    return wording.short(row.kept.objective_value)


def _proof(found: Found) -> str:
    gap = found.proof.gap
    if not gap or gap < 1e-12:
        return found.proof.kind
    return f"{found.proof.kind} {wording.percent(gap)}"


# Sentences.


def asked(row: CaseRow) -> str:
    """What a case changes: `budget 4.5, lock in re`."""
    case = row.case
    parts = [f"{path} {text}" for path, text in case.changes]
    parts += [f"lock in {choice}" for choice in case.lock_in]
    parts += [f"lock out {choice}" for choice in case.lock_out]
    return ", ".join(parts) or "nothing is changed"


def sentence(comparison: Comparison, row: CaseRow) -> str:
    """What a case does to the recommendation."""
    lead = f"{row.case.name} ({asked(row)}):"
    found, base = row.found, comparison.base
    if found is None:
        return f"{lead} no answer. {row.message}"
    bought = in_words(found.stack)
    spent = f"{wording.money(found.cost)} {comparison.scenario.currency}"
    text = f"{lead} buy {bought} for {spent}, at {_value(comparison, found)}"
    now, before = _value(comparison, found, bare=True), _value(comparison, base, bare=True)
    if now != before:
        text += f" instead of {before}"
    text += f"; {_moves(comparison, row)}."
    return f"{text} {_base_stack(comparison, row)}".rstrip()


def difference(comparison: Comparison, row: CaseRow) -> str:
    """Who enters and leaves against the base, and what keeping the base stack would mean."""
    moves = _moves(comparison, row)
    return f"Against the base: {moves}. {_base_stack(comparison, row)}".rstrip()


def _value(comparison: Comparison, found: Found, *, bare: bool = False) -> str:
    if comparison.objective == "expected":
        number = wording.short(found.risk)
        return number if bare else f"a risk of {number}"
    number = wording.short(found.objective_value)
    if comparison.objective == "depth" and found.objective_value is None:
        number = "no end"
    return number if bare else f"{comparison.objective} {number}"


def _moves(comparison: Comparison, row: CaseRow) -> str:
    assert row.found is not None
    if not row.gains and not row.loses:
        return "the stack stays as it is"
    stays = [label for label in row.found.stack if label in comparison.base.stack]
    parts = []
    for names, one, many in (
        (stays, "stays", "stay"),
        (row.gains, "enters", "enter"),
        (row.loses, "leaves", "leave"),
    ):
        if names:
            parts.append(f"{_named(names, stays)} {one if len(names) == 1 else many}")
    return ", ".join(parts)


def _named(names: Sequence[str], stays: Sequence[str]) -> str:
    """Names; of many that stay their number is enough."""
    return str(len(names)) if names is stays and len(names) > MOST_STAYING else listed(names, 6)


def _base_stack(comparison: Comparison, row: CaseRow) -> str:
    """What staying with the base stack would mean."""
    kept = row.kept
    if kept is None or not (row.gains or row.loses):
        return ""
    if kept.breaks:
        return f"The base stack does not meet: {listed(kept.breaks, 3)}."
    if row.regret is None:
        return ""
    if abs(row.regret) < 1e-12:
        return "The base stack would do as well."
    if comparison.objective == "expected":
        left = wording.short(kept.risk)
    else:
        left = f"{comparison.objective} {wording.short(kept.objective_value)}"
    worse = "more" if row.regret > 0 else "less"
    if comparison.objective == "depth":
        worse = "shallower" if row.regret > 0 else "deeper"
    return f"The base stack would leave {left}, {wording.short(abs(row.regret), 3)} {worse}."


def grid_sentences(comparison: Comparison) -> list[str]:
    """What holds over the whole grid: how many stacks, who is always in, who never."""
    answered = [row.found for row in comparison.grid if row.found is not None]
    count = len(comparison.grid)
    if not answered:
        return [f"In none of the {count} cells is there an answer: {comparison.grid[0].message}"]
    stacks = {found.stack for found in answered}
    said = f"{wording.count(len(stacks), 'stack')} in {wording.count(len(answered), 'cell')}"
    low, high = min(f.risk for f in answered), max(f.risk for f in answered)
    risks = wording.short(low)
    if wording.short(high) != risks:
        risks = f"from {risks} to {wording.short(high)}"
    said = f"{said}; the risk is {risks}."
    paid = {label.partition(":")[0] for label in comparison.base.committed}
    ids = [t.id for t in comparison.scenario.techniques if t.id not in paid]
    inside = [{label.partition(":")[0] for label in found.stack} for found in answered]
    always = [id for id in ids if all(id in one for one in inside)]
    never = [id for id in ids if not any(id in one for one in inside)]
    some = [id for id in ids if id not in always and id not in never]
    texts = [said, f"In every stack: {listed(always)}." if always else "None is in every stack."]
    texts += [f"In some: {listed(some)}."] if some else []
    texts += [f"In none: {listed(never)}."] if never else []
    lost = [row for row in comparison.grid if row.found is None]
    if lost:
        texts.append(
            f"{wording.count(len(lost), 'cell has', 'cells have')} no stack; the first "
            f"({lost[0].case.name}): {lost[0].message}"
        )
    return texts


# Two axes.


def letters(comparison: Comparison) -> dict[tuple[str, ...], str]:
    """A letter for each stack of a grid, the most frequent first."""
    counts: dict[tuple[str, ...], int] = {}
    for row in comparison.grid:
        if row.found is not None:
            counts[row.found.stack] = counts.get(row.found.stack, 0) + 1
    order = sorted(counts, key=lambda stack: (-counts[stack], stack))
    return {stack: _letter(place) for place, stack in enumerate(order)}


def _letter(place: int) -> str:
    """
    >>> _letter(0), _letter(25), _letter(26), _letter(27)
    ('A', 'Z', 'A2', 'B2')
    """
    turn, place = divmod(place, 26)
    return chr(ord("A") + place) + (str(turn + 1) if turn else "")


def _matrices(comparison: Comparison, width: int) -> list[RenderableType]:
    first, second = comparison.axes
    names = letters(comparison)
    risks = [wording.short(r.found.risk) if r.found else wording.DASH for r in comparison.grid]
    stacks = [names[r.found.stack] if r.found else wording.DASH for r in comparison.grid]
    parts: list[RenderableType] = [
        plain(f"Rows: {first.path}; columns: {second.path}. The base: {_base(comparison)}.")
    ]
    parts += _matrix("risk", comparison, risks, width)
    parts += _matrix("stack", comparison, stacks, width)
    for stack, letter in list(names.items())[:MOST_STACKS]:
        mark = " (the base)" if stack == comparison.base.stack else ""
        parts.append(plain(f"{letter}: {listed(stack)}{mark}"))
    if len(names) > MOST_STACKS:
        rest = wording.count(len(names) - MOST_STACKS, "stack")
        parts.append(plain(f"and {rest} more (all in --json / --out)", "dim"))
    return parts


def _base(comparison: Comparison) -> str:
    base = comparison.base
    return f"{listed(base.stack)}, at {wording.short(base.risk)}"


def _matrix(
    what: str, comparison: Comparison, cells: Sequence[str], width: int
) -> list[RenderableType]:
    """Rows of the first axis and columns of the second, in blocks that fit."""
    first, second = comparison.axes
    count = len(second.values)
    heads = [shown(text) for text in second.values]
    room = max(map(cell_len, [*cells, *heads])) + 2
    labels = max(map(cell_len, [what, *first.values]))
    each = max(1, (width - min(labels, width // 2) - 2) // room)
    found = []
    for start in range(0, count, each):
        lines = [
            [text, *cells[k * count : (k + 1) * count][start : start + each]]
            for k, text in enumerate(first.values)
        ]
        found.append(table([what, *heads[start : start + each]], lines, most=None))
    return found
