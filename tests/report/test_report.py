"""The report: what it says is what the answers say, in every format, and nothing of the outside."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from planner.cli.main import main
from planner.report.pages import assemble, html, markdown, workbook
from planner.report.pages.blocks import Column, Report, number, table, word
from planner.scenario.read import read
from planner.study.dossier import Dossier, gather

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script>"


class Elements(HTMLParser):
    """Tags, their attributes, and the ids that a page defines and asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_answer_stands_first_and_is_that_of_the_plan(report: Report, dossier: Dossier) -> None:
    # The stack and its risk are those of docs/model.md, Values to check by hand (5).
    assert dossier.plan.stack == ("re", "scientist-ai")
    first, second, third = report.answer
    assert "Representation engineering (re) and Scientist AI (scientist-ai)" in first
    assert "9 of 9 USD million" in first
    assert "0.1765" in second
    assert "1.91" in second
    assert "every one of the 128 stacks" in third


def test_the_page_asks_nothing_of_the_outside(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "unsafe" not in policy[1]
    for tag, attributes in Elements(page).found:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            target = attributes.get(name)
            if target is not None:
                assert target.startswith(("data:image/svg+xml,", "#")), (
                    f"{tag} {name}={target[:60]}"
                )
    assert not re.search(r"url\((?!#)", page.partition("</style>")[0])


def test_the_page_is_under_a_megabyte(page: str) -> None:
    assert len(page.encode()) < 1_000_000


def test_every_picture_says_what_it_shows_and_every_anchor_leads_somewhere(page: str) -> None:
    found = Elements(page).found
    pictures = [attributes for tag, attributes in found if tag == "img"]
    assert len(pictures) >= 7
    assert all(len(picture["alt"] or "") > 40 for picture in pictures)
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    asked = [a["href"] for tag, a in found if tag == "a" and (a.get("href") or "").startswith("#")]
    assert {target[1:] for target in asked if target} <= set(ids)


def test_the_slider_holds_every_point_of_the_frontier(page: str, dossier: Dossier) -> None:
    data = re.search(r'<script type="application/json">(.*?)</script>', page, re.S)
    assert data is not None
    steps = json.loads(data[1])
    # 21 efficient stacks: docs/how-to/read-the-frontier.md walks through them.
    assert len(steps) == len(dossier.steps) == 21
    own = next(step for step in steps if step["shown"]["stack"] == "re, scientist-ai")
    assert own["shown"]["risk"] == "0.1765"
    assert own["shown"]["independent"] == "0.1628"
    assert own["shown"]["worst"] == "0.3961"


def test_names_are_text_in_every_format(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    text = (ROOT / "scenarios" / "three" / "scenario.yaml").read_text()
    folder = tmp_path / "scenario"
    folder.mkdir()
    for name in ("techniques", "modes", "vulnerability"):
        table_text = (ROOT / "scenarios" / "three" / f"{name}.csv").read_text()
        (folder / f"{name}.csv").write_text(
            table_text.replace("Approval", f"=1+1{HOSTILE}").replace("Deceit", HOSTILE)
        )
    (folder / "scenario.yaml").write_text(re.sub("name: .*", f"name: '{HOSTILE}'", text))
    found = assemble.report(gather(read(folder), draws=0))
    shown = html.page(found)
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown
    assert HOSTILE not in markdown.text(found)
    book = load_workbook(io.BytesIO(workbook.workbook(found)))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert not [c.coordinate for c in cells if c.data_type == "f"]
    assert any(isinstance(c.value, str) and HOSTILE in c.value for c in cells)


def test_the_workbook_has_a_sheet_a_question_with_real_numbers(
    report: Report, dossier: Dossier
) -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(workbook.workbook(report)))
    wanted = ["summary", "ranking", "frontier", "what-if", "robustness", "correlation"]
    assert set(book.sheetnames) >= {*wanted, "inputs", "sources", "provenance"}
    sheet = book["ranking"]
    assert sheet.freeze_panes == "C2"
    assert sheet.tables
    heads = [cell.value for cell in sheet[1]]
    first = {head: sheet.cell(2, k + 1).value for k, head in enumerate(heads)}
    row = dossier.ranking.rows[0].row
    assert first["technique"] == row.technique
    assert first["cost"] == float(row.cost)
    # A workbook keeps 16 digits.
    assert first["if changed"] == pytest.approx(row.rise_if_dropped, rel=1e-15)
    costs = [cell.value for cell in book["frontier"]["B"][1:22]]
    assert costs == [float(step.cost) for step in dossier.steps]


def test_markdown_tables_have_as_many_cells_as_heads(report: Report) -> None:
    tables = re.split(r"\n(?!\| )", markdown.text(report))
    found = [[x for x in part.splitlines() if x.startswith("| ")] for part in tables]
    found = [lines for lines in found if len(lines) > 1]
    assert len(found) >= 10
    for lines in found:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_a_row_without_a_cell_for_every_column_is_refused() -> None:
    with pytest.raises(ValueError, match="not one cell a column"):
        table("t", "T", [Column("a"), Column("b")], [[word("x")]])


def test_what_is_not_known_has_a_dash_and_no_value() -> None:
    cell = number(None)
    assert (cell.text, cell.value) == ("–", None)


#: Writes the report in every format; the arguments are the scenario and a folder.
EVERY_FORMAT = """
import sys
from pathlib import Path
from planner.report.pages import assemble, html, markdown, workbook
from planner.scenario.read import read
from planner.study.dossier import gather
report = assemble.report(gather(read(sys.argv[1])))
out = Path(sys.argv[2])
(out / "report.html").write_text(html.page(report), encoding="utf-8")
(out / "report.md").write_text(markdown.text(report), encoding="utf-8")
(out / "report.xlsx").write_bytes(workbook.workbook(report))
"""


@pytest.mark.slow
def test_the_same_question_gives_the_same_bytes_in_another_place_and_time(tmp_path: Path) -> None:
    found = []
    for zone, language, seed in [("UTC", "C", "1"), ("Asia/Tokyo", "de_DE.UTF-8", "2")]:
        out = tmp_path / seed
        out.mkdir()
        subprocess.run(
            [sys.executable, "-c", EVERY_FORMAT, "scenarios/three", str(out)],
            cwd=ROOT,
            env={**os.environ, "TZ": zone, "LC_ALL": language, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        found.append({path.name: path.read_bytes() for path in sorted(out.iterdir())})
    assert len(found[0]) == 3
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []


def test_a_workbook_holds_no_time_of_the_clock(report: Report) -> None:
    assert workbook.workbook(report) == workbook.workbook(report)


def test_json_names_the_file_and_its_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "board.md"
    assert main(["report", str(ROOT / "scenarios" / "three"), "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert document["bytes"] == out.stat().st_size
    assert document["format"] == "md"
    assert "ranking" in document["sections"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "report.pdf"], "pdf is no format"),
        (["--format", "docx"], "docx is no format"),
        (["--draws", "-1"], "-1"),
        (["--budget", "x"], "x"),
        (["--objective", "mean"], "mean"),
    ],
)
def test_bad_options_write_nothing(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", str(ROOT / "scenarios" / "three"), *words]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--objective", "depth"], ["--objective", "worst:1"]])
def test_every_objective_has_a_report(words: list[str], tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    scenario = str(ROOT / "scenarios" / "three")
    assert main(["report", scenario, *words, "--out", str(out), "--draws", "0"]) == 0
    assert "The answer" in out.read_text(encoding="utf-8")
