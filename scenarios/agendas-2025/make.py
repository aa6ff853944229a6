"""Writes this folder's scenario.yaml and tables from facts/ and assumptions.yaml.

    python scenarios/agendas-2025/make.py [FOLDER]

The same facts and assumptions give the same bytes. With FOLDER the files are written there.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
REVIEW = "Shallow Review of Technical AI Safety 2025, arb-consulting/shallow-review-2025@77efa9ab"
REVIEW_FILE = "main-pipeline/data/2025-12-16-draft-post-review/source-parsed.json"
REVIEW_DATE = "2025-12-16"
LIST = "davidad's list of 2023, numbered as in the Shallow Review; in our words"
SOURCE_HEAD = ("table", "row", "column", "source", "note", "judged by", "date", "confidence")

#: 95% quantile of the standard normal, for 90% intervals.
Z95 = 1.6448536269514722

#: Ids of the common-cause groups, by the review's words.
CATEGORIES = {
    "Black-box safety": "black-box",
    "White-box safety": "white-box",
    "Safety by construction": "by-construction",
    "Make AI solve it": "ai-solves-it",
    "Theory": "theory",
    "Multi-agent first": "multi-agent",
    "Evals": "evals",
}
APPROACHES = {
    "engineering": "engineering",
    "cognitive": "cognitive",
    "behavioural": "behavioural",
    "maths/philosophy": "maths",
}

Row = dict[str, str]
Table = list[list[str]]


def main(folder: Path) -> None:
    for name, text in files(HERE / "facts", HERE / "assumptions.yaml").items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def files(facts: Path, assumptions: Path) -> dict[str, str]:
    """File name -> text of every file that is made."""
    assumed = YAML(typ="safe", pure=True).load(assumptions.read_text(encoding="utf-8"))
    agendas, problems = read(facts / "agendas.csv"), read(facts / "problems.csv")
    addresses = {(row["agenda"], row["problem"]) for row in read(facts / "addresses.csv")}
    unknown = {a for a, _ in addresses} - {row["id"] for row in agendas}
    unknown |= {p for _, p in addresses} - {row["id"] for row in problems}
    if unknown:
        raise ValueError(f"addresses.csv names what is not there: {', '.join(sorted(unknown))}")
    return {
        "scenario.yaml": scenario(assumed),
        "techniques.csv": table(techniques(agendas, assumed)),
        "levels.csv": table(levels(agendas, assumed)),
        "modes.csv": table(modes(problems, assumed)),
        "vulnerability.csv": table(vulnerability(agendas, problems, addresses)),
        "sources.csv": table(sources(agendas, addresses, assumed)),
    }


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(rows: Table) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def staff(agenda: Row, assumed: dict[str, Any]) -> tuple[float, float]:
    """People at work on an agenda as the review has it, low and high end, gaps filled."""
    rule = assumed["staff"]
    if not agenda["staff_low"]:
        low, high = rule["unknown"]
        return float(low), float(high)
    low = float(agenda["staff_low"])
    return low, float(agenda["staff_high"] or low * rule["open_ended"])


def product(*ranges: tuple[float, float]) -> tuple[float, float]:
    """90% interval of a product of independent lognormal amounts, each given by its own."""
    middle = sum(math.log(low) + math.log(high) for low, high in ranges) / 2
    half = math.sqrt(sum((math.log(high / low) / 2) ** 2 for low, high in ranges))
    return math.exp(middle - half), math.exp(middle + half)


def mean(low: float, high: float) -> float:
    """Mean of the lognormal whose 90% interval this is."""
    return math.exp(math.log(low * high) / 2 + (math.log(high / low) / (2 * Z95)) ** 2 / 2)


def techniques(agendas: list[Row], assumed: dict[str, Any]) -> Table:
    rows = [["id", "name", "cost", "success", "groups", "researchers"]]
    for agenda in agendas:
        count = mean(*staff(agenda, assumed)) * assumed["staff"]["counted_once"]
        rows.append(
            [agenda["id"], agenda["name"], "", "", ";".join(groups(agenda)), f"{count:.1f}"]
        )
    return rows


def groups(agenda: Row) -> list[str]:
    words = agenda["approach"].split(";")
    return [CATEGORIES[agenda["category"]], *(APPROACHES[w] for w in words if w in APPROACHES)]


def levels(agendas: list[Row], assumed: dict[str, Any]) -> Table:
    rows = [["technique", "level", "cost", "success"]]
    price = tuple(thousand / 1000 for thousand in assumed["researcher_year"])
    for agenda in agendas:
        for name, level in assumed["levels"].items():
            share = level["staff"] * assumed["staff"]["counted_once"]
            low, high = product(staff(agenda, assumed), (price[0], price[1]))
            cost = f"{digits(low * share)} to {digits(high * share)}"
            rows.append([agenda["id"], name, cost, str(level["success"])])
    return rows


def digits(number: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{float(f'{number:.3g}'):.10f}".rstrip("0").rstrip(".")


def modes(problems: list[Row], assumed: dict[str, Any]) -> Table:
    rows = [["id", "name", "probability"]]
    return rows + [[row["id"], row["name"], str(assumed["problem"])] for row in problems]


def vulnerability(
    agendas: list[Row], problems: list[Row], addresses: set[tuple[str, str]]
) -> Table:
    rows = [["technique", *(problem["id"] for problem in problems)]]
    known = {agenda for agenda, _ in addresses}
    for agenda in agendas:
        rest = "not-addressed" if agenda["id"] in known else "unstated"
        cells = [
            "addressed" if (agenda["id"], problem["id"]) in addresses else rest
            for problem in problems
        ]
        rows.append([agenda["id"], *cells])
    return rows


def sources(agendas: list[Row], addresses: set[tuple[str, str]], assumed: dict[str, Any]) -> Table:
    """A row for each number, or for the numbers of a row that one source covers (`*`)."""
    rows = [
        *assumption("scenario", "*", "value", "", "the keys of scenario.yaml"),
        ["modes", "*", "name", LIST, "facts/problems.csv", "", "2023", "H"],
        *assumption("modes", "*", "probability", "problem", "equal for all: no source gives any"),
        *assumption("levels", "*", "success", "levels", "no source gives such a chance"),
    ]
    for symbol in assumed["vulnerability"]:
        rows += assumption("scale", symbol, "value", f"vulnerability, {symbol}")
    for name in (*CATEGORIES.values(), *APPROACHES.values()):
        rows += assumption("groups", name, "loading", "groups", "0 in the headline")
    for agenda in agendas:
        rows += agenda_sources(agenda, addresses, assumed)
    return [list(SOURCE_HEAD), *rows]


def agenda_sources(agenda: Row, addresses: set[tuple[str, str]], assumed: dict[str, Any]) -> Table:
    """Where an agenda's name and groups, its costs, and its row of the matrix come from."""
    id = agenda["id"]
    entry = f"{REVIEW_FILE}#{agenda['entry']}"

    def review(table: str, column: str, note: str, confidence: str) -> list[str]:
        told = f"{note}; {entry}"
        return [table, id, column, REVIEW, told, "the review's editors", REVIEW_DATE, confidence]

    rows = [review("techniques", "*", "name, category, approach; researchers from staff", "M")]
    people = staff_note(agenda, assumed)
    if not agenda["staff_low"]:
        rows += assumption("techniques", id, "researchers", "staff, unknown", people)
        rows += assumption("levels", id, "cost", "staff, unknown", people)
    else:
        rows.append(review("levels", "cost", people, "M" if agenda["staff_high"] else "L"))
    count = sum(a == id for a, _ in addresses)
    if count:
        named = f"{count} problem{'' if count == 1 else 's'} named; valued by the scale"
        rows.append(review("vulnerability", "*", named, "M"))
    else:
        gap = "GAP: the review names no problem that it addresses"
        rows += assumption("vulnerability", id, "*", "vulnerability, unstated", gap)
    return rows


def assumption(table: str, row: str, column: str, key: str, note: str = "") -> Table:
    """A row of sources.csv that leads to the assumptions."""
    source = f"Assumption: assumptions.yaml{f', {key}' if key else ''}"
    return [[table, row, column, source, note, "this project", "", "L"]]


def staff_note(agenda: Row, assumed: dict[str, Any]) -> str:
    """How an agenda's costs come about."""
    low, high = staff(agenda, assumed)
    scaled = f"times {assumed['staff']['counted_once']} and the price of a year"
    if not agenda["staff_low"]:
        return f"GAP: no staff figure; taken as {low:g} to {high:g} people, {scaled}"
    if not agenda["staff_high"]:
        return f"GAP: {low:g} people or more; taken as {low:g} to {high:g}, {scaled}"
    return f"{low:g} to {high:g} people, {scaled}"


def scenario(assumed: dict[str, Any]) -> str:
    """The main file, in the order of the format's documentation."""
    loadings = [
        *((g, "category") for g in CATEGORIES.values()),
        *((g, "approach") for g in APPROACHES.values()),
    ]
    changes = dict(assumed["what_if"])
    changes["shared causes"] = {f"groups.{g}": assumed["groups"][kind] for g, kind in loadings}
    lines = [
        "# Made by make.py from facts/ and assumptions.yaml: change those, not this file.",
        "planner: 1",
        f"name: {assumed['name']}",
        f"currency: {assumed['currency']}",
        f"budget: {assumed['budget']}",
        "techniques: techniques.csv",
        "levels: levels.csv",
        "modes: modes.csv",
        "vulnerability: vulnerability.csv",
        "scale:",
        *(f"  {symbol}: {value}" for symbol, value in assumed["vulnerability"].items()),
        f"reading: {assumed['reading']}",
        f"threshold: {assumed['threshold']}",
        "groups:",
        *(f"  {group}: 0" for group, _ in loadings),
        "sources: sources.csv",
        "what_if:",
    ]
    for name, edits in changes.items():
        lines.append(f"  {name}:")
        lines += [f"    {path}: {value}" for path, value in edits.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
