"""The documentation site builds without a warning, and holds every page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_site_builds_without_warnings_and_holds_every_page(tmp_path: Path) -> None:
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package, reason="the extra `docs` is not installed")
    words = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*words, "-d", str(tmp_path / "trees"), "-c", "docs", ".", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    pages = {
        path.relative_to(ROOT).with_suffix(".html")
        for path in (ROOT / "docs").rglob("*.md")
        if path != ROOT / "docs" / "README.md"
    }
    built = {path.relative_to(tmp_path / "site") for path in (tmp_path / "site").rglob("*.html")}
    assert pages <= built


def test_every_page_is_in_the_table_of_contents_of_the_repository() -> None:
    contents = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    missing = [
        path.relative_to(ROOT / "docs").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if path.parent.name != "decisions" and path.name not in ("README.md", "index.md")
    ]
    assert [page for page in missing if f"({page})" not in contents] == []
