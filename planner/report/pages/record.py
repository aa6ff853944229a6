"""The sections that let a reader check: inputs, evidence, how it was computed, words."""

from __future__ import annotations

import planner
from planner.report import contents, wording
from planner.report.glossary import GLOSSARY
from planner.report.pages.blocks import (
    Block,
    Cell,
    Column,
    Facts,
    Fold,
    Points,
    Section,
    Table,
    Text,
    amount,
    number,
    table,
    word,
)
from planner.report.warnings import warnings_of
from planner.scenario.digest import digest
from planner.scenario.settle import amount as money
from planner.scenario.types import ExplicitWorlds, FailureModes
from planner.study.dossier import Dossier

ASSUMED = (
    "One surviving technique is enough: harm comes where every technique of the stack fails at "
    "once.",
    "Within one world techniques fail independently; what they share is in the worlds, as failure "
    "modes and common causes.",
    "A vulnerability is the probability that a technique fails when a mode is active, and is the "
    "same whatever else is funded.",
    "The numbers are the funder's. What is proven is which stack is best for them, not that they "
    "are right.",
)


def evidence(dossier: Dossier) -> Section:
    """Inputs as they were read, and where they come from."""
    scenario = dossier.scenario
    blocks: list[Block] = [Facts(tuple(contents.facts(scenario)))]
    odd = [str(warning) for warning in warnings_of([dossier.plan])]
    if odd:
        blocks += [Text("What looks odd:"), Points(tuple(odd))]
    blocks.append(Fold("Techniques as written", (_techniques(dossier),)))
    if isinstance(scenario.threats, FailureModes):
        blocks.append(Fold("Failure modes as written", (_modes(dossier),)))
        blocks.append(Fold("Vulnerabilities as written", (_cells(dossier),)))
    references = dossier.ranking.ranking.evidence.references
    if references:
        numbered = tuple((f"[{k}]", text) for k, text in enumerate(references, start=1))
        blocks += [Text("Sources of the numbers in brackets:"), Facts(numbered)]
    if scenario.sources:
        blocks.append(Fold("Every stated source, row by row", (_sources(dossier),)))
    return Section("evidence", "Evidence and inputs", tuple(blocks))


def _techniques(dossier: Dossier) -> Table:
    settled = dossier.plan.question.settled
    scenario = dossier.scenario
    columns = [
        Column("technique"),
        Column("name"),
        Column("level"),
        Column("cost", "number", "the mean of a range"),
        Column("success", "number", "probability that the research delivers something deployed"),
        Column("background", "number", "fails though no mode is active"),
    ]
    rows = []
    for k, option in enumerate(settled.options):
        technique = scenario.techniques[option.technique]
        rows.append(
            [
                word(technique.id),
                word(technique.name),
                word(option.level),
                amount(money(settled.cost[k], scenario.decimals)),
                number(float(settled.success[k]), 3),
                number(technique.background.mean, 3),
            ]
        )
    return table("techniques", "Techniques", columns, rows, sortable=True)


def _modes(dossier: Dossier) -> Table:
    threats = dossier.scenario.threats
    assert isinstance(threats, FailureModes)
    columns = [
        Column("mode"),
        Column("name"),
        Column("probability", "number", "the mean of a range"),
        Column("as written"),
        Column("loss", "number"),
    ]
    rows = [
        [
            word(mode.id),
            word(mode.name),
            number(mode.probability.mean),
            word(str(mode.probability)),
            number(mode.loss.mean, 3),
        ]
        for mode in threats.modes
    ]
    return table("modes", "Failure modes", columns, rows)


def _cells(dossier: Dossier) -> Table:
    threats = dossier.scenario.threats
    assert isinstance(threats, FailureModes)
    columns = [Column("technique"), *(Column(mode.id, "number") for mode in threats.modes)]
    rows = []
    for technique, cells in zip(dossier.scenario.techniques, threats.cells, strict=True):
        row = [word(technique.id)]
        for cell in cells:
            mean = cell.value.mean
            text = wording.short(mean, 2) if cell.symbol is None else cell.symbol
            row.append(Cell(text, mean))
        rows.append(row)
    note = "Symbols stand for " + "; ".join(
        f"{symbol} = {value}" for symbol, value in dossier.scenario.scale
    )
    return table(
        "vulnerability",
        "Probability of failing when the mode is active",
        columns,
        rows,
        note=f"{note}." if dossier.scenario.scale else "",
    )


def _sources(dossier: Dossier) -> Table:
    columns = [
        Column("table"),
        Column("row"),
        Column("column"),
        Column("source"),
        Column("note"),
        Column("judged by"),
        Column("date"),
        Column("confidence"),
    ]
    rows = [
        [
            word(s.table),
            word(s.row),
            word(s.column),
            word(s.source),
            word(s.note),
            word(s.judged_by),
            word(s.date),
            word(s.confidence),
        ]
        for s in dossier.scenario.sources
    ]
    return table("sources", "Where the numbers come from", columns, rows)


def computed(dossier: Dossier) -> Section:
    """Digest, versions, seed, proof, and the command that gives the same report again."""
    plan = dossier.plan
    proof = plan.proof
    bound = (
        "" if proof.lower_bound is None else f"; lower bound {wording.short(proof.lower_bound, 6)}"
    )
    gap = "" if proof.gap is None else f"; gap {wording.short(proof.gap, 2)}"
    words = " ".join(dossier.words)
    worlds = plan.sampling
    facts = [
        ("Planner", planner.__version__),
        ("Scenario", f"{dossier.scenario.name}, {digest(dossier.scenario)}"),
        ("Objective", plan.question.objective),
        ("Proof", f"{wording.proof(plan)} ({proof.kind}, by {proof.solver}{bound}{gap})"),
        *([("Note", proof.note)] if proof.note else []),
        ("Worlds", wording.worlds(worlds)),
        ("Seed", _seed(dossier)),
        ("The same again", f"planner report SCENARIO {words}".strip()),
    ]
    return Section("computed", "How it was computed", (Facts(tuple(facts)),))


def _seed(dossier: Dossier) -> str:
    """Of all that was drawn."""
    worlds, robust = dossier.plan.sampling, dossier.robust
    told = [] if worlds.exact else [f"{worlds.seed} (worlds)"]
    if robust is not None:
        told.append(f"{robust.draws.seed} (draws of the uncertain numbers)")
    price = dossier.price
    if price is not None and any(row.rule == "random" for row in price.rows):
        told.append(f"{dossier.plan.question.seed} (random stacks)")
    return "; ".join(told) or "nothing was drawn"


def assumed(dossier: Dossier) -> Section:
    """What every number here stands on."""
    more = []
    if not isinstance(dossier.scenario.threats, ExplicitWorlds):
        reading = wording.reading(dossier.plan)
        more.append(f"Reading of the modes: {reading}.")
    floor = wording.floor(dossier.plan)
    more.append(
        f"What nobody listed: {floor}."
        if floor
        else "No cause is left for what nobody listed (unlisted is 0): the risk is of the listed "
        "modes alone."
    )
    return Section("assumptions", "What this assumes", (Points((*ASSUMED, *more)),))


def glossary(_: Dossier) -> Section:
    """The words of the report, each with its one sense."""
    rows = tuple((name, text.replace("*", "").replace("`", "")) for name, text in GLOSSARY.items())
    return Section("glossary", "Words", (Facts(rows),))
