"""The sections about shared failures: the band, layers, cut sets, what drives the rest, and what
it costs to ignore that failures go together."""

from __future__ import annotations

from planner.report import explain_page, wording
from planner.report.explain_correlation import clusters_sentence
from planner.report.explain_price import told
from planner.report.figures_correlation import correlation_drawing
from planner.report.figures_drivers import drivers_drawing, price_drawing
from planner.report.figures_layers import band_drawing, layers_drawing
from planner.report.figures_matrix import cut_sets_drawing, vulnerability_drawing
from planner.report.pages.blocks import (
    FIRST_LISTED,
    MOST_LISTED,
    Block,
    Cell,
    Column,
    Fold,
    Picture,
    Section,
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
from planner.risk.cutsets import CutSets
from planner.study.dependence import NAMES
from planner.study.dossier import Dossier
from planner.study.naive import PriceTable

#: Pairs of techniques in the table of correlations.
PAIRS = 40
#: Minimal cut sets that are listed.
SETS = 60

RULES = {
    "best": "the best stack",
    "independent": "best if failures were independent",
    "best_alone": "best alone for its cost",
    "most_modes": "most modes withstood",
    "equal_split": "equal split",
    "random": "random stacks, mean",
}


def matrix(dossier: Dossier) -> Section | None:
    """Who fails under what: the heart of the scenario, as the funder wrote it."""
    drawing = vulnerability_drawing(dossier.explanation)
    if drawing is None:
        return None
    return Section("matrix", "Which failure modes defeat which techniques", (Picture(drawing),))


def correlation(dossier: Dossier) -> Section:
    """Is this defence in depth, or one layer several times?"""
    found = dossier.explanation
    blocks: list[Block] = [
        Text(explain_page.sentence(found), strong=True),
        Text(found.dependence.sentence),
        Picture(band_drawing(found)),
        Fold(
            "The band and what each reading would choose, as tables",
            (_band(dossier), _choices(dossier)),
        ),
    ]
    for drawing in (layers_drawing(found), correlation_drawing(found)):
        if drawing is not None:
            blocks.append(Picture(drawing))
    pairs = _pairs(dossier)
    if pairs is not None:
        blocks.append(Text(clusters_sentence(found.everything.correlation)))
        blocks.append(Fold("The most correlated pairs, as a table", (pairs,)))
    if found.readings is not None:
        blocks.append(Text(found.readings.sentence))
    return Section("correlation", "Defence in depth, or one layer several times", tuple(blocks))


def _band(dossier: Dossier) -> Table:
    columns = [
        Column("of"),
        Column("independent", "number"),
        Column("shared modes", "number"),
        Column("model", "number"),
        Column("worst case", "number"),
        Column("gap", "number", "diversification gap: model over independent"),
        Column("layers", "number", "effective layers"),
    ]
    rows = []
    for subject in (dossier.explanation.stack, dossier.explanation.everything):
        band = subject.band
        rows.append(
            [
                word(subject.name),
                number(band.independent),
                number(band.shared_modes),
                number(band.model),
                number(band.worst_case),
                number(subject.diversification_gap, 3),
                number(subject.effective_layers, 3),
            ]
        )
    return table("band", "Risk by how failures depend on each other", columns, rows, strong=[0])


def _choices(dossier: Dossier) -> Table:
    columns = [
        Column("under"),
        Column("would be chosen"),
        Column("cost", "number"),
        Column("leaves", "number"),
        Column("the stack leaves", "number"),
        Column("regret", "number"),
    ]
    rows = [
        [
            word(NAMES[row.reading]),
            names(row.stack or (), "not found in time" if row.stack is None else "nothing"),
            amount(row.cost),
            number(row.best_risk),
            number(row.headline_risk),
            number(row.regret),
        ]
        for row in dossier.explanation.dependence.rows
    ]
    return table("choices", "What each reading of dependence would choose", columns, rows)


def _pairs(dossier: Dossier) -> Table | None:
    found = dossier.explanation.everything.correlation
    n = len(found.labels)
    pairs = [
        (found.phi[i][j] or 0.0, i, j)
        for i in range(n)
        for j in range(i + 1, n)
        if found.phi[i][j] is not None
    ]
    pairs.sort(key=lambda pair: (-round(pair[0], 12), pair[1:]))
    if not pairs:
        return None
    columns = [
        Column("technique"),
        Column("with"),
        Column("phi", "number", "correlation of failures, by loss"),
        Column("tetrachoric", "number"),
    ]
    modes = found.jaccard is not None
    if modes:
        columns += [Column("Jaccard", "number", "share of defeating modes in common")]
    rows = []
    for _, i, j in pairs[:PAIRS]:
        row = [
            word(found.labels[i]),
            word(found.labels[j]),
            number(found.phi[i][j]),
            number(found.tetrachoric[i][j]),
        ]
        if found.jaccard is not None:
            row.append(number(found.jaccard[i][j]))
        rows.append(row)
    more = f"The {PAIRS} most correlated of {len(pairs):,} pairs." if len(pairs) > PAIRS else ""
    return table("correlation", "Correlation of failures", columns, rows, note=more, sortable=True)


def cuts(dossier: Dossier) -> Section | None:
    """Which modes defeat everything; no probability enters."""
    found = dossier.explanation.stack.cut_sets
    if found is None:
        return None
    blocks: list[Block] = [Text(_depth(dossier, found), strong=True)]
    drawing = cut_sets_drawing(dossier.explanation)
    if drawing is not None:
        blocks.append(Picture(drawing))
    if found.sets:
        rows = [[Cell(str(len(cut)), len(cut)), names(cut)] for cut in found.sets[:SETS]]
        columns = [Column("order", "number"), Column("modes that together defeat the stack")]
        blocks.append(
            Fold("Minimal cut sets, as a table", (table("cut-sets", "Cut sets", columns, rows),))
        )
    if found.uncertain:
        blocks.append(Text(_deciding(found)))
        blocks.append(Fold("The uncertain cells of the stack", (_cells(found),)))
    return Section(
        "cut-sets", "What defeats the whole stack, without any probability", tuple(blocks)
    )


def _depth(dossier: Dossier, found: CutSets) -> str:
    if not found.techniques:
        return "The stack is empty: any world defeats it."
    depth = wording.depth(dossier.plan) or ""
    single = ""
    if found.single:
        single = f" Single points of failure: {', '.join(found.single)}."
    return f"Depth {depth}.{single} A cell counts as failing from {found.threshold:g} on."


def _deciding(found: CutSets) -> str:
    if not found.deciding:
        return "No uncertain cell of the stack decides its depth alone."
    named = [f"{cell.technique} under {cell.mode}" for cell in found.deciding]
    if len(named) > MOST_LISTED:
        named[FIRST_LISTED:] = [f"and {len(named) - FIRST_LISTED} more (in the table)"]
    cells = ", ".join(named)
    return f"Uncertain cells that decide by themselves how deep the stack is: {cells}."


def _cells(found: CutSets) -> Table:
    columns = [
        Column("technique"),
        Column("mode"),
        Column("counts as"),
        Column("depth if it holds", "number"),
        Column("depth if it fails", "number"),
        Column("decides", "mark"),
    ]
    rows = [
        [
            word(cell.technique),
            word(cell.mode),
            word("fails" if cell.fails else "holds"),
            number(cell.if_holds.depth, 3),
            number(cell.if_fails.depth, 3),
            mark(cell.decides),
        ]
        for cell in found.uncertain
    ]
    return table("uncertain-cells", "Uncertain cells", columns, rows)


def drivers(dossier: Dossier) -> Section | None:
    """Where the rest of the risk comes from, and who stands in for whom."""
    stack = dossier.explanation.stack
    found = stack.drivers
    if found.risk <= 0:
        return None
    blocks: list[Block] = []
    drawing = drivers_drawing(dossier.explanation)
    if drawing is not None:
        blocks.append(Picture(drawing))
    if found.modes:
        columns = [
            Column("mode"),
            Column("name"),
            Column("share", "number", "Shapley share of the residual risk"),
            Column("strikes", "number", "probability"),
            Column("risk if it strikes", "number"),
        ]
        order = sorted(found.modes, key=lambda m: -round(m.shapley_share or 0.0, 12))
        rows = [
            [
                word(m.mode),
                word(m.name),
                share(m.shapley_share),
                number(m.probability),
                number(m.risk_given),
            ]
            for m in order
        ]
        blocks.append(
            Fold(
                "By failure mode, as a table",
                (table("drivers", "Residual risk by mode", columns, rows, sortable=True),),
            )
        )
    if stack.redundancy.labels:
        blocks.append(Fold("Who stands in for whom", (_stand_ins(dossier),)))
    if not blocks:
        return None
    return Section("drivers", "Where the rest of the risk comes from", tuple(blocks))


def _stand_ins(dossier: Dossier) -> Table:
    found = dossier.explanation.stack.redundancy
    sole = found.sole_holders or ()
    worth = {row.label: row for row in dossier.explanation.stack.importance}
    columns = [
        Column("technique"),
        Column("stand-in", meaning="does most of what this one would do alone"),
        Column("does of its work", "number"),
        Column("the rest does", "number"),
        Column("alone holds", meaning="modes that no other technique of the stack withstands"),
        Column("risk without it", "number"),
        Column("achievement worth", "number", "risk without it over the risk with it"),
    ]
    rows = []
    for s in found.stand_ins:
        own = worth.get(s.label)
        rows.append(
            [
                word(s.label),
                word(s.by or "nobody"),
                share(s.share),
                share(s.share_by_rest),
                names([mode for mode, label in sole if label == s.label]),
                number(None if own is None else own.risk_without),
                number(None if own is None else own.risk_achievement_worth, 3),
            ]
        )
    return table("redundancy", "Redundancy within the stack", columns, rows)


def price(dossier: Dossier) -> Section | None:
    """What naive rules leave at the same budget."""
    found = dossier.price
    if found is None:
        return None
    blocks: list[Block] = []
    sentence = told(found.rows, dossier.explanation)
    if sentence:
        blocks.append(Text(sentence, strong=True))
    drawing = price_drawing(found)
    if drawing is not None:
        blocks.append(Picture(drawing))
    blocks.append(Fold("Every rule at every budget, as a table", (_price(found),)))
    return Section("price", "The price of ignoring correlation", tuple(blocks))


def _price(found: PriceTable) -> Table:
    columns = [
        Column("budget", "number"),
        Column("rule"),
        Column("cost", "number"),
        Column("leaves", "number"),
        Column("above the best", "number"),
        Column("believes", "number", "what whoever assumes independence expects to be left"),
        Column("stack"),
    ]
    rows = [
        [
            amount(row.budget),
            word(RULES[row.rule]),
            amount(row.cost),
            number(row.risk),
            rise(row.excess),
            number(row.promised),
            names(row.stack or (), wording.DASH if row.stack is None else "nothing"),
        ]
        for row in found.rows
    ]
    strong = [k for k, row in enumerate(found.rows) if row.rule == "best"]
    return table("price", "What each rule leaves", columns, rows, strong=strong, sortable=True)
