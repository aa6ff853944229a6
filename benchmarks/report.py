"""Tables and plots of a run: results.csv, results.md, goals.md, plots of ratios and of growth."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.families import FAMILIES, GROW_TECHNIQUES, GROW_WORLDS
from benchmarks.goals import Goal
from benchmarks.methods import METHODS
from benchmarks.summary import Line, Row, lines, number

COLUMNS = (
    "instance",
    "budget",
    "method",
    "seconds",
    "ratio to the planner: median (least, most)",
    "proven",
    "widest gap",
    "value over best known",
    "nodes",
    "MiB",
)
#: Colours of the peers' groups, fixed so that plots of two runs compare.
COLOURS = (
    *("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#999999", "#e07b00"),
    *("#7a5195", "#8c564b"),
)


def write(rows: Sequence[Row], goals: Sequence[Goal], out: Path) -> str:
    """Write everything; the text of the tables, for the screen."""
    out.mkdir(parents=True, exist_ok=True)
    found = lines([row for row in rows if _listed(row)])
    grown = lines([row for row in rows if _growth(row)])
    table = markdown(found)
    claims = false_claims(found)
    goal_table = goals_markdown(goals)
    text = f"{table}\n\n{claims}\n"
    _save(out / "results.md", text)
    _save(out / "goals.md", goal_table + "\n")
    with (out / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        fields = [name for name in Line.__dataclass_fields__ if name != "ratio"]
        writer.writerow([*fields, "ratio", "ratio_least", "ratio_most", "ratio_sign"])
        for line in found:
            values = asdict(line)
            parts = values.pop("ratio") or {}
            extra = [parts.get(k, "") for k in ("median", "least", "most", "sign")]
            writer.writerow([*("" if v is None else v for v in values.values()), *extra])
    if found:
        plot_ratios(found, out)
    if grown:
        plot_growth(grown, out)
    return f"{text}\n{goal_table}\n"


def _listed(row: Row) -> bool:
    """Sizes that are there for the plot of growth alone stay out of the tables."""
    family, size = row.get("family"), row.get("size")
    grown = family == "agenda" and size in GROW_TECHNIQUES + GROW_WORLDS
    return family is not None and (not grown or size in FAMILIES["agenda"].sizes)


def _growth(row: Row) -> bool:
    return row.get("family") == "agenda" and row.get("share") == 0.2 and "method" in row


def _save(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def markdown(found: Sequence[Line]) -> str:
    """One row a method; of a peer's variants the best, with the variant's name."""
    out = ["| " + " | ".join(COLUMNS) + " |", "| " + " | ".join("---" for _ in COLUMNS) + " |"]
    last = None
    for line in found:
        if not line.shown:
            continue
        group = (line.family, line.size, line.share)
        head = ("", "") if group == last else _head(line)
        last = group
        name = line.group if line.group == line.method else f"{line.group} ({line.method})"
        cells = (
            *head,
            name,
            number(line.seconds),
            "" if line.ratio is None else str(line.ratio),
            "" if line.method == "greedy" else f"{line.proven}/{line.seeds}",
            number(line.gap),
            "" if line.excess is None else _excess(line),
            number(line.nodes),
            number(line.memory),
        )
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out)


def _head(line: Line) -> tuple[str, str]:
    budget = "none" if FAMILIES[line.family].shares == (1.0,) else f"{line.share:.0%}"
    return f"{line.family} {line.size}", budget


def _excess(line: Line) -> str:
    if line.excess is not None and line.excess <= 1e-12:
        return "0" if line.best == line.seeds else f"0; best in {line.best}/{line.seeds}"
    return f"+{number((line.excess or 0) * 100)}%; best in {line.best}/{line.seeds}"


def false_claims(found: Sequence[Line]) -> str:
    """Who claimed what the evaluator did not find."""
    bad = [line for line in found if line.false_claims or line.failures]
    if not bad:
        return "Every claimed gap was reached by the one evaluator, and no bound was false."
    parts = [
        f"- {line.method} on {line.family} {line.size} at {line.share:.0%}: "
        f"{line.false_claims} claimed, not reached; {line.failures} failed (of {line.seeds})"
        for line in bad
    ]
    return "\n".join(["Claims that the one evaluator did not find, and failures:", "", *parts])


def goals_markdown(goals: Sequence[Goal]) -> str:
    out = ["| | goal | reached | seeds | | note |", "| --- | --- | --- | --- | --- | --- |"]
    for goal in goals:
        met = "not measured" if goal.met is None else "met" if goal.met else "not met"
        out.append(
            f"| {goal.name} | {goal.goal} | {goal.reached} | {goal.seeds} | {met} | {goal.note} |"
        )
    return "\n".join(out)


# Plots.


def _colours() -> dict[str, str]:
    groups = list(dict.fromkeys(m.group for m in METHODS.values() if m.name != "planner"))
    return {group: COLOURS[k % len(COLOURS)] for k, group in enumerate(groups)}


def _axes(height: float) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8.5, height), constrained_layout=True)


def plot_ratios(found: Sequence[Line], out: Path) -> None:
    """Seconds over the planner's, least to most with the median marked, on a log axis."""
    shown = [line for line in found if line.shown and line.ratio is not None]
    if not shown:
        return
    groups = list(dict.fromkeys((x.family, x.size, x.share) for x in shown))
    figure, axes = _axes(1.2 + 0.42 * len(groups))
    colours, labelled = _colours(), set()
    for line in shown:
        ratio = line.ratio
        assert ratio is not None
        peers = [
            x for x in shown if (x.family, x.size, x.share) == (line.family, line.size, line.share)
        ]
        y = -groups.index((line.family, line.size, line.share))
        y = y + 0.7 * (0.5 - (peers.index(line) + 0.5) / len(peers))
        colour = colours[line.group]
        axes.plot([ratio.least, ratio.most], [y, y], color=colour, linewidth=1.4)
        mark = {">=": ">", "<=": "<"}.get(ratio.sign, "o")
        label = None if line.group in labelled else line.group
        labelled.add(line.group)
        axes.plot([ratio.median], [y], mark, color=colour, markersize=4.5, label=label)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xscale("log")
    names = [
        " ".join(_head(next(x for x in shown if (x.family, x.size, x.share) == g))) for g in groups
    ]
    axes.set_yticks([-k for k in range(len(groups))], names)
    axes.set_xlabel("seconds of the peer over those of the planner (arrows: still open at the cap)")
    figure.legend(loc="outside upper center", ncols=4, fontsize="small", frameon=False)
    _figure(figure, out / "ratios")


def plot_growth(found: Sequence[Line], out: Path) -> None:
    """How cost grows with techniques and with worlds: the agenda family at a budget of 20%."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, both = plt.subplots(1, 2, figsize=(8.5, 3.8), constrained_layout=True, sharey=True)
    colours, labelled = {**_colours(), "planner": "#000000"}, set()
    sides = ((GROW_TECHNIQUES, 0, "options (512 worlds)"), (GROW_WORLDS, 1, "worlds (240 options)"))
    for axes, (sizes, part, title) in zip(both, sides, strict=True):
        for group in dict.fromkeys(line.group for line in found):
            points = sorted(
                (int(line.size.split("x")[part]), line.seconds)
                for line in found
                if line.group == group and line.shown and line.size in sizes and line.seconds
            )
            if len(points) < 2:
                continue
            label = None if group in labelled else group
            labelled.add(group)
            width = 2.4 if group == "planner" else 1.3
            axes.plot(
                *zip(*points, strict=True), "o-", color=colours[group], label=label, ms=4, lw=width
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks := [int(size.split("x")[part]) for size in sizes], ticks)
        axes.set_yscale("log")
        axes.set_xlabel(title)
    both[0].set_ylabel("seconds, median")
    if labelled:
        figure.legend(loc="outside upper center", ncols=4, fontsize="small", frameon=False)
    _figure(figure, out / "growth")


def _figure(figure: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "planner"
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(path.with_suffix(".png"), dpi=150)
    plt.close(figure)
