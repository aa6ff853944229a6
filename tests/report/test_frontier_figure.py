"""The figure of a frontier: what it shows, in words too; nothing cut; no scenario fails."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from factory import scenario

from planner.plan import Question
from planner.report.drawing import png, svg
from planner.report.figures_frontier import frontier_drawing
from planner.scenario.read import read
from planner.solve.search import Search
from planner.study.frontier import even_budgets, frontier, grid
from planner.study.frontier_facts import Facts
from planner.study.frontier_naive import naive_budgets, naive_marks

PAPER = read(Path(__file__).parents[2] / "scenarios" / "dung-mai-2025")
THREE = read(Path(__file__).parents[2] / "scenarios" / "three")
SVG = "{http://www.w3.org/2000/svg}"


def drawn(given, objective="expected", points=None):
    question = Question.of(given, objective)
    if points is None:
        facts = Facts(frontier(question, Search()))
    else:
        facts = Facts(grid(question, even_budgets(question, points), Search()))
    marks = naive_marks(question, naive_budgets(facts), Search())
    return frontier_drawing(facts, marks)


def big(techniques=40, modes=6):
    rng = np.random.default_rng(1)
    v = rng.choice([0.05, 0.4, 0.8], (techniques, modes))
    return scenario(
        v.tolist(),
        ids=[f"technique-{k:02d}-with-a-long-name" for k in range(techniques)],
        costs=rng.integers(1, 9, techniques).tolist(),
        unlisted="0.01",
        budget=12,
    )


def inside(figure):
    """All that is drawn lies on the picture."""
    figure.canvas.draw()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert box.x0 >= -0.01
    assert box.y0 >= -0.01
    assert box.x1 <= width + 0.01
    assert box.y1 <= height + 0.01


def test_it_says_in_words_what_it_shows():
    drawing = drawn(PAPER)
    assert "21 points, from 1 at 0 to 0.09497 at 21" in drawing.alt
    assert "The knee is at 9, risk 0.1765." in drawing.alt
    assert "Not nested" in drawing.alt
    root = ElementTree.fromstring(svg(drawing))
    assert root.findtext(f"{SVG}desc") == drawing.alt
    assert png(drawing).startswith(b"\x89PNG")


def labels(drawing):
    return {text.get_text() for text in drawing.figure.axes[0].get_legend().get_texts()}


def test_the_legend_names_what_is_drawn_and_lies_off_the_data():
    drawing = drawn(big(8))
    assert labels(drawing) == {
        "best stack",
        "best if failures were independent",
        "best alone for its cost",
        "most modes withstood",
        "equal split",
        "knee",
        "unlisted causes: floor",
        "the scenario's budget",
    }
    assert "unlisted causes: floor" not in labels(drawn(THREE))
    drawing.figure.canvas.draw()
    head, *others = drawing.figure.axes
    box = head.get_legend().get_window_extent()
    for axes in others:
        assert not box.overlaps(axes.get_window_extent())


@pytest.mark.parametrize(
    ("given", "points"), [(PAPER, None), (THREE, None), (big(), 12)], ids=["paper", "three", "40"]
)
def test_no_label_is_cut(given, points):
    inside(drawn(given, points=points).figure)


CASES = {
    "explicit": scenario(weights=[1, 2], failure=[[0.1, 0.9], [0.9, 0.1]], budget=2),
    "one technique": scenario([[0.5, 0.2]], budget=1),
    "no budget": scenario([[0.5], [0.6]]),
    "no risk left": scenario([[0, 0], [0.2, 0.1]], budget=2),
    "no loss": scenario([[0.5], [0.6]], loss=0, baseline_loss=0, budget=1),
    "certain failure": scenario([[1], [1]], "1", budget=1),
    "free": scenario([[0.5], [0.6]], costs=[0, 0], budget=1),
    "dear": scenario([[0.5], [0.6]], costs=[100_000_000, 250_000_000], budget=1),
    "paid by others": scenario([[0.5], [0.6]], committed=["t01"], budget=1),
    "all paid": scenario([[0.5]], committed=["t01"], budget=1),
    "levels": scenario([[0.5], [0.6]], levels={"t01": {"half": 1, "full": 3}}, budget=3),
    "markup": scenario([[0.5, 0.9]] * 2, name="$x^2$ <script>&\n[b]", currency="$ & <b>", budget=2),
}


@pytest.mark.parametrize("name", CASES)
def test_awkward_scenarios_are_drawn_too(name):
    for objective in ("expected", "cvar:0.5", "worst:1"):
        drawing = drawn(CASES[name], objective)
        ElementTree.fromstring(svg(drawing))
        assert re.fullmatch(r"[^\n]+", drawing.alt)
        inside(drawing.figure)


def test_many_techniques_are_counted_in_the_note():
    drawing = drawn(big(70, 3), points=8)
    note = drawing.figure._supxlabel.get_text().replace("\n", " ")
    rows = drawing.figure.axes[3].get_yticklabels()
    shown = re.search(r"The first 60 of \d+ techniques are shown", note)
    never = re.search(r"(\d+) techniques? (is|are) never in the stack", note)
    assert shown or len(rows) == 70 - (int(never[1]) if never else 0)
    inside(drawing.figure)
