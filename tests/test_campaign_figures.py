"""The table of docs/trust.md is written by the campaigns themselves."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.campaigns import figures

ROOT = Path(__file__).parents[1]
PAGE = """# Trust

| campaign | figure | command | day | commit |
| --- | --- | --- | --- | --- |
| [one](#first) | old | `old` | 2026-01-01 | 0000000 |
| [one more](#second) |  |  |  |  |

Text with | one | in it.
"""


def test_a_figure_replaces_its_own_row_alone() -> None:
    new = figures.with_figure(PAGE, "one", "python -m x", "2026-11-26", "abc", "7 | 8\n 0 wrong")
    changed = [(a, b) for a, b in zip(PAGE.splitlines(), new.splitlines(), strict=True) if a != b]
    assert changed == [
        (
            "| [one](#first) | old | `old` | 2026-01-01 | 0000000 |",
            "| [one](#first) | 7 / 8 0 wrong | `python -m x` | 2026-11-26 | abc |",
        )
    ]


def test_a_name_without_a_row_is_an_error() -> None:
    with pytest.raises(LookupError, match="0 rows of 'two'"):
        figures.with_figure(PAGE, "two", "", "", "", "")


@pytest.mark.parametrize(
    ("script", "code", "written"),
    [
        ("print('much'); print('5 done, 0 wrong'); print()", 0, "5 done, 0 wrong"),
        ("print('5 done, 2 wrong'); raise SystemExit(1)", 1, "5 done, 2 wrong"),
        ("", 1, "old"),
        ("import os; print('half', flush=True); os.kill(os.getpid(), 9)", 1, "old"),
    ],
)
def test_the_last_line_of_a_campaign_is_its_figure(
    script: str, code: int, written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "trust.md"
    page.write_text(PAGE)
    monkeypatch.setattr(figures, "PAGE", page)
    monkeypatch.setattr(figures, "code", lambda: "abc")
    assert figures.main(["one", "--", sys.executable, "-c", script]) == code
    row = page.read_text().splitlines()[4]
    assert row.split(" | ")[1] == written


def test_a_command_is_shown_as_one_would_type_it() -> None:
    words = ("env", "A=1", "/somewhere/bin/python3", "-m", "x", "--count", "3")
    assert figures.shown(words) == "env A=1 python -m x --count 3"
    assert figures.shown((".venv/bin/coverage", "report")) == "coverage report"


def test_every_campaign_of_the_makefile_has_its_row() -> None:
    targets = re.findall(r"^(campaign-[a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.M)
    rows = re.findall(r"^\| \[([^]]+)\]\(#", (ROOT / "docs" / "trust.md").read_text(), re.M)
    assert len(targets) >= 9
    assert set(targets) <= set(rows)
    assert len(set(rows)) == len(rows)
