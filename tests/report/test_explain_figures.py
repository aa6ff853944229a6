"""The figures of `explain`: what they show, in words too; whatever the scenario, none fails."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from factory import scenario

from planner.plan import recommend
from planner.report.drawing import png, svg
from planner.report.figures import recommendation_drawing
from planner.report.figures_explain import drawings
from planner.scenario.read import read
from planner.solve.search import Search
from planner.study.explain import explain
from planner.study.naive import price_of_ignoring
from planner.study.ranking import rank

PAPER = read(Path(__file__).parents[2] / "scenarios" / "dung-mai-2025")
SVG = "{http://www.w3.org/2000/svg}"


def drawn(given, **asked):
    plan = recommend(given, **asked)
    price = price_of_ignoring(plan.question, [plan.budget], Search(), draws=5)
    return {drawing.name: drawing for drawing in drawings(explain(plan), price)}


def big(techniques=40, modes=13):
    """Long names, a group, uncertain symbols, causes nobody listed."""
    rng = np.random.default_rng(1)
    v = rng.choice([0.05, 0.4, 0.8], (techniques, modes))
    return scenario(
        v.tolist(),
        ids=[f"technique-{k:02d}-with-a-long-name" for k in range(techniques)],
        mode_ids=[f"mode-{k:02d}-also-long" for k in range(modes)],
        costs=rng.integers(1, 9, techniques).tolist(),
        background="0.02",
        unlisted="0.01",
        budget=12,
    )


def test_every_figure_of_the_paper_says_in_words_what_it_shows():
    found = drawn(PAPER)
    says = {
        "vulnerability": "al-gen defeats 6 of 7 techniques",
        "band": "0.1628 if failures were independent, 0.1765 in the model, 0.3961 in the worst",
        "layers": "7 techniques worth 4.12 layers",
        "cut-sets": "stack: depth 2; minimal cut sets: 2 of order 2",
        "drivers": "The largest: s-tax 19.2%",
        "correlation": "The most correlated pair is rlaif with w2s, phi 0.61",
        "price-of-ignoring": "57.5% more risk than the best stack",
    }
    assert list(found) == list(says)
    for name, words in says.items():
        drawing = found[name]
        assert words in drawing.alt
        root = ElementTree.fromstring(svg(drawing))
        assert root.get("role") == "img"
        assert root.findtext(f"{SVG}title") == drawing.title
        assert root.findtext(f"{SVG}desc") == drawing.alt
        picture = png(drawing)
        assert picture.startswith(b"\x89PNG")
        assert drawing.title.encode() in picture


def inside(figure):
    """All that is drawn lies on the picture."""
    figure.canvas.draw()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert box.x0 >= -0.01
    assert box.y0 >= -0.01
    assert box.x1 <= width + 0.01
    assert box.y1 <= height + 0.01


@pytest.mark.parametrize("given", [PAPER, big()], ids=["paper", "40 x 13"])
def test_no_label_is_cut(given):
    for drawing in drawn(given).values():
        inside(drawing.figure)
    inside(recommendation_drawing(rank(recommend(given), seconds=1)).figure)


def test_labels_are_thinned_where_there_are_too_many_and_a_note_says_so():
    found = drawn(big(130, 3))
    notes = {name: drawing.figure._supxlabel.get_text() for name, drawing in found.items()}
    assert "One technique in 3 is named" in notes["correlation"].replace("\n", " ")
    assert "One technique in 3 is named" in notes["layers"].replace("\n", " ")
    assert "The first 40 of 130 techniques are shown" in notes["vulnerability"].replace("\n", " ")
    inside(found["correlation"].figure)


CASES = {
    "explicit": scenario(weights=[1, 2], failure=[[0.1, 0.9], [0.9, 0.1]], budget=2),
    "one technique": scenario([[0.5, 0.2]], budget=1),
    "nothing bought": scenario([[0.5], [0.6]], budget=0),
    "no cut set": scenario([[0.1, 0.2], [0.2, 0.1]], budget=2),
    "no risk left": scenario([[0, 0], [0.2, 0.1]], budget=2),
    "no loss": scenario([[0.5], [0.6]], loss=0, baseline_loss=0, budget=1),
    "certain failure": scenario([[1], [1]], "1", budget=1),
    "a single point": scenario([[0.9, 0.1], [0.9, 0.2]], budget=2),
    "alike": scenario([[0.5, 0.9]] * 3, budget=3),
    "apart": scenario(weights=[1, 1], failure=[[0, 1], [1, 0], [0.5, 0.5]], budget=3),
    "paid by others": scenario([[0.5], [0.6]], committed=["t01"], budget=1),
    "markup": scenario([[0.5, 0.9]] * 2, name="$x^2$ <script>&\n[b]", currency="$ & <b>", budget=2),
}


@pytest.mark.parametrize("name", CASES)
def test_awkward_scenarios_are_drawn_too(name):
    found = drawn(CASES[name])
    assert "band" in found
    for drawing in found.values():
        ElementTree.fromstring(svg(drawing))
        assert re.fullmatch(r"[^\n]+", drawing.alt)


def test_by_mode_and_by_depth_are_drawn_too():
    assert "drivers" in drawn(replace(PAPER, reading="by-mode"))
    plan = recommend(PAPER, "depth")
    drawing = recommendation_drawing(rank(plan))
    note = drawing.figure._supxlabel.get_text()
    assert "Chosen by depth (2), which needs no probability" in note
