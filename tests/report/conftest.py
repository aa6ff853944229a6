"""One dossier and one page of the paper's scenario for all tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.report.pages import assemble, html
from planner.report.pages.blocks import Report
from planner.scenario.read import read
from planner.study.dossier import Dossier, gather

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


@pytest.fixture(scope="session")
def dossier() -> Dossier:
    return gather(read(PAPER), draws=200)


@pytest.fixture(scope="session")
def report(dossier: Dossier) -> Report:
    return assemble.report(dossier)


@pytest.fixture(scope="session")
def page(report: Report) -> str:
    return html.page(report)
