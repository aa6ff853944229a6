"""What every figure shares: a canvas, a palette, labels, and PNG and SVG with a text for those who
cannot see it.

Built from objects, never through pyplot; names are drawn as written, without mathematics. The
palette is Okabe and Ito's, told apart with any colour vision; in print series differ by their
marks, lines and hatching as well.
"""

from __future__ import annotations

import io
import logging
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings
from xml.sax.saxutils import escape

from planner.report import wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STACK, REST = "#0072B2", "#E69F00"
GREEN, RED, PURPLE, SKY = "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
INK, FAINT, PALE = "#222222", "#666666", "#DDDDDD"
RESOLUTION = 150
#: Decimals to which the places of axes are kept, in shares of the figure.
PLACES = 5

#: Characters of an id on an axis, and of a title.
LONGEST_LABEL = 32
LONGEST_TITLE = 120

#: Characters that an inch holds, in a title and in a note.
TITLE_INCH, NOTE_INCH = 9.5, 15.5


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure, the stem of its files, its title, and in `alt` what it shows, in words."""

    name: str
    title: str
    alt: str
    figure: Figure


def canvas(width: float, height: float, title: str, note: str = "") -> Figure:
    """An empty figure (inches) with a title above and a note below, both at the left."""
    _hush()
    # Half a second of import that no other command must pay.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
    figure = Figure(figsize=(width, height), layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    head = _wrapped(shortened(title, LONGEST_TITLE), width * TITLE_INCH)
    figure.suptitle(head, x=0.012, ha="left", weight="bold", parse_math=False)
    if note:
        text = _wrapped(note, width * NOTE_INCH)
        figure.supxlabel(text, x=0.012, ha="left", fontsize=8, color=FAINT, parse_math=False)
    return figure


def png(drawing: Drawing) -> bytes:
    """The drawing as PNG; the same drawing gives the same bytes."""
    told = {"Software": None, "Title": drawing.title, "Description": drawing.alt}
    return _drawn(drawing.figure, "png", told, dpi=RESOLUTION)


def svg(drawing: Drawing) -> bytes:
    """The drawing as SVG; the same drawing gives the same bytes."""
    data = _drawn(drawing.figure, "svg", {"Date": None, "Creator": None}).decode()
    head, mark, rest = data.partition("<svg ")
    opened, close, body = rest.partition(">")
    told = f"\n <title>{_xml(drawing.title)}</title>\n <desc>{_xml(drawing.alt)}</desc>"
    return f'{head}{mark}role="img" {opened}{close}{told}{body}'.encode()


def _drawn(figure: Figure, form: str, metadata: dict[str, Any], **options: Any) -> bytes:
    from matplotlib import rc_context

    out = io.BytesIO()
    with rc_context({"svg.hashsalt": "planner", "svg.fonttype": "path"}), catch_warnings():
        # A script that the font lacks is drawn as boxes; the tables and files have the name.
        filterwarnings("ignore", message="Glyph .* missing from")
        _settle(figure)
        figure.savefig(out, format=form, metadata=metadata, **options)
    return out.getvalue()


def _settle(figure: Figure) -> None:
    """Lay the figure out once, and keep the places: the layout's last digits differ from run to
    run, and a second layout starts from the first."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if not isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(x, PLACES) for x in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def _hush() -> None:
    """Without a home to write to, matplotlib takes a temporary folder and says so on stderr; a
    handler that drops it leaves the logging of whoever has set it up as it is."""
    logger = logging.getLogger("matplotlib")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def shortened(text: str, most: int = LONGEST_LABEL) -> str:
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def thinned(count: int, most: int) -> int:
    """Every which label of `count` to draw, so that at most `most` are.

    >>> thinned(40, 60), thinned(61, 60), thinned(0, 60)
    (1, 2, 1)
    """
    return max(1, -(-count // most))


def bare(axes: Axes, *sides: str) -> None:
    """Without the named sides (all where none is) of the frame."""
    for side in sides or ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)


def name_ticks(axes: Axes, labels: Sequence[str], size: float = 9, most: int = 40) -> None:
    """Labels of rows, drawn as written."""
    axes.set_yticks(range(len(labels)))
    axes.set_yticklabels(
        [shortened(label, most) for label in labels], fontsize=size, parse_math=False
    )


def head_ticks(axes: Axes, labels: Sequence[str], size: float = 9) -> None:
    """Labels of columns, above them and slanted."""
    axes.set_xticks(range(len(labels)))
    axes.set_xticklabels(
        [shortened(label) for label in labels],
        rotation=40,
        ha="left",
        rotation_mode="anchor",
        fontsize=size,
        parse_math=False,
    )
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)


def risk_scale(axes: Axes, which: str, values: Sequence[float]) -> None:
    """A logarithmic axis ("x" or "y") with plain numbers, with room around the values above 0."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    shown = [value for value in values if value > 0] or [1.0]
    low, high = min(shown), max(shown)
    room = max((high / low) ** 0.08, 1.15)
    decades = high / low
    subs: tuple[float, ...] = (1.0, 2.0, 5.0) if decades < 300 else (1.0,)
    if decades < 20:
        subs = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    if decades < 2:
        subs = tuple(k / 10 for k in range(10, 100))
    axis = axes.xaxis if which == "x" else axes.yaxis
    limits = (low / room, high * room)
    if which == "x":
        axes.set_xscale("log")
        axes.set_xlim(*limits)
    else:
        axes.set_yscale("log")
        axes.set_ylim(*limits)
    axis.set_major_locator(LogLocator(10, subs=subs, numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: wording.short(value, 3)))


def legend_above(axes: Axes, columns: int, **options: Any) -> None:
    """A legend over the axes, never over data."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        ncols=columns,
        frameon=False,
        fontsize=9,
        borderaxespad=0.2,
        **options,
    )


def cell_text(value: float) -> str:
    """A share in a cell.

    >>> cell_text(0.05), cell_text(0.0), cell_text(1.0), cell_text(-0.25), cell_text(0.999)
    ('.05', '0', '1', '-.25', '1')
    """
    text = f"{value:.2f}"
    if text in ("0.00", "-0.00"):
        return "0"
    return "1" if text == "1.00" else text.replace("0.", ".")


def _wrapped(text: str, width: float) -> str:
    return "\n".join(textwrap.wrap(text, max(int(width), 20)))


def _xml(text: str) -> str:
    return escape("".join(c if c.isprintable() else " " for c in text))
