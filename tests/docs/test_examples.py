"""What the pages tell a reader to type works: every Python example runs, and every command line
is one that the planner takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from planner.cli.commands import COMMANDS
from planner.cli.parser import parse

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "scenarios").rglob("README.md")),
]
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
#: Words that stand for something that the reader puts in, and marks of a synopsis.
STANDS_FOR = re.compile(r"\b[A-Z]{4,}\b|[\[\]…|]")


def blocks(page: Path, *languages: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [m["text"] for m in BLOCK.finditer(text) if m["language"] in languages]


def command_lines() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in blocks(page, "", "sh", "bash", "console"):
            for line in block.replace("\\\n", " ").splitlines():
                words = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
                if words.startswith("planner ") and not STANDS_FOR.search(words):
                    found.append((str(page.relative_to(ROOT)), words.partition("  #")[0]))
    return found


PYTHON = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{k}")
    for page in PAGES
    for k, block in enumerate(blocks(page, "python"))
]


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_every_command_line_is_one_that_the_planner_takes(page: str, line: str) -> None:
    asked = parse(shlex.split(line.split(">")[0].split("|")[0])[1:])
    assert asked.command in COMMANDS or asked.text
    scenario = getattr(asked.arguments, "scenario", None)
    if isinstance(scenario, str) and scenario.startswith("scenarios/"):
        assert (ROOT / scenario).exists(), f"{page} names {scenario}"


@pytest.mark.parametrize("code", PYTHON)
def test_every_python_example_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Examples read shipped scenarios by their path from the root, and may write beside them.
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "<example>", "exec"), {"__name__": "example"})


def test_the_pages_hold_examples() -> None:
    # A pattern that stopped matching would leave nothing to check.
    assert len(command_lines()) >= 9
    assert len(PYTHON) >= 4
    assert {line.split()[1] for _, line in command_lines()} >= {"recommend", "explain", "what-if"}


def test_every_command_has_a_section_among_the_commands() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert {name for name in COMMANDS if f"\n## {name}\n" not in text} == set()
    assert {name for name in COMMANDS if f"\n| [`{name}`](#{name}) |" not in text} == set()
