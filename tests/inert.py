"""A scenario whose every free text is hostile, and looks into files for what would run."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from scenario_files import Files

SCRIPT = "<script>alert(1)</script>"
#: Each start that a spreadsheet takes for a formula, with markup behind it.
NAMES = [f"{start}{SCRIPT}" for start in ("=cmd|'/C calc'!A0", "+1+cmd", "-2+3", "@SUM(1)", "=1")]
#: What a spreadsheet runs: the marks, also after a tab or a line's end (OWASP, CSV injection).
FORMULA = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?")


#: What a picture may refer to: its own parts, and the raster of a heat map inside it.
HERE = ("#", "data:image/png;base64,")


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def hostile_files() -> Files:
    """A scenario whose every free text is hostile; ids may start with a hyphen."""
    ids = ["-a", "b", "c", "d", "e"]
    modes = ["-m", "n", "o", "p", "q"]
    yaml = [json.dumps(name) for name in NAMES]
    main_file = [
        "planner: 1",
        f"name: {yaml[0]}",
        f"currency: {yaml[3]}",
        "budget: 3",
        "techniques: techniques.csv",
        "modes: modes.csv",
        "vulnerability: vulnerability.csv",
        "sources: sources.csv",
        'scale: {"=x": 0.3, "@y<b>": 0.1 to 0.8}',
        "rules: {limits: [{attribute: =staff<b>, at_most: 90}]}",
        f"what_if: {{{yaml[0]}: {{budget: 2}}, {yaml[1]}: {{budget: 4}}}}",
        'experts: {"=anna<b>": anna.csv, "@ben": {table: ben.csv, weight: 2}}',
    ]
    cells = ["=x", "@y<b>", "0.2", "0.5", "0.9"]
    rows = [[name, *(cells[(i + j) % 5] for j in range(len(modes)))] for i, name in enumerate(ids)]
    table = "\n".join(map(",".join, [["technique", *modes], *rows])) + "\n"
    other = "\n".join(map(",".join, [["technique", *modes], *([r[0], *r[:0:-1]] for r in rows)]))
    quotes = ",".join(map(quoted, NAMES[:4]))
    return {
        "scenario.yaml": "\n".join(main_file) + "\n",
        "techniques.csv": "id,name,cost,=staff<b>\n"
        + "".join(f"{i},{quoted(n)},{int(i != 'e')},20\n" for i, n in zip(ids, NAMES, strict=True)),
        "modes.csv": "id,name,probability\n"
        + "".join(f"{m},{quoted(n)},0.2\n" for m, n in zip(modes, NAMES, strict=True)),
        "vulnerability.csv": table,
        "anna.csv": table,
        "ben.csv": other,
        "sources.csv": "table,row,column,source,quote,note,judged by\n"
        + f"techniques,b,cost,{quotes}\nvulnerability,-a,-m,{quotes}\n",
    }


def formulas_of_csv(data: bytes) -> list[str]:
    """Cells that a spreadsheet would run, or would take for one that starts so."""
    cells = (cell for row in csv.reader(io.StringIO(data.decode())) for cell in row)
    return [cell for cell in cells if FORMULA.match(cell) and not NUMBER.fullmatch(cell)]


def leads_out(cell: Any) -> bool:
    """Whether the cell is a link to anything but a sheet of its own workbook."""
    return cell.hyperlink is not None and cell.hyperlink.target is not None


def formulas_of_book(data: bytes) -> list[str]:
    """Cells of a workbook that are formulas or links, as a library of its own reads them, and as
    its parts spell them."""
    import openpyxl  # an extra; who looks into a workbook has it

    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = (cell for sheet in book for row in sheet.iter_rows() for cell in row)
    found = [f"{c.coordinate} {c.value}" for c in cells if c.data_type == "f" or leads_out(c)]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet") and b"<f>" in archive.read(name):
                found.append(name)
    return found


class Elements(HTMLParser):
    """What a browser would make elements of, and attributes that run."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.running: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.running += [name for name, _ in attrs if name.startswith("on")]


def markup_of_page(text: str) -> list[str]:
    """Scripts beyond the page's own two (the slider's data, and its program), and handlers."""
    seen = Elements()
    seen.feed(text)
    return [*seen.running, *["script"] * (seen.scripts - 2)]


def markup_of_picture(data: bytes) -> list[str]:
    """Elements and attributes of an SVG picture that run or lead elsewhere."""
    found = []
    for element in ElementTree.fromstring(data).iter():
        name = str(element.tag).rpartition("}")[2].lower()
        if name in ("script", "foreignobject", "a", "iframe", "b"):
            found.append(name)
        for key, value in element.attrib.items():
            key = key.rpartition("}")[2].lower()
            if key.startswith("on") or (key == "href" and not value.startswith(HERE)):
                found.append(key)
    return found


def markup_of_markdown(text: str) -> list[str]:
    return re.findall(r"(?<!\\)<(?:script|b)>", text)
