"""What a reader can take away: each a name, a label, and a function of the answer.

A further kind is a line in `DOWNLOADS`; the page shows a button for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planner.app.answers import Answer
from planner.report.documents import plan_document
from planner.report.screen import as_json
from planner.report.tables import ranking_csv
from planner.scenario.write import write_yaml
from planner.solve.search import Progress


@dataclass(frozen=True)
class Download:
    """`make` gives the file's bytes for an answer."""

    label: str
    file: str
    media: str
    make: Callable[[Answer, Progress], bytes]


def _scenario(answer: Answer, _: Progress) -> bytes:
    return write_yaml(answer.plan.scenario).encode()


def _plan(answer: Answer, progress: Progress) -> bytes:
    document = plan_document(answer.kept(progress), seconds=False)
    return f"{as_json(document)}\n".encode()


def _ranking(answer: Answer, progress: Progress) -> bytes:
    return ranking_csv(answer.ranking(progress)).encode()


DOWNLOADS: dict[str, Download] = {
    "scenario": Download("Scenario, as changed (YAML)", "scenario.yaml", "text/yaml", _scenario),
    "plan": Download("Plan with its proof (JSON)", "plan.json", "application/json", _plan),
    "ranking": Download("Ranking (CSV)", "ranking.csv", "text/csv", _ranking),
}
