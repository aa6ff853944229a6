"""Runs the study of docs/background/does-the-advice-help.md: its table and its figures.

    python docs/make_advice.py

Takes a few minutes. Writes docs/figures/advice-*.svg and docs/background/does-the-advice-help.csv,
the same bytes every time on one machine, and prints the tables of the page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from planner.files import write_bytes, write_text
from planner.report import wording
from planner.report.drawing import (
    FAINT,
    GREEN,
    PALE,
    PURPLE,
    RED,
    REST,
    SKY,
    STACK,
    Drawing,
    bare,
    canvas,
    svg,
)
from planner.report.tables import frame_csv
from planner.scenario.changes import change_all
from planner.scenario.read import read
from planner.scenario.types import Scenario
from planner.study.advice import METHODS, AdviceStudy, Condition, advice_study, one_guess

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOCS = Path(__file__).parent
TRUTHS = 400
BUDGETS = (300, 600, 900, 1200, 1500)

MODES = tuple(
    f"modes.{mode}.probability"
    for mode in ("al-gen", "cap-dev", "coll", "dec-al", "em-mis", "eval-diff", "s-tax")
)
#: What the funder believes: ranges where the paper's scenario has points, and no common cause.
BELIEFS = (
    ("scale.ok", "0.01 to 0.2"),
    ("scale.prone", "0.5 to 0.95"),
    ("groups.pipeline", "0"),
    *((path, "0.1 to 0.5") for path in MODES),
)
AS_BELIEVED = "as believed"
CONDITIONS = (
    Condition(AS_BELIEVED),
    *(Condition(f"modes correlated {r}", (("joint.modes", r),)) for r in ("0.3", "0.6", "0.9")),
    *(Condition(f"shared cause {r}", (("groups.pipeline", r),)) for r in ("0.3", "0.6", "0.9")),
    Condition("both 0.6", (("joint.modes", "0.6"), ("groups.pipeline", "0.6"))),
    *(Condition(f"{int(100 * q)}% of cells wrong", (), q) for q in (0.25, 0.5, 1.0)),
)
LINES = {
    "central": (STACK, "-", "o"),
    "mean": (SKY, "--", "s"),
    "regret": (GREEN, "--", "^"),
    "depth": (PURPLE, "-", "D"),
    "independent": (RED, "-", "x"),
    "best_alone": (REST, "-", "v"),
    "most_modes": (REST, "--", "P"),
    "equal_split": (FAINT, "--", "d"),
    "random": (FAINT, ":", "."),
}
SHORT = {
    "central": "central values",
    "mean": "mean over beliefs",
    "regret": "least worst regret",
    "depth": "depth",
    "told": "told the dependence",
    "independent": "assumes independence",
    "best_alone": "best alone",
    "most_modes": "most modes",
    "equal_split": "equal split",
    "random": "random",
}


def beliefs() -> Scenario:
    """The paper's scenario with a training pipeline that its funder thinks harmless."""
    path = DOCS.parent / "scenarios" / "dung-mai-common-causes"
    return change_all(read(path), BELIEFS)


def main() -> None:
    def say(message: str) -> None:
        print(message, file=sys.stderr)

    scenario = beliefs()
    study = advice_study(scenario, BUDGETS, CONDITIONS, truths=TRUTHS, progress=say)
    table = frame_csv(study.to_frame())
    write_text(DOCS / "background" / "does-the-advice-help.csv", table)
    folder = DOCS / "figures"
    folder.mkdir(exist_ok=True)
    for drawing in (by_budget(study), by_strength(study), by_error(study)):
        write_bytes(folder / f"{drawing.name}.svg", svg(drawing))
        print(f"![{drawing.alt}](../figures/{drawing.name}.svg)")
    print(_table(study, 600))
    print(_table(study, 900))
    for budget in (600, 900):
        print(f"one guess at {budget / 100:g}:")
        for method, (promised, real, error) in one_guess(scenario, budget).items():
            numbers = [wording.short(x, 3) for x in (promised, real, error)]
            print(f"| {SHORT[method]} | {' | '.join(numbers)} |")


def _table(study: AdviceStudy, budget: int) -> str:
    """Risk above `central` of every method under every condition, as Markdown."""
    methods = [method for method in METHODS if method != "central"]
    lines = [f"| truth ({budget / 100:g}) | central | " + " | ".join(SHORT[m] for m in methods)]
    lines.append("| --- " * (len(methods) + 2))
    for condition in CONDITIONS:
        base = study.of(condition.name, budget, "central").risk
        cells = [condition.name, wording.short(base, 3)]
        for method in methods:
            one = study.of(condition.name, budget, method)
            sure = abs(one.above) > 2 * one.above_error
            text = f"{one.above:+.4f}" if one.above else "0"
            cells.append(f"**{text}**" if sure and one.above < 0 else text)
        lines.append("| " + " | ".join(cells))
    return "\n".join(f"{line} |" for line in lines)


def by_budget(study: AdviceStudy) -> Drawing:
    """Out-of-sample risk over budgets, where truth is as believed."""
    title = "Out-of-sample risk by budget, where truth is drawn from the beliefs"
    note = f"Mean over {study.truths} truths. The methods see the beliefs, never the truth."
    figure = canvas(9, 5.4, title, note)
    axes = figure.subplots()
    for method, (colour, line, mark) in LINES.items():
        risks = [study.of(AS_BELIEVED, budget, method).risk for budget in BUDGETS]
        amounts = [budget / 10**study.decimals for budget in BUDGETS]
        axes.plot(amounts, risks, line, marker=mark, color=colour, label=SHORT[method])
    axes.set_xlabel("budget, USD million", fontsize=9)
    axes.set_ylabel("risk", fontsize=9)
    axes.set_ylim(bottom=0)
    bare(axes, "top", "right")
    axes.grid(axis="y", color=PALE, lw=0.6)
    _legend(figure, axes)
    alt = f"Risk by budget of {len(LINES)} methods over {study.truths} truths."
    return Drawing("advice-budget", title, alt, figure)


def by_strength(study: AdviceStudy) -> Drawing:
    """Risk as the true dependence grows beyond what the funder assumed."""
    title = "When failures hang together more than the funder assumed (budget 6)"
    note = (
        f"Mean over {study.truths} truths. Left: modes strike together (one factor). Right: a "
        "cause shared by techniques of one training pipeline. The funder's model has neither."
    )
    figure = canvas(11, 5.0, title, note)
    left, right = figure.subplots(1, 2)
    strengths = (0.0, 0.3, 0.6, 0.9)
    for axes, word, label in (
        (left, "modes correlated", "true correlation of the modes"),
        (right, "shared cause", "true loading on the shared cause"),
    ):
        names = [AS_BELIEVED, *(f"{word} {r}" for r in strengths[1:])]
        for method, (colour, line, mark) in LINES.items():
            risks = [study.of(name, 600, method).risk for name in names]
            axes.plot(strengths, risks, line, marker=mark, color=colour, label=SHORT[method])
        told = [study.of(name, 600, "told").risk for name in names]
        axes.plot(strengths, told, "-", color="black", lw=1, label=SHORT["told"])
        axes.set_xlabel(label, fontsize=9)
        axes.set_xticks(strengths)
        bare(axes, "top", "right")
        axes.grid(axis="y", color=PALE, lw=0.6)
    left.set_ylabel("risk", fontsize=9)
    _legend(figure, left)
    alt = "Risk of every method as the true dependence grows."
    return Drawing("advice-dependence", title, alt, figure)


def by_error(study: AdviceStudy) -> Drawing:
    """Risk above the planner's as more of the table is wrong."""
    title = "When part of the table is wrong (budget 9): risk above the planner's central stack"
    note = (
        f"Mean over {study.truths} truths, two standard errors each way. Below 0 the planner's "
        "stack loses."
    )
    figure = canvas(9, 4.8, title, note)
    axes = figure.subplots()
    names = [AS_BELIEVED, *(c.name for c in CONDITIONS if c.scrambled)]
    shares = [0.0, *(c.scrambled for c in CONDITIONS if c.scrambled)]
    for method, (colour, line, mark) in LINES.items():
        if method == "central":
            continue
        found = [study.of(name, 900, method) for name in names]
        axes.errorbar(
            shares,
            [one.above for one in found],
            yerr=[2 * one.above_error for one in found],
            fmt=line + mark,
            color=colour,
            label=SHORT[method],
            capsize=2,
        )
    axes.axhline(0, color=STACK, lw=1.5)
    axes.set_xlabel("share of the vulnerability cells that are wrong", fontsize=9)
    axes.set_ylabel("risk above central", fontsize=9)
    bare(axes, "top", "right")
    _legend(figure, axes)
    alt = "Risk above the planner's central stack as more cells of the table are wrong."
    return Drawing("advice-errors", title, alt, figure)


def _legend(figure: Figure, axes: Axes) -> None:
    """One legend for all axes, beside them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", ncols=1, frameon=False, fontsize=8)


if __name__ == "__main__":
    main()
