"""The figure of a recommendation: who is vulnerable to what, and what each technique is worth.

Built from objects, never through pyplot; names are drawn as written, without mathematics.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

import numpy as np

from planner.plan import Plan
from planner.report import wording
from planner.report.rank_table import MARK
from planner.scenario.settle import Floats, ModeNumbers
from planner.study.ranking import Ranking, RankRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Techniques and modes that one figure shows.
MOST_ROWS = 30
MOST_MODES = 20
#: Characters of an id on an axis, and of the title.
LONGEST_LABEL = 26
LONGEST_TITLE = 60

#: Okabe and Ito's blue and orange, told apart with any colour vision, and by hatching in print.
STACK, REST = "#0072B2", "#E69F00"
INK, FAINT = "#222222", "#777777"
RESOLUTION = 150


def recommendation_figure(plan: Plan, ranking: Ranking) -> Figure:
    """Left the vulnerability matrix in rank order, right the worth of each technique."""
    _hush()
    # Half a second of import that no other command must pay.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    rows = ranking.rows[:MOST_ROWS]
    matrix = _matrix(plan, rows)
    height = 2.6 + 0.36 * max(len(rows), 3)
    wide = 5.2 if matrix is None else 6.6 + 0.5 * min(matrix[0].shape[1], MOST_MODES)
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
    figure = Figure(figsize=(wide + 2.0, height), layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(
        _shortened(plan.scenario.name, LONGEST_TITLE),
        x=0.012,
        ha="left",
        weight="bold",
        parse_math=False,
    )
    if matrix is None:
        _bars(figure.add_subplot(), plan, rows, labels=True)
    else:
        values, modes = matrix
        ratios = [max(values.shape[1] * 0.55, 2.2), 3.6]
        left, right = figure.subplots(1, 2, width_ratios=ratios)
        _cells(left, rows, values, modes)
        _bars(right, plan, rows, labels=False)
    figure.supxlabel(_note(plan, ranking), x=0.012, ha="left", fontsize=8, color=FAINT)
    return figure


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    return _drawn(figure, "png", {"Software": None}, dpi=RESOLUTION)


def svg(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    return _drawn(figure, "svg", {"Date": None, "Creator": None})


def _drawn(figure: Figure, form: str, metadata: dict[str, Any], **options: Any) -> bytes:
    from matplotlib import rc_context

    out = io.BytesIO()
    with rc_context({"svg.hashsalt": "planner", "svg.fonttype": "path"}), catch_warnings():
        # A script that the font lacks is drawn as boxes; the tables and files have the name.
        filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(out, format=form, metadata=metadata, **options)
    return out.getvalue()


def _hush() -> None:
    """Without a home to write to, matplotlib takes a temporary folder and says so on stderr; a
    handler that drops it leaves the logging of whoever has set it up as it is."""
    logger = logging.getLogger("matplotlib")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _matrix(plan: Plan, rows: tuple[RankRow, ...]) -> tuple[Floats, list[str]] | None:
    """Vulnerabilities of the rows, and the modes: those that defeat most techniques first."""
    threats, scenario = plan.question.settled.threats, plan.scenario
    if not isinstance(threats, ModeNumbers) or not hasattr(scenario.threats, "modes"):
        return None
    whole = threats.vulnerability
    defeats = (whole >= scenario.threshold.mean).sum(axis=0)
    order = sorted(range(whole.shape[1]), key=lambda j: (-defeats[j], -whole[:, j].sum(), j))[
        :MOST_MODES
    ]
    index = {technique.id: i for i, technique in enumerate(scenario.techniques)}
    chosen = [index[row.technique] for row in rows]
    return whole[np.ix_(chosen, order)], [scenario.threats.modes[j].id for j in order]


def _cells(axes: Axes, rows: tuple[RankRow, ...], values: Floats, modes: list[str]) -> None:
    """The matrix: the darker a cell, the surer the technique fails there."""
    from matplotlib.patches import Rectangle

    axes.imshow(values, cmap="YlOrBr", vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        colour = "white" if value > 0.55 else INK
        text = f"{value:.2f}".removeprefix("0") if 0 < value < 1 else f"{value:.0f}"
        axes.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
    stack = sum(row.recommended for row in rows)
    if stack:
        # The stack comes first in the ranking: one frame holds all of it.
        corner = (-0.5, -0.5)
        frame = Rectangle(corner, len(modes), stack, fill=False, edgecolor=STACK, linewidth=2.4)
        frame.set_clip_on(False)
        frame.set_zorder(5)
        axes.add_patch(frame)
    axes.set_xticks(range(len(modes)))
    axes.set_xticklabels(
        [_shortened(mode, LONGEST_LABEL) for mode in modes],
        rotation=35,
        ha="left",
        rotation_mode="anchor",
        fontsize=9,
        parse_math=False,
    )
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    _name_rows(axes, rows)
    axes.set_xlabel("vulnerability: chance to fail when the mode strikes", fontsize=9)
    for side in axes.spines.values():
        side.set_visible(False)
    # White lines between the cells; they are minor ticks without marks.
    axes.set_xticks(np.arange(len(modes) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)


def _bars(axes: Axes, plan: Plan, rows: tuple[RankRow, ...], *, labels: bool) -> None:
    """What the stack loses without a technique, and what another one would add."""
    word = "risk" if plan.question.measure.name == "expected" else plan.question.measure.name
    ranges = range(len(rows))
    sets = (
        ([row.rise_if_dropped for row in rows], STACK, "", f"rise of the {word} if dropped"),
        ([row.fall_if_added for row in rows], REST, "////", f"fall of the {word} if added"),
    )
    largest = max((n for numbers, *_ in sets for n in numbers if n is not None), default=0.0)
    for numbers, colour, hatch, label in sets:
        lengths = [number or 0.0 for number in numbers]
        axes.barh(
            ranges, lengths, height=0.62, color=colour, hatch=hatch, edgecolor="white", label=label
        )
        for i, number in enumerate(numbers):
            if number is not None:
                text = f" {wording.short(number, 3)}"
                axes.text(number, i, text, va="center", fontsize=8, color=INK)
    axes.set_xlim(0, largest * 1.22 if largest > 0 else 1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    if labels:
        _name_rows(axes, rows)
    else:
        axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=8)
    axes.locator_params(axis="x", nbins=5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        ncols=1,
        frameon=False,
        fontsize=9,
        borderaxespad=0.2,
    )


def _name_rows(axes: Axes, rows: tuple[RankRow, ...]) -> None:
    names = []
    for row in rows:
        rank = "paid" if row.rank is None else str(row.rank)
        name = f"{rank}  {_shortened(row.technique, LONGEST_LABEL)}"
        names.append(f"{MARK} {name}" if row.recommended else name)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels(names, fontsize=9, parse_math=False)
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row.recommended:
            label.set(weight="bold", color=STACK)


def _note(plan: Plan, ranking: Ranking) -> str:
    parts = [
        f"{MARK} recommended: cost {wording.cost(plan)}, residual risk {wording.short(plan.risk)}"
    ]
    if len(ranking.rows) > MOST_ROWS:
        parts.append(f"The first {MOST_ROWS} of {len(ranking.rows)} techniques are shown")
    modes = getattr(plan.scenario.threats, "modes", ())
    if len(modes) > MOST_MODES:
        parts.append(f"The first {MOST_MODES} of {len(modes)} modes are shown")
    return ". ".join(parts)


def _shortened(text: str, most: int) -> str:
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"
