"""The page of `explain`: is this defence in depth, or one layer several times?"""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from planner.report import wording
from planner.report.explain_correlation import correlation_section
from planner.report.explain_cuts import cuts_section
from planner.report.explain_drivers import (
    drivers_section,
    importance_section,
    redundancy_section,
)
from planner.report.explain_price import price_section
from planner.report.plan_page import facts, title
from planner.report.screen import plain
from planner.report.simple_table import listed, section, table
from planner.study.dependence import NAMES
from planner.study.explain import Explanation, Subject
from planner.study.naive import PriceTable
from planner.study.two_readings import ReadingRow

#: Stacks of more techniques are not spelled out in a table; the sentence below it names them.
NAMED = 6

WITHOUT_MODES = (
    "The scenario gives worlds instead of failure modes: readings of the modes, cut sets, depth "
    "and what modes drive are left out."
)


def page(explanation: Explanation, price: PriceTable | None, width: int) -> list[RenderableType]:
    """All of it, laid out for a number of columns."""
    modes = explanation.stack.cut_sets is not None
    parts: list[RenderableType] = [*_head(explanation), _dependence(explanation)]
    if modes:
        parts.append(_readings(explanation))
    else:
        parts += [Text(), plain(WITHOUT_MODES)]
    parts.append(_layers(explanation))
    if modes:
        parts.append(cuts_section(explanation))
    parts += [
        drivers_section(explanation),
        importance_section(explanation.stack),
        redundancy_section(explanation.stack),
        correlation_section(explanation),
        section("What no stack can go below", plain(floor(explanation.stack))),
        price_section(price, explanation, width),
        Text(),
        plain(wording.ASSUMPTION),
    ]
    return parts


def sentence(explanation: Explanation) -> str:
    """`2 techniques protect like 1.91 independent layers; all 7 like 4.12.`"""
    stack, everything = explanation.stack, explanation.everything
    own = _layers_of(stack)
    if stack.techniques == everything.techniques or everything.effective_layers is None:
        return f"{own}."
    number = wording.short(everything.effective_layers, 3)
    return f"{own}; all {everything.techniques} like {number}."


def _layers_of(subject: Subject) -> str:
    n = subject.techniques
    if n == 0:
        return "The stack is empty: no technique, no layer"
    if subject.effective_layers is None:
        count = wording.count(n, "technique")
        return f"{count}: effective layers are not defined, as the risk left is nothing or all"
    number = wording.short(subject.effective_layers, 3)
    unit = "layer" if number == "1" else "layers"
    verb = "protects" if n == 1 else "protect"
    return f"{wording.count(n, 'technique')} {verb} like {number} independent {unit}"


def floor(subject: Subject) -> str:
    """The risk of causes that nobody listed, beside what the stack leaves."""
    least = subject.unlisted_floor
    if least <= 0:
        return "0: the scenario holds no cause that is not listed (`unlisted` is 0)."
    share = "" if subject.risk <= 0 else f", {wording.percent(least / subject.risk)} of it"
    return (
        f"{wording.short(least)}, from causes that nobody listed. The stack leaves "
        f"{wording.short(subject.risk)}{share}."
    )


def _head(explanation: Explanation) -> list[RenderableType]:
    stack, plan = explanation.stack, explanation.plan
    what = "Stack asked for" if explanation.asked else "Best stack"
    rows: list[tuple[str, RenderableType]] = [
        (what, plain(listed(stack.stack), "bold green")),
    ]
    if stack.committed:
        rows.append(("Paid by others", plain(listed(stack.committed))))
    cost = f"{wording.money(stack.cost)} {plan.scenario.currency}"
    rows.append(("Cost", plain(cost)))
    left = wording.short(stack.risk)
    if stack.risk_empty > 0:
        share = wording.percent(stack.risk / stack.risk_empty)
        left += f", {share} of the {wording.short(stack.risk_empty)} with nothing funded"
    rows.append(("Residual risk", plain(left)))
    if explanation.asked:
        best = f"{listed(plan.stack)}, which leaves {wording.short(plan.risk)}"
        rows.append(("Best stack", plain(best)))
    if plan.question.objective != "expected":
        label = "Chosen by" if not explanation.asked else "Best by"
        rows.append((label, plain(wording.objective(plan))))
    rows.append(("How it is known", plain(wording.proof(plan))))
    return [
        title(plan.scenario.name),
        plain(sentence(explanation), "bold"),
        Text(),
        facts(rows),
    ]


def _dependence(explanation: Explanation) -> RenderableType:
    """The band, what each reading would choose, and what the headline stack loses by it."""
    rows = []
    for subject in (explanation.stack, explanation.everything):
        gap = subject.diversification_gap
        rows.append(
            [
                subject.name,
                *(wording.short(value) for value in subject.band.to_dict().values()),
                wording.DASH if gap is None else f"{wording.short(gap, 3)}x",
            ]
        )
    heads = ["risk of", "independent", "shared modes", "model", "worst case", "gap"]
    found, stack = explanation.dependence, explanation.stack.stack
    choices = [
        [
            NAMES[row.reading].removeprefix("the "),
            _choice(row.stack, stack),
            wording.DASH if row.cost is None else wording.money(row.cost),
            wording.short(row.best_risk),
            wording.short(row.headline_risk),
            _regret(row.regret),
        ]
        for row in found.rows
    ]
    columns = ["under", "would be chosen", "cost", "leaves", "the stack\nleaves", "regret"]
    return section(
        "How the risk hangs on the dependence of failures",
        table(heads, rows),
        table(columns, choices, words=(0, 1)),
        plain(found.sentence),
        plain(_safe(explanation)),
    )


def _choice(chosen: tuple[str, ...] | None, stack: tuple[str, ...]) -> str:
    """A chosen stack; one of many techniques by how far it is the stack."""
    if chosen is None:
        return "not found in time"
    if chosen == stack and len(stack) > NAMED:
        return "the same stack"
    if len(chosen) <= NAMED:
        return listed(chosen)
    both = len(set(chosen) & set(stack))
    return f"{len(chosen)} techniques, {both} of them of the stack"


def _regret(regret: float | None) -> str:
    if regret is None:
        return wording.DASH
    return "0" if regret == 0 else wording.short(regret, 3)


def _safe(explanation: Explanation) -> str:
    """Whether the headline stack is safe under every reading."""
    found = explanation.dependence
    if found.no_regret is None:
        return "Whether the stack is safe under every reading was not settled in time."
    if found.no_regret:
        return "The stack is safe everywhere: no reading knows one that leaves less."
    worst = max(found.rows, key=lambda row: row.regret or 0.0)
    return (
        f"The stack is not safe everywhere: it loses most, {wording.short(worst.regret, 3)}, "
        f"under {NAMES[worst.reading]}."
    )


def _readings(explanation: Explanation) -> RenderableType:
    found = explanation.readings
    assert found is not None
    rows = [_reading(row, explanation.stack.stack) for row in found.rows]
    heads = [
        "reading",
        "would choose",
        "cost",
        "together:\nrisk",
        "layers",
        "by-mode:\nrisk",
        "layers",
    ]
    return section(
        "Both readings of the modes", table(heads, rows, words=(0, 1)), plain(found.sentence)
    )


def _reading(row: ReadingRow, stack: tuple[str, ...]) -> list[str]:
    return [
        row.reading,
        _choice(row.stack, stack),
        wording.DASH if row.cost is None else wording.money(row.cost),
        wording.short(row.risk_together),
        wording.short(row.layers_together, 3),
        wording.short(row.risk_by_mode),
        wording.short(row.layers_by_mode, 3),
    ]


def _layers(explanation: Explanation) -> RenderableType:
    """All techniques in the best order; the stack's own where that is another one."""
    everything, stack = explanation.everything, explanation.stack
    parts: list[RenderableType] = [_curve(everything)]
    begins = [point.added for point in everything.layers_curve[: len(stack.layers_curve)]]
    if stack.techniques and begins != [point.added for point in stack.layers_curve]:
        parts += [plain("The stack alone:"), _curve(stack)]
    return section("Effective layers, techniques added best first", *parts)


def _curve(subject: Subject) -> RenderableType:
    rows = [
        [
            str(point.techniques),
            "(nothing)" if point.added is None and not point.techniques else _added(point.added),
            wording.short(point.effective_layers, 3),
            wording.short(point.risk),
            wording.short(point.independent_risk),
        ]
        for point in subject.layers_curve
    ]
    heads = ["n", "added", "layers", "risk", "risk if\nindependent"]
    return table(heads, rows, words=(1,), most=12, what="techniques")


def _added(label: str | None) -> str:
    return "(paid by others)" if label is None else label
