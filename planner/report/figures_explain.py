"""All figures of `planner explain`."""

from __future__ import annotations

from planner.report.drawing import Drawing
from planner.report.figures_correlation import correlation_drawing
from planner.report.figures_drivers import drivers_drawing, price_drawing
from planner.report.figures_layers import band_drawing, layers_drawing
from planner.report.figures_matrix import cut_sets_drawing, vulnerability_drawing
from planner.study.explain import Explanation
from planner.study.naive import PriceTable


def drawings(explanation: Explanation, price: PriceTable | None) -> list[Drawing]:
    """Those that the scenario has something to show for, in the order of the page."""
    found = [
        vulnerability_drawing(explanation),
        band_drawing(explanation),
        layers_drawing(explanation),
        cut_sets_drawing(explanation),
        drivers_drawing(explanation),
        correlation_drawing(explanation),
        None if price is None else price_drawing(price),
    ]
    return [drawing for drawing in found if drawing is not None]
