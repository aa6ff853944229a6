"""Pages fit the width they are given, and lose nothing on the way."""

import io
from pathlib import Path

import pytest
from rich.cells import cell_len

from planner.cli.main import main
from planner.report.screen import Screen, plain, width_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"
LONG_ID = "b-" + "very-" * 19 + "end"
LONG_NAME = "A name as long as names go, " + "which is rather long, " * 7

AWKWARD = f"""
planner: 1
name: "Worlds of [bold]my[/bold] $own$ making"
currency: EUR
budget: 2
techniques:
- {{id: a, name: "=cmd|x", cost: 1}}
- {{id: {LONG_ID}, name: "{LONG_NAME}", cost: 123456789.25}}
- {{id: c, name: "日本語の名前は幅が二倍になる", cost: 1}}
- {{id: d, name: "[red]not red[/red]", cost: 1}}
committed: [d]
worlds:
- {{world: w1, weight: 0.5}}
- {{world: w2, weight: 0.25}}
failure:
- {{technique: a, world: w1, failure: 0.1}}
- {{technique: c, world: w2, failure: 0.2}}
- {{technique: {LONG_ID}, world: w2, failure: 0.000000001}}
"""


@pytest.fixture(params=["dung-mai-2025", "three", "awkward"])
def scenario(request, tmp_path):
    if request.param == "awkward":
        path = tmp_path / "awkward.yaml"
        path.write_text(AWKWARD, encoding="utf-8")
        return path
    return SCENARIOS / request.param


def page(capsys, monkeypatch, width, *words):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize(
    "words",
    [["recommend"], ["recommend", "--budget", "1,2"], ["check"], ["explain", "--draws", "9"]],
    ids=" ".join,
)
def test_no_line_is_wider_than_the_page(scenario, capsys, monkeypatch, width, words):
    out = page(capsys, monkeypatch, width, words[0], scenario, *words[1:])
    assert max(cell_len(line) for line in out.splitlines()) <= width
    assert not any(line.endswith(" ") for line in out.splitlines())


@pytest.mark.parametrize("width", [80, 200])
def test_solvers_fit(capsys, monkeypatch, width):
    out = page(capsys, monkeypatch, width, "solvers")
    assert max(map(len, out.splitlines())) <= width


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize("width", [80, 100])
def test_nothing_is_lost_where_the_page_is_narrow(capsys, monkeypatch, tmp_path, width):
    path = tmp_path / "awkward.yaml"
    path.write_text(AWKWARD, encoding="utf-8")
    out = squeezed(page(capsys, monkeypatch, width, "recommend", path))
    for text in (LONG_ID, LONG_NAME, "=cmd|x", "日本語の名前は幅が二倍になる", "123456789.25"):
        assert squeezed(text) in out
    assert "[red]notred[/red]" in out
    assert "[bold]my[/bold]$own$" in out


def test_a_wide_page_has_every_column_and_the_reason_in_the_row(capsys, monkeypatch):
    out = page(capsys, monkeypatch, 200, "recommend", SCENARIOS / "dung-mai-2025")
    head = next(line for line in out.splitlines() if line.startswith(" # "))
    for column in ("technique", "name", "in", "cost", "reason", "with"):
        assert f" {column}" in head
    assert "\nWhy\n" not in out
    narrow = page(capsys, monkeypatch, 80, "recommend", SCENARIOS / "dung-mai-2025")
    assert "\nWhy\n" in narrow


def test_the_width_is_columns_then_100_where_there_is_no_terminal(monkeypatch, tmp_path):
    with (tmp_path / "file").open("w") as stream:
        monkeypatch.delenv("COLUMNS", raising=False)
        assert width_of(stream) == 100
        for text, width in (("80", 80), ("5", 40), ("9999", 240), ("wide", 100), ("0", 100)):
            monkeypatch.setenv("COLUMNS", text)
            assert width_of(stream) == width


def test_control_characters_and_markup_are_shown_not_obeyed(tmp_path):
    with (tmp_path / "file").open("w") as stream:
        Screen(stream).show(plain("[red]a\x1b[31mb\x07"))
    assert (tmp_path / "file").read_text() == "[red]a\\x1b[31mb\\x07\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_colour_on_a_terminal_alone_and_not_against_no_color(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, pale = Terminal(), Terminal()
    Screen(coloured).show(plain("text", "bold green"))
    assert "\x1b[" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    Screen(pale).show(plain("text", "bold green"))
    assert pale.getvalue() == "text\n"
