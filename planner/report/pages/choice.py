"""The sections about the choice itself: the ranked table, the frontier, what else is as good."""

from __future__ import annotations

from planner.plan import Plan
from planner.report import alternatives_page, frontier_page, wording
from planner.report.figures_frontier import frontier_drawing
from planner.report.pages.blocks import (
    Block,
    Cell,
    Column,
    Facts,
    Fold,
    Picture,
    Points,
    Section,
    Slider,
    Table,
    Text,
    amount,
    mark,
    names,
    number,
    rise,
    share,
    table,
    word,
)
from planner.study.dossier import Dossier
from planner.study.ranking import RankRow
from planner.study.stability import Stability

#: Techniques that the first sentence names.
NAMED = 8


def answer(dossier: Dossier) -> tuple[str, ...]:
    """Three sentences: what to fund, what is left, how that is known."""
    plan, currency = dossier.plan, dossier.scenario.currency
    stack = [_named(plan, label) for label in plan.stack]
    if len(stack) > NAMED:
        stack = [f"{len(stack)} of the {len(plan.scenario.techniques)} techniques"]
    money = wording.money(plan.money(plan.cost))
    of = "" if plan.budget is None else f" of {wording.money(plan.money(plan.budget))}"
    first = (
        f"Fund {_and(stack)} for {money}{of} {currency}{_first(plan)}."
        if stack
        else "Fund nothing: no technique within the budget and the rules lowers the risk."
    )
    second = f"The residual risk is {wording.residual(plan)}; {wording.layers(plan)}."
    band = plan.band
    third = (
        f"How it is known: {wording.proof(plan)}. By how failures depend on each other the same "
        f"stack would leave {wording.short(band.independent)} (independent) to "
        f"{wording.short(band.worst_case)} (worst case)."
    )
    return first, second, third


def _first(plan: Plan) -> str:
    """Where the sentence does not name them."""
    return ": those marked in the ranked table" if len(plan.stack) > NAMED else ""


def _named(plan: Plan, label: str) -> str:
    id, _, level = label.partition(":")
    name = plan.scenario.technique(id).name or id
    text = id if name == id else f"{name} ({id})"
    return f"{text} at level {level}" if level else text


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def ranking(dossier: Dossier) -> Section:
    """Every technique with its reason; the recommended ones first."""
    plan, rows = dossier.plan, dossier.ranking.ranking.rows
    levels = any(t.has_levels for t in plan.scenario.techniques)
    best = "least cost" if plan.target is not None else "best risk"
    columns = [
        Column("rank", "number"),
        Column("technique"),
        Column("name"),
        Column("fund", "mark", "✓: in the recommended stack; paid: others pay for it"),
        Column("cost", "number"),
        Column("fails alone", "number", "chance-weighted share of the loss that it lets through"),
        Column(
            "if changed",
            "number",
            "change of the risk if it is dropped from the stack, or added whatever the budget",
        ),
        Column(
            "if forced",
            "number",
            f"rise of the {best} when it cannot be had, or (outside the stack) must be bought",
        ),
        Column("per money", "number", "fall of the risk by it alone, per unit of money"),
        Column("reason"),
    ]
    if levels:
        columns.insert(3, Column("level"))
    found = table(
        "ranking",
        "Every technique, ranked",
        columns,
        [_rank_row(row, levels) for row in rows],
        strong=[k for k, row in enumerate(rows) if row.recommended],
        sortable=True,
    )
    facts: list[tuple[str, str]] = [
        ("Objective", wording.objective(plan) if plan.question.objective != "expected" else ""),
        ("Depth", wording.depth(plan) or ""),
        ("Reading", wording.reading(plan) or ""),
        ("Worlds", wording.worlds(plan.sampling)),
        ("Floor", wording.floor(plan) or ""),
    ]
    paid = dossier.ranking.committed
    blocks: list[Block] = [found, Facts(tuple((term, text) for term, text in facts if text))]
    if paid is not None:
        blocks += [Text(f"Paid for by others: {', '.join(plan.committed)}.", strong=True)]
        blocks.append(Points(paid.sentences))
    blocks.append(Fold("What each technique of the stack brings", (_brought(dossier),)))
    entries = dossier.ranking
    told = [t for t in (entries.entry_sentence(row) for row in entries.rows) if t is not None]
    if told:
        blocks.append(Fold("What would bring in the others", (Points(tuple(told)),)))
    return Section("ranking", "Which techniques, and why", tuple(blocks))


def _brought(dossier: Dossier) -> Table:
    """Shares of the fall, and how firm the ranks are."""
    columns = [
        Column("technique"),
        Column("cost", "number"),
        Column("share of the fall", "number", "Shapley share of what the stack takes away"),
        Column("fall", "number"),
        Column("ranks", meaning="with a tenth less to a tenth more money"),
    ]
    rows = []
    for full in dossier.ranking.rows:
        if not full.row.recommended:
            continue
        firm = full.stability
        rows.append(
            [
                word(full.row.technique),
                amount(full.row.cost),
                share(full.shapley_share),
                number(full.shapley),
                word(_span(firm)),
            ]
        )
    return table("shares", "Who brings how much", columns, rows, sortable=True)


def _span(firm: Stability | None) -> str | None:
    """`2`, or `2 to 5`."""
    if firm is None or firm.rank_low is None:
        return None
    low, high = firm.rank_low, firm.rank_high
    return str(low) if low == high else f"{low} to {high}"


def two_lists(dossier: Dossier) -> Section:
    """By worth alone, beside the best stack; each difference in one sentence."""
    lists = dossier.ranking.lists
    columns = [
        Column("place alone", "number", "by fall of the risk alone, per unit of money"),
        Column("technique"),
        Column("cost", "number"),
        Column("fall alone", "number"),
        Column("per money", "number"),
        Column("bought by worth alone", "mark"),
        Column("in the best stack", "mark"),
        Column("why they differ"),
    ]
    shown = [row for row in lists.rows if row.alone or row.best]
    rows = [
        [
            number(row.place, 4),
            word(row.option),
            amount(row.cost),
            number(row.fall_alone),
            number(row.per_cost),
            mark(row.alone),
            mark(row.best),
            word(row.sentence),
        ]
        for row in shown
    ]
    strong = [k for k, row in enumerate(shown) if row.best]
    found = table("two-lists", "Two lists", columns, rows, strong=strong, sortable=True)
    return Section(
        "two-lists", "Best alone against best together", (Text(lists.sentence, strong=True), found)
    )


def _rank_row(row: RankRow, levels: bool) -> list[Cell]:
    place = Cell(wording.DASH, None) if row.rank is None else Cell(str(row.rank), row.rank)
    inside = Cell("paid", "paid") if row.committed else mark(row.recommended)
    cells = [place, word(row.technique), word(row.name), inside]
    if levels:
        cells.insert(3, word(row.level))
    return [
        *cells,
        amount(row.cost),
        number(row.failure_alone),
        rise(row.rise_if_dropped) if row.recommended else _fall(row.fall_if_added),
        rise(row.replacement_cost if row.recommended else row.lock_in_rise),
        number(row.reduction_per_cost),
        word(f"{row.reason} {row.evidence}".strip()),
    ]


def _fall(value: float | None) -> Cell:
    return rise(None if value is None else -value) if value else number(value)


def frontier(dossier: Dossier) -> Section | None:
    """What more money buys: the curve, a slider over proven plans, and the points."""
    facts = dossier.frontier
    if facts is None or not dossier.steps:
        return None
    own = facts.own if facts.own is not None else 0
    measure = facts.frontier.question.measure.name
    blocks: list[Block] = [
        Points(tuple(frontier_page.sentences(facts))),
        Slider(
            dossier.steps,
            dossier.scenario.currency,
            own,
            "risk" if measure == "expected" else measure,
            not facts.frontier.every,
        ),
        Picture(frontier_drawing(facts, dossier.marks)),
        Fold("All points as a table", (_points(dossier),)),
        Fold("Where each technique enters and leaves", (_entries(dossier),)),
    ]
    return Section("frontier", "What more or less money buys", tuple(blocks))


def _points(dossier: Dossier) -> Table:
    facts = dossier.frontier
    assert facts is not None
    columns = [
        Column("budget", "number"),
        Column("cost", "number"),
        Column(facts.frontier.question.measure.name, "number"),
        Column("of none", "number", "share of what is left with nothing funded"),
        Column("independent", "number", "risk if the techniques failed independently"),
        Column("worst case", "number"),
        Column("layers", "number", "effective layers"),
        Column("next unit", "number", "fall of the objective per unit of money, to the next point"),
        Column("proof"),
        Column("enters"),
        Column("leaves"),
        Column("stack"),
    ]
    rows = []
    for place, step in enumerate(dossier.steps):
        enters, leaves = facts.changes[place]
        rows.append(
            [
                amount(step.budget),
                amount(step.cost),
                number(step.value),
                share(facts.share(place)),
                number(step.band.independent),
                number(step.band.worst_case),
                number(step.effective_layers, 3),
                number(facts.next_unit[place]),
                word(proof_words(step.proven, step.gap)),
                names(enters),
                names(leaves),
                names(step.stack, "nothing"),
            ]
        )
    strong = () if facts.own is None else (facts.own,)
    return table("frontier", "Best stack by budget", columns, rows, strong=strong)


def proof_words(proven: bool, gap: float | None) -> str:
    """`proven`, `proven within 0.01%`, or what is left open."""
    if gap is None:
        return "not proven"
    within = "" if gap < 1e-12 else f" within {wording.percent(gap)}"
    return f"proven{within}" if proven else f"open{within}"


def _entries(dossier: Dossier) -> Table:
    facts = dossier.frontier
    assert facts is not None
    columns = [
        Column("technique"),
        Column("cost", "number"),
        Column("enters at"),
        Column("leaves at"),
        Column("stays from", "number"),
        Column("points", "number", "how many points of the frontier hold it"),
    ]
    rows = []
    for row in facts.techniques:
        enters = [wording.money(facts.frontier.money(units)) for units in row.enters]
        if enters and facts.from_the_start(row):
            enters[0] = f"≤ {enters[0]}"
        leaves = [wording.money(facts.frontier.money(units)) for units in row.leaves]
        stays = None if row.stays_from is None else facts.frontier.money(row.stays_from)
        rows.append(
            [
                word(row.label),
                amount(facts.frontier.money(facts.cost[row.label])),
                names(enters),
                names(leaves),
                amount(stays),
                Cell(str(row.held), row.held),
            ]
        )
    return table("entries", "By technique", columns, rows, sortable=True)


def others(dossier: Dossier) -> Section | None:
    """Stacks that really differ, and what each trades."""
    found = dossier.others
    if found is None:
        return None
    columns = [
        Column("#", "number"),
        Column("gains"),
        Column("gives up"),
        Column("cost", "number"),
        Column("risk", "number"),
        Column("rise", "number", "of what was minimised, against the best"),
        Column("layers", "number", "effective layers"),
        Column("depth", "number"),
        Column("proof"),
        Column("stack"),
    ]
    plans: list[tuple[Plan, float | None, tuple[str, ...], tuple[str, ...]]]
    plans = [(found.best, None, (), ())]
    plans += [(other.plan, other.rise, other.gains, other.loses) for other in found.others]
    rows = [
        [
            Cell(str(place), place),
            names(gains, "(the best)" if place == 1 else wording.DASH),
            names(loses),
            amount(plan.money(plan.cost)),
            number(plan.risk),
            rise(change),
            number(plan.effective_layers, 3),
            Cell(wording.DASH if plan.depth is None else str(plan.depth), plan.depth),
            word(alternatives_page.proof_of(plan)),
            names(plan.stack, "nothing"),
        ]
        for place, (plan, change, gains, loses) in enumerate(plans, start=1)
    ]
    head = f"Any two differ in at least {wording.count(found.differ, 'technique')}."
    blocks: list[Block] = [
        Text(head),
        table("alternatives", "The best stacks that really differ", columns, rows, strong=[0]),
        Points(tuple(other.sentence for other in found.others)),
    ]
    return Section("alternatives", "What else is almost as good", tuple(blocks))
