"""The report in a real browser, opened as a file: what it shows, keyboard, axe, paper.

Skipped, and said so, where there is no Playwright or no Chromium.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import NEEDS_CHROMIUM, WAIT, violations
from script_corpus import PAYLOADS

from planner.report.pages import assemble, html
from planner.scenario.read import read
from planner.study.dossier import Dossier, gather

pytestmark = NEEDS_CHROMIUM


class Opened:
    """A file in a browser, of which every request, dialog and message is kept."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.context.set_default_timeout(WAIT)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("request", self.request)
        self.page.on("dialog", self.dialog)
        self.page.on("console", lambda message: self.said.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.own = path.as_uri()
        self.page.goto(self.own)

    def request(self, request: Any) -> None:
        if request.url != self.own and not request.url.startswith("data:"):
            self.said.append(f"request: {request.url}")

    def dialog(self, dialog: Any) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="module")
def path(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("report") / "report.html"
    found.write_text(page, encoding="utf-8")
    return found


@pytest.fixture
def opened(browser: Any, path: Path) -> Iterator[Opened]:
    found = Opened(browser, path)
    yield found
    assert found.said == []
    found.context.close()


def open_folds(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_and_no_side_is_cut(
    browser: Any, path: Path, width: int, scheme: str
) -> None:
    """With every fold open; wide tables and figures move within themselves."""
    found = Opened(browser, path, width, scheme)
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    open_folds(found.page)
    assert violations(found.page) == []
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.said == []
    found.context.close()


def test_the_slider_follows_the_keyboard(opened: Opened, dossier: Dossier) -> None:
    """What stands below it is the proven plan of that budget."""
    page = opened.page
    slider = page.locator("#budget")
    shown = page.locator('.slider [data-field="stack"]')
    assert shown.inner_text() == "re, scientist-ai"
    slider.focus()
    for key, place in (("Home", 0), ("ArrowRight", 1), ("End", len(dossier.steps) - 1)):
        slider.press(key)
        step = dossier.steps[place]
        assert shown.inner_text() == (", ".join(step.stack) or "nothing")
        risk = float(page.locator('.slider [data-field="risk"]').inner_text())
        # Four digits are shown.
        assert risk == pytest.approx(step.risk, rel=1e-3)
        assert shown.inner_text() in slider.get_attribute("aria-valuetext")


def column(page: Any, place: int) -> list[str]:
    cells = page.locator(f"#ranking table.sortable >> nth=0 >> tbody tr > *:nth-child({place})")
    return [text.strip() for text in cells.all_text_contents()]


def test_tables_sort_by_click_and_by_keyboard(opened: Opened) -> None:
    page = opened.page
    ranked = column(page, 2)
    head = page.locator("#ranking table.sortable >> nth=0 >> thead th >> nth=4")
    assert head.get_attribute("aria-sort") is None
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    costs = [float(text) for text in column(page, 5)]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    costs = [float(text) for text in column(page, 5)]
    assert costs == sorted(costs, reverse=True)
    first = page.locator("#ranking table.sortable >> nth=0 >> thead th >> nth=0")
    first.locator("button").focus()
    page.keyboard.press("Space")
    assert first.get_attribute("aria-sort") == "ascending"
    assert head.get_attribute("aria-sort") is None
    assert column(page, 2) == ranked


def test_folds_are_open_on_paper_and_shut_again_after(opened: Opened) -> None:
    page = opened.page
    shut = page.locator("details:not([open])").count()
    assert shut > 5
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not(.closed, .more, [open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == shut


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_nothing_is_wider_than_the_paper(opened: Opened, paper: str) -> None:
    """The printable width: 210 mm or 8.5 inches, less margins of 13 mm, at 96 dots an inch."""
    page = opened.page
    width = int(((210 if paper == "A4" else 215.9) - 26) / 25.4 * 96)
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wide = page.evaluate(
        """(width) => [...document.querySelectorAll("table, img, p, li, dd")]
            .filter((e) => e.getBoundingClientRect().right > width + 1)
            .map((e) => e.outerHTML.slice(0, 80))""",
        width,
    )
    assert wide == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_a_table_has_its_head_on_every_sheet_of_paper(opened: Opened, tmp_path: Path) -> None:
    """The table of rules and budgets, 53 rows, is longer than a sheet; the buttons in the heads
    of sortable tables once kept a browser from repeating them."""
    opened.page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    words = ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"]
    text = subprocess.run(words, capture_output=True, check=True, text=True).stdout
    holding = [sheet for sheet in text.split("\f") if "random stacks, mean" in sheet]
    assert len(holding) > 1
    assert [sheet.count("above the best") for sheet in holding] == [1] * len(holding)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


#: What each payload is the name of; few techniques, so that all stacks can be tried.
NAMES, MODES, CASES, SOURCES = PAYLOADS[:8], PAYLOADS[8:12], PAYLOADS[12:18], PAYLOADS[18:]


def hostile() -> str:
    """A scenario whose every text is one of the payloads."""
    lines = ["planner: 1", f"name: {quoted(PAYLOADS[2])}", f"currency: {quoted(PAYLOADS[4])}"]
    lines += ["budget: 2", "reading: by-mode", "techniques:"]
    lines += [f"  - {{id: t{k}, name: {quoted(n)}, cost: 1}}" for k, n in enumerate(NAMES)]
    lines.append("modes:")
    lines += [f"  - {{id: m{k}, name: {quoted(n)}, probability: 0.1}}" for k, n in enumerate(MODES)]
    lines.append("vulnerability:")
    for i in range(len(NAMES)):
        cells = ", ".join(f"m{j}: 0.{2 + (i + j) % 5}" for j in range(len(MODES)))
        lines.append(f"  t{i}: {{{cells}}}")
    lines.append("what_if:")
    lines += [f"  {quoted(n)}: {{budget: 1.{k}}}" for k, n in enumerate(CASES)]
    lines.append("sources:")
    for k, n in enumerate(SOURCES):
        where = f"table: techniques, row: t{k % 8}, column: {('cost', 'background')[k // 8]}"
        lines.append(f"  - {{{where}, source: {quoted(n)}, note: {quoted(n)}}}")
    return "\n".join(lines) + "\n"


def test_scripts_in_a_scenario_stay_text(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(hostile(), "utf-8")
    text = html.page(assemble.report(gather(read(tmp_path / "scenario.yaml"), draws=0)))
    (tmp_path / "report.html").write_text(text, "utf-8")
    opened = Opened(browser, tmp_path / "report.html")
    page = opened.page
    open_folds(page)
    intruders = "main iframe, main object, main style, main video, main math, main svg, main link"
    assert page.locator(intruders).count() == 0
    # The page's own: the data of the slider, and the script at the end.
    assert page.locator("script").count() == 2
    shown = page.locator("body").text_content()
    assert [payload for payload in PAYLOADS if payload not in shown] == []
    data = re.search(r'<script type="application/json">(.*?)</script>', text, re.S)
    assert data is not None
    assert PAYLOADS[4] in json.loads(data[1])[0]["said"]
    page.locator("#budget").press("End")
    assert opened.said == []
    opened.context.close()
