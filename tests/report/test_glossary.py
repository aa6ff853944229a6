"""The words of the pages are those of the docs."""

from __future__ import annotations

from pathlib import Path

from planner.report.glossary import GLOSSARY, meaning

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"


def test_every_word_means_what_the_docs_say() -> None:
    rows = [line.strip("| \n").split(" | ", 1) for line in PAGE.read_text("utf-8").splitlines()]
    said = {row[0]: row[1] for row in rows if len(row) == 2}
    assert {word: said.get(word) for word in GLOSSARY} == GLOSSARY


def test_a_meaning_is_plain_text() -> None:
    assert all("`" not in meaning(word) and "*" not in meaning(word) for word in GLOSSARY)
