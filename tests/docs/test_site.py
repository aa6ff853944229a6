"""The documentation site builds without a warning, holds every page, and is open to everybody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from browser import NEEDS_CHROMIUM, WAIT, violations

ROOT = Path(__file__).resolve().parents[2]


#: With long code, wide tables, blank heads, signatures, pictures, and without a body of its own.
KINDS = (
    "search.html",
    "CONTRIBUTING.html",
    "docs/solvers.html",
    "docs/how-to/make-a-report.html",
    "docs/reference/python.html",
    "scenarios/three/README.html",
)


@pytest.mark.slow
def test_the_site_builds_without_warnings_and_holds_every_page(site: Path) -> None:
    pages = {
        path.relative_to(ROOT).with_suffix(".html")
        for path in (ROOT / "docs").rglob("*.md")
        if path != ROOT / "docs" / "README.md"
    }
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert pages <= built


@pytest.mark.slow
@NEEDS_CHROMIUM
def test_axe_finds_nothing_and_no_side_is_cut(browser: Any, site: Path) -> None:
    """Pages of every kind at a desk by day and on a phone by night; wide tables move within
    themselves."""
    context = browser.new_context()
    context.set_default_timeout(WAIT)
    page = context.new_page()
    found = []
    every = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    # All pages take minutes: PLANNER_EVERY_PAGE=1, before a release.
    for name in every if os.environ.get("PLANNER_EVERY_PAGE") else KINDS:
        page.goto((site / name).as_uri())
        for width, scheme in ((1280, "light"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            told = violations(page)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                told.append("the page is wider than the window")
            found += [f"{name} at {width}, {scheme}: {text}" for text in told]
    context.close()
    assert found == []


def test_every_page_is_in_the_table_of_contents_of_the_repository() -> None:
    contents = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    missing = [
        path.relative_to(ROOT / "docs").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if path.parent.name != "decisions" and path.name not in ("README.md", "index.md")
    ]
    assert [page for page in missing if f"({page})" not in contents] == []
