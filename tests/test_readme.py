"""The README shows what the main job prints, to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.cli.main import main

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_in_the_readme_is_what_the_main_job_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(ROOT)
    assert main(["recommend", "scenarios/dung-mai-2025"]) == 0
    printed = capsys.readouterr().out.rstrip()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"<!-- table:start -->\n```\n(.*?)\n?```\n<!-- table:end -->", text, re.S)
    assert shown == printed


def test_every_link_in_the_pages_leads_somewhere() -> None:
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "scenarios").rglob("*.md")),
    ]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not target.startswith(("http:", "https:", "mailto:")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
