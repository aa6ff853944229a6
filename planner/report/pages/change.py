"""The section about what would change the advice."""

from __future__ import annotations

from planner.report import gaps_page, robust_more_page, robust_page, what_if_page, wording
from planner.report.drawing import Drawing
from planner.report.figures_judgements import panel_drawing, tornado_drawing
from planner.report.figures_robust import core_drawing, drawings
from planner.report.pages.blocks import (
    Block,
    Cell,
    Column,
    Fold,
    Picture,
    Points,
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
from planner.report.pages.choice import proof_words
from planner.study.dossier import Dossier
from planner.study.robust import Robust
from planner.study.what_if import CaseRow


def changes(dossier: Dossier) -> Section | None:
    """The scenario's named changes and the standard ones, beside the recommendation."""
    found = dossier.changes
    if found is None or not found.rows:
        return None
    columns = [
        Column("case"),
        Column("what changes"),
        Column("gains"),
        Column("gives up"),
        Column("cost", "number"),
        Column("risk", "number"),
        Column("recommended stack leaves", "number", "if it had been bought all the same"),
        Column("regret", "number", "how much worse that is than the best stack of the case"),
        Column("proof"),
    ]
    base: list[Cell] = [
        word("as recommended"),
        word(None),
        word(None),
        word(None),
        amount(found.base.cost),
        number(found.base.risk),
        number(found.base.risk),
        number(0.0),
        word(proof_words(found.base.proof.stop == "proven", found.base.proof.gap)),
    ]
    rows = [base, *(_row(row) for row in found.rows)]
    told = [what_if_page.sentence(found, row) for row in found.rows]
    return Section(
        "what-if",
        "What would change the advice",
        (
            table("what-if", "The same scenario with something changed", columns, rows, strong=[0]),
            Points(tuple(told)),
        ),
    )


def robustness(dossier: Dossier) -> Section | None:
    """How far the advice survives the uncertainty of the numbers it rests on."""
    found = dossier.robust
    if found is None:
        return None
    columns = [
        Column("technique"),
        Column("name"),
        Column("core index", "number", "share of the draws whose best stack holds it"),
        Column("status"),
        Column("mean rank", "number"),
        Column("recommended", "mark"),
    ]
    rows = [
        [
            word(row.technique),
            word(row.name),
            share(row.core_index),
            word(row.status),
            number(row.mean_rank),
            mark(row.central),
        ]
        for row in found.rows
    ]
    strong = [k for k, row in enumerate(found.rows) if row.central]
    core = table(
        "core-index", "Techniques over the draws", columns, rows, strong=strong, sortable=True
    )
    blocks: list[Block] = [
        Text(robust_page.sentence(found), strong=True),
        *(Picture(drawing) for drawing in _drawings(found)),
        Text(robust_page.bias_sentence(found)),
        Fold("Techniques over the draws, as a table", (core,)),
        Fold("Stacks over the draws, as a table", (_stacks(found),)),
        Text(
            f"{found.draws.count:,} draws (seed {found.draws.seed}) of "
            f"{wording.count(len(found.draws.numbers), 'uncertain number')}; "
            f"{found.proven:,} of {found.count:,} best stacks proven."
        ),
    ]
    return Section("robustness", "How far the advice survives the uncertainty", tuple(blocks))


def _drawings(found: Robust) -> list[Drawing]:
    """Without those that would show a single line: where nothing else is ever the best stack."""
    alone = len(found.field.judged) == 1 and found.field.judged[0].best_share == 1
    return [core_drawing(found)] if alone else drawings(found)


def _stacks(found: Robust) -> Table:
    columns = [
        Column("best by"),
        Column("stack"),
        Column("cost", "number"),
        Column("best in", "number", "share of the draws"),
        Column("mean risk", "number"),
        Column("5%", "number", "quantile of its risk"),
        Column("95%", "number"),
        Column("mean regret", "number"),
        Column("worst regret", "number"),
    ]
    rows = [
        [
            word(", ".join(robust_page.ROLE_WORDS[role] for role in one.roles)),
            names(one.labels, "nothing"),
            amount(found.plan.money(one.cost)),
            share(one.best_share),
            number(one.mean),
            number(one.low),
            number(one.high),
            number(one.regret[0]),
            number(one.regret[2]),
        ]
        for one in found.field.judged
    ]
    return table("stacks-over-draws", "Stacks over the draws", columns, rows, strong=[0])


def judgements(dossier: Dossier) -> Section | None:
    """Which judgement to settle first, and what it is worth."""
    found = None if dossier.more is None else dossier.more.flips
    if found is None:
        return None
    columns = [
        Column("number"),
        Column("worth", "number", "expected fall of the risk if it were known before choosing"),
        Column("standard error", "number"),
        Column("chance", "number", "that settling it changes the stack"),
        Column("screened", "number", "worth by the quick screen"),
    ]
    rows = [
        [
            word(wording.judgement(flip.name)),
            number(flip.evppi),
            number(flip.error),
            share(flip.chance if flip.evppi is not None else None),
            number(flip.screened),
        ]
        for flip in found.flips
    ]
    worth = table("judgements", "What settling a number is worth", columns, rows, sortable=True)
    told = [robust_more_page.turns(flip, found.stack) for flip in found.flips[:5]]
    blocks: list[Block] = [Text(robust_more_page.flip_sentence(found), strong=True)]
    if any(told):
        blocks.append(Points(tuple(text for text in told if text)))
    blocks += [
        Picture(tornado_drawing(found)),
        Fold("Every uncertain number, as a table", (worth,)),
    ]
    return Section("judgements", "Which judgement to settle first", tuple(blocks))


def experts(dossier: Dossier) -> Section | None:
    """Experts kept apart, and whether their disagreement changes the advice."""
    found = None if dossier.more is None else dossier.more.panel
    if found is None:
        return None
    columns = [
        Column("who"),
        Column("stack"),
        *(Column(f"risk as {name}", "number") for name in found.experts),
        Column("worst regret", "number"),
    ]
    views = [*found.views, found.pooled, found.regret]
    rows = [
        [
            word(robust_more_page.WHO.get(view.who, view.who)),
            names(view.stack, "nothing"),
            *(number(value) for value in view.risks),
            number(view.worst_regret),
        ]
        for view in views
    ]
    return Section(
        "experts",
        "Experts, kept apart",
        (
            Text(robust_more_page.panel_sentence(found), strong=True),
            Picture(panel_drawing(found)),
            table("experts", "What each would fund", columns, rows),
        ),
    )


def gaps(dossier: Dossier) -> Section | None:
    """What a technique that does not exist yet would have to withstand, and may cost."""
    found = dossier.gaps
    if found is None:
        return None
    columns = [
        Column("withstands"),
        Column("fall of the risk", "number", "beside the stack, for nothing"),
        Column("most it may cost", "number", "to enter the best stack"),
        Column("displaces"),
    ]
    rows = [
        [
            names(one.modes),
            number(one.fall),
            Cell("never enters", None) if one.never else amount(one.price),
            names(one.displaces),
        ]
        for one in (*found.singles, *found.pairs)
    ]
    profiles = table("gaps", "Wanted profiles", columns, rows, sortable=True)
    return Section(
        "gaps",
        "What to ask researchers for",
        (
            *(Text(text) for text in gaps_page.call(found)),
            Fold("Every profile of one and two modes, as a table", (profiles,)),
        ),
    )


def _row(row: CaseRow) -> list[Cell]:
    found, kept = row.found, row.kept
    asked = "; ".join(f"{path} = {text}" for path, text in row.case.changes)
    if found is None:
        blank = [Cell(wording.DASH, None)] * 6
        return [word(row.case.name), word(asked), word(row.message), *blank]
    broken = kept is not None and kept.breaks
    left = Cell("breaks a rule", None) if broken else number(None if kept is None else kept.risk)
    return [
        word(row.case.name),
        word(asked),
        names(row.gains),
        names(row.loses),
        amount(found.cost),
        number(found.risk),
        left,
        rise(row.regret) if row.regret else number(row.regret),
        word(proof_words(found.proof.stop == "proven", found.proof.gap)),
    ]
