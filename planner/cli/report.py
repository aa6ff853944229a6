"""`planner report`: everything about one scenario as a page, a workbook or Markdown."""

from __future__ import annotations

import hashlib
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.options import MOST_DRAWS, Reader
from planner.cli.progress import Progress
from planner.cli.recommend import say_notes
from planner.errors import BadInput
from planner.files import make_folder, write_bytes
from planner.report.pages import assemble, html, markdown, workbook
from planner.report.pages.blocks import Report
from planner.report.screen import Screen, plain, print_json
from planner.report.warnings import warnings_of
from planner.scenario.digest import digest
from planner.scenario.notes import shown
from planner.scenario.numbers import parse_whole
from planner.scenario.read import read
from planner.study.dossier import gather

#: Format -> what writes it. A new one is a function here.
FORMATS: dict[str, Callable[[Report], bytes]] = {
    "html": lambda report: html.page(report).encode("utf-8"),
    "xlsx": workbook.workbook,
    "md": lambda report: markdown.text(report).encode("utf-8"),
}


def run(arguments: Namespace) -> int:
    reader = Reader(arguments)
    search = reader.search()
    seed = reader.seed()
    draws = reader.read("--draws", lambda text: parse_whole(text, 0, MOST_DRAWS), None)
    reader.check()
    path, form = _target(arguments.out, arguments.format)
    scenario = read(arguments.scenario)
    make_folder(path.parent)
    with Progress() as progress:
        dossier = gather(
            scenario,
            arguments.objective,
            budget=arguments.budget,
            search=search,
            seed=seed,
            draws=draws,
            progress=progress,
        )
        progress("writing the report")
        found = assemble.report(dossier)
        data = FORMATS[form](found)
    write_bytes(path, data)
    if arguments.json:
        print_json(
            {
                "scenario": {"name": scenario.name, "digest": digest(scenario)},
                "answer": list(found.answer),
                "sections": [section.id for section in found.sections],
                "format": form,
                "file": path.name,
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
        )
    else:
        Screen().show(*(plain(sentence) for sentence in found.answer))
        say_notes([as_line(warning) for warning in warnings_of([dossier.plan])], [path])
    return 0


def _target(out: str | None, form: str | None) -> tuple[Path, str]:
    """The file, and its format: the one that was named, else that of the file's ending."""
    ending = "" if out is None else Path(out).suffix.lower().removeprefix(".")
    ending = {"htm": "html", "markdown": "md"}.get(ending, ending)
    wanted = form or ending or "html"
    if wanted not in FORMATS:
        option = "--format" if form else "--out"
        raise BadInput.option(
            option,
            f"{shown(wanted)} is no format of a report.",
            f"Write one of {', '.join(FORMATS)}, such as --out report.html.",
        )
    path = Path(out or f"report.{wanted}")
    if path.is_dir():
        path = path / f"report.{wanted}"
    elif not ending:
        path = path.with_name(f"{path.name}.{wanted}")
    return path, wanted
