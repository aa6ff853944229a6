"""From answers to a report: every section that has something to say, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from planner.report.pages import change, choice, dependence, record
from planner.report.pages.blocks import Report, Section
from planner.study.dossier import Dossier

#: A new section is a function here.
SECTIONS: Final[tuple[Callable[[Dossier], Section | None], ...]] = (
    choice.ranking,
    dependence.matrix,
    choice.frontier,
    dependence.correlation,
    dependence.cuts,
    dependence.drivers,
    change.changes,
    change.robustness,
    change.judgements,
    change.experts,
    choice.two_lists,
    choice.others,
    dependence.price,
    change.gaps,
    record.evidence,
    record.assumed,
    record.computed,
    record.glossary,
)


def report(dossier: Dossier) -> Report:
    """The whole report, not yet written to any format."""
    found = [section(dossier) for section in SECTIONS]
    return Report(
        title=dossier.scenario.name,
        currency=dossier.scenario.currency,
        answer=choice.answer(dossier),
        sections=tuple(section for section in found if section is not None),
    )
