"""The page of `frontier`: what each step of money buys, and who enters and leaves where."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from planner.report import wording
from planner.report.plan_page import title
from planner.report.screen import plain
from planner.report.simple_table import listed, moved, section, table
from planner.study.frontier import Point
from planner.study.frontier_facts import KNEE, Facts
from planner.study.labels import MOST_NAMED, in_words

NO_KNEE = (
    "There is no knee: no point lies below the straight line from the cheapest to the dearest, "
    "logarithm of the risk against cost."
)
#: Rows of a table; of a longer one the middle is left out.
MOST_ROWS = 40
#: Width from which the stacks themselves are shown too.
WIDE = 150
#: Techniques of a stack that a cell or a sentence names.
NAMED = 6


def page(facts: Facts, width: int) -> list[RenderableType]:
    """All of it, laid out for a number of columns."""
    scenario = facts.frontier.question.scenario
    parts: list[RenderableType] = [title(scenario.name)]
    parts += [plain(sentence) for sentence in sentences(facts)]
    parts.append(_points(facts, width))
    parts.append(_techniques(facts))
    parts += [
        Text(),
        plain(f"Amounts are in {scenario.currency}. {wording.ASSUMPTION}"),
    ]
    return parts


def sentences(facts: Facts) -> list[str]:
    """How many stacks and how they are known, the knee, nestedness, the floor."""
    found = [f"{_count(facts)}{_reach(facts)}"]
    place = facts.knee
    if place is None:
        found.append(NO_KNEE)
    else:
        point = facts.points[place]
        found.append(
            f"The knee is at {_money(facts, point.cost)}: {in_words(point.stack)} "
            f"{'leave' if 2 <= len(point.stack) <= MOST_NAMED else 'leaves'} "
            f"{wording.short(point.value)}. (Knee: {KNEE}.)"
        )
    found.append(facts.nestedness)
    if facts.floor is not None:
        found.append(
            f"No stack goes below {wording.short(facts.floor)}, the risk from causes that nobody "
            "listed."
        )
    return found


def _count(facts: Facts) -> str:
    frontier, points = facts.frontier, facts.points
    if frontier.every:
        stacks = wording.count(len(points), "efficient stack")
        if frontier.open_below is None:
            if len(points) == 1:
                return f"{stacks}, the only one {_range(facts)}, proven without a gap"
            return f"{stacks}, every one {_range(facts)}, each proven without a gap"
        below = wording.money(frontier.money(frontier.open_below))
        return f"{stacks}, each proven; not finished at budgets of {below} and less"
    proven = sum(point.proven for point in points)
    if len(points) == proven == 1:
        how = "proven best"
    else:
        how = "each proven best" if proven == len(points) else f"{proven} proven best"
    gap = _gap(points)
    within = "" if gap < 1e-12 else f" within {wording.percent(gap)}"
    budgets = wording.count(len(points), "budget")
    return f"A grid of {budgets}, {how}{within}: {wording.count(facts.stacks, 'different stack')}"


def _range(facts: Facts) -> str:
    """`there is`, or the range of budgets that was asked for."""
    low, high = facts.frontier.low, facts.frontier.high
    if low is None and high is None:
        return "there is"
    least = "" if low is None else f" from {_amount(facts, low)}"
    most = "" if high is None else f" up to {_amount(facts, high)}"
    return f"that is best at a budget{least}{most}"


def _gap(points: Sequence[Point]) -> float:
    gaps = [
        1 - point.bound / point.value
        for point in points
        if point.proven and point.bound is not None and point.value > 0
    ]
    return max(gaps, default=0.0)


def _reach(facts: Facts) -> str:
    """From which cost and objective to which."""
    first, last = facts.points[0], facts.points[-1]
    name = facts.frontier.question.measure.name
    word = "risk" if name == "expected" else name
    if len(facts.points) == 1:
        return f": {word} {wording.short(first.value)} for {_money(facts, first.cost)}."
    return (
        f". From {_money(facts, first.cost)} to {_money(facts, last.cost)} the {word} falls from "
        f"{wording.short(first.value)} to {wording.short(last.value)}."
    )


def _points(facts: Facts, width: int) -> RenderableType:
    grid = not facts.frontier.every
    measure = facts.frontier.question.measure.name
    expected = measure == "expected"
    heads = ["", "budget"] if grid else [""]
    heads += ["cost", "risk" if expected else measure, "of none"]
    if not expected:
        heads.append("risk")
    heads += ["next unit", "enters", "leaves"]
    words = [0, len(heads) - 2, len(heads) - 1]
    if width >= WIDE:
        words.append(len(heads))
        heads.append("stack")
    rows = [_point_row(facts, place, len(heads)) for place in range(len(facts.points))]
    note = (
        "of none: share of what is left with nothing funded; next unit: fall of the objective per "
        "unit of money up to the next point."
    )
    if grid:
        note += " On a grid a change lies between the budget before and the one it stands at."
    marked = _marks(facts)
    return section(
        "Points",
        table(heads, middle_cut(rows, words[1], len(heads)), words=words, most=None),
        plain(f"{marked}{note}", "dim"),
    )


def _marks(facts: Facts) -> str:
    if facts.own is None:
        return ""
    budget = facts.frontier.question.settled.budget or 0
    return f"own: the best at the scenario's budget of {_money(facts, budget)}. "


def _point_row(facts: Facts, place: int, columns: int) -> list[str]:
    point, (enters, leaves) = facts.points[place], facts.changes[place]
    share = facts.share(place)
    marks = [name for name, k in (("knee", facts.knee), ("own", facts.own)) if k == place]
    row = [" ".join(marks)]
    if not facts.frontier.every:
        row.append(_amount(facts, point.budget))
    row += [
        _amount(facts, point.cost),
        wording.short(point.value),
        wording.DASH if share is None else wording.percent(share),
    ]
    if facts.frontier.question.measure.name != "expected":
        row.append(wording.short(facts.risks[place]))
    row += [wording.short(facts.next_unit[place], 3), moved(enters, 3), moved(leaves, 3)]
    if len(row) < columns:
        row.append(listed(point.stack, 3 * NAMED))
    return row


def _techniques(facts: Facts) -> RenderableType:
    ever = [row for row in facts.techniques if row.enters]
    never = [row.label for row in facts.techniques if not row.enters]
    rows = []
    for row in ever:
        enters = [_amount(facts, units) for units in row.enters]
        stays = wording.DASH if row.stays_from is None else _amount(facts, row.stays_from)
        if facts.from_the_start(row):
            enters[0] = f"≤ {enters[0]}"
            stays = f"≤ {stays}" if row.stays_from == row.enters[0] else stays
        leaves = [_amount(facts, units) for units in row.leaves]
        cost = _amount(facts, facts.cost[row.label])
        rows.append([row.label, cost, listed(enters, NAMED), _all_of(leaves), stays])
    heads = ["technique", "cost", "enters at", "leaves at", "stays from"]
    parts: list[RenderableType] = []
    if rows:
        parts.append(table(heads, middle_cut(rows, 2, 5), words=(0, 2, 3), most=None))
    if never:
        parts.append(plain(f"In no stack of the frontier: {listed(never)}."))
    return section("Techniques", *parts)


def _all_of(names: Sequence[str]) -> str:
    """Names in a cell, blank where there are none."""
    return listed(names, NAMED) if names else ""


def middle_cut(
    rows: list[list[str]], place: int, columns: int, most: int = MOST_ROWS
) -> list[list[str]]:
    """Rows as they are, or where they are many the first and the last ones around a line that
    counts the others in the column `place`.

    >>> middle_cut([[str(k)] for k in range(6)], 0, 1, 4)
    [['0'], ['1'], ['... 2 more in --json / --out'], ['4'], ['5']]
    """
    if len(rows) <= most:
        return rows
    half = most // 2
    line = [""] * columns
    line[place] = f"... {len(rows) - 2 * half:,} more in --json / --out"
    return [*rows[:half], line, *rows[len(rows) - half :]]


def _amount(facts: Facts, units: int) -> str:
    return wording.money(facts.frontier.money(units))


def _money(facts: Facts, units: int) -> str:
    return f"{_amount(facts, units)} {facts.frontier.question.scenario.currency}"
