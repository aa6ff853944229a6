"""A report as one HTML page that asks nothing of the outside: style, script, data and pictures
are in it, and its policy allows nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from decimal import Decimal
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from planner.report.drawing import svg
from planner.report.pages.blocks import MOST_LISTED, Fold, Picture, Report, Slider, Table, Value
from planner.report.pages.choice import proof_words
from planner.report.style import tokens
from planner.report.wording import ASSUMPTION, money, short
from planner.study.dossier import Step
from planner.study.labels import in_words

#: Rows of a folded table that still go to paper.
MOST_PRINTED = 60
#: Rows of a table that is not torn apart on paper.
MOST_TOGETHER = 12
#: Inches from which a figure is wide, and broad.
WIDE, BROAD = 9.5, 14.0

#: What an address may hold as it is, beside letters and digits.
SAFE = " !$'()*+,-./:;=?@_~"


def page(report: Report) -> str:
    """The whole page. The same report gives the same text."""
    style = _style()
    script = _source("report.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = _environment()
    environment.globals["currency"] = report.currency
    template = environment.get_template("report.html")
    text: str = template.render(
        report=report,
        policy=policy,
        style=Markup(style),
        script=Markup(script),
        assumption=ASSUMPTION,
    )
    return text.rstrip() + "\n"


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined
    )
    environment.globals.update(
        kind_of=lambda block: type(block).__name__,
        first_text=_first_text,
        meanings=_meanings,
        sort_key=_sort_key,
        shape=_shape,
        short=_short,
        unprinted=_unprinted,
        money=money,
        picture=_picture,
        slider_data=_slider_data,
        slider_fields=_slider_fields,
    )
    return environment


def _source(name: str) -> str:
    return files("planner.report.pages").joinpath("web", name).read_text(encoding="utf-8")


def _style() -> str:
    return f"{tokens()}\n{_source('report.css')}"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _first_text(table: Table) -> int:
    """The column that names the row: a text among the first, else whatever stands first."""
    return next((k for k, c in enumerate(table.columns[:2]) if c.kind == "text"), 0)


def _shape(block: Picture) -> str:
    """Classes of a figure: `tall` may take a page of its own; on a phone `wide` needs more room
    than others; `broad` is wider than any screen, and moves sideways rather than shrink."""
    width, height = block.drawing.figure.get_size_inches()
    named = {"tall": height > 0.8 * width, "wide": width > WIDE, "broad": width > BROAD}
    return " ".join(name for name, true in named.items() if true)


def _short(table: Table) -> bool:
    """Whether it is kept on one sheet of paper."""
    return len(table.rows) <= MOST_TOGETHER


def _meanings(table: Table) -> list[tuple[str, str]]:
    """Heads that are explained below the table."""
    return [(column.head, column.meaning) for column in table.columns if column.meaning]


def _unprinted(block: Fold) -> int:
    """Rows of a fold that are too many for paper; 0 where it is printed open."""
    rows = sum(len(inner.rows) for inner in block.blocks if isinstance(inner, Table))
    return rows if rows > MOST_PRINTED else 0


def _sort_key(value: Value) -> str:
    match value:
        case bool():
            return "1" if value else "0"
        case Decimal() | int() | float():
            return repr(float(value))
    return str(value)


def _picture(block: Picture) -> str:
    """The drawing as a data address: inside an image its own styles need no permission. Written
    out, which takes a fifth less than base64."""
    text = _lean(svg(block.drawing).decode()).replace('"', "'")
    return f"data:image/svg+xml,{quote(text, safe=SAFE)}"


def _lean(text: str) -> str:
    """The same picture in half of the bytes: no remarks, no indents, short names, and places to a
    hundredth of a point (small numbers are scales, and stay whole)."""
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"([1-9]\d*\.\d\d)\d+", r"\1", text)
    text = text.replace("xlink:href", "href").replace("DejaVuSans-", "d")
    text = re.sub(r'<g id="\w+">', "<g>", text)
    return re.sub(r"\s*\n\s*", " ", text)


def _slider_fields(block: Slider) -> list[tuple[str, str]]:
    risk = "risk" if block.measure == "risk" else "residual risk"
    fields = [("budget", "budget from" if not block.grid else "budget"), ("cost", "cost")]
    if block.measure != "risk":
        fields.append(("value", block.measure))
    return [
        *fields,
        ("risk", risk),
        ("independent", "if independent"),
        ("worst", "worst case"),
        ("layers", "effective layers"),
        ("proof", "proof"),
        ("stack", "fund"),
    ]


def _slider_data(block: Slider) -> Markup:
    """The steps as text that is ready to show; no name can end the element that holds it."""
    data = [_step(step, block) for step in block.steps]
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _step(step: Step, block: Slider) -> dict[str, object]:
    stack, size = ", ".join(step.stack) or "nothing", len(step.stack)
    if size > MOST_LISTED:
        stack = f"{size} techniques: {stack}"
    shown = {
        "budget": f"{money(step.budget)} {block.currency}",
        "cost": f"{money(step.cost)} {block.currency}",
        "risk": short(step.risk),
        "independent": short(step.band.independent),
        "worst": short(step.band.worst_case),
        "layers": short(step.effective_layers, 3),
        "proof": proof_words(step.proven, step.gap),
        "stack": stack,
    }
    if block.measure != "risk":
        shown["value"] = short(step.value)
    at = f"{money(step.budget)} {block.currency}"
    said = f"{at}: risk {short(step.risk)}, fund {in_words(step.stack)}"
    return {"said": said, "shown": shown}
