"""What a reader can take away: each a name, a label, and a function of the answer.

A further kind is a line in `DOWNLOADS`; the page shows a button for each whose packages are there.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from planner.app.answers import Answer
from planner.report.documents import plan_document
from planner.report.pages import html
from planner.report.pages.workbook import workbook
from planner.report.screen import as_json
from planner.report.tables import ranking_csv
from planner.scenario.write import write_yaml
from planner.scenario.write_workbook import workbook_bytes
from planner.solve.search import Progress


@dataclass(frozen=True)
class Download:
    """`make` gives the file's bytes for an answer; `needs` are packages that it imports."""

    label: str
    file: str
    media: str
    make: Callable[[Answer, Progress], bytes]
    needs: tuple[str, ...] = ()


def _scenario(answer: Answer, _: Progress) -> bytes:
    return write_yaml(answer.plan.scenario).encode()


def _workbook(answer: Answer, _: Progress) -> bytes:
    return workbook_bytes(answer.plan.scenario)


def _report(answer: Answer, progress: Progress) -> bytes:
    return html.page(answer.report(progress)).encode()


def _book(answer: Answer, progress: Progress) -> bytes:
    return workbook(answer.report(progress))


def _plan(answer: Answer, progress: Progress) -> bytes:
    document = plan_document(answer.kept(progress), seconds=False)
    return f"{as_json(document)}\n".encode()


def _ranking(answer: Answer, progress: Progress) -> bytes:
    return ranking_csv(answer.ranking(progress)).encode()


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

DOWNLOADS: dict[str, Download] = {
    "report": Download("Report (page)", "report.html", "text/html", _report),
    "book": Download("Report (Excel)", "report.xlsx", _XLSX, _book, ("xlsxwriter",)),
    "scenario": Download("Scenario, as changed (YAML)", "scenario.yaml", "text/yaml", _scenario),
    "workbook": Download(
        "Scenario, as changed (Excel)",
        "scenario.xlsx",
        _XLSX,
        _workbook,
        ("openpyxl", "xlsxwriter"),
    ),
    "plan": Download("Plan with its proof (JSON)", "plan.json", "application/json", _plan),
    "ranking": Download("Ranking (CSV)", "ranking.csv", "text/csv", _ranking),
}


def offered() -> dict[str, Download]:
    """Those that can be made here: an extra may be missing."""
    return {
        name: download
        for name, download in DOWNLOADS.items()
        if all(importlib.util.find_spec(package) for package in download.needs)
    }
