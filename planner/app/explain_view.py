"""Why the answer is what it is: correlation, cut sets, drivers, ready to print."""

from __future__ import annotations

from typing import Any

from planner.app.scenario_view import shade
from planner.report import wording
from planner.report.drawing import cell_text
from planner.risk.correlation import Correlation
from planner.risk.cutsets import CutSets
from planner.risk.drivers import Drivers
from planner.scenario.notes import listed
from planner.study.explain import Explanation

#: Techniques in a map of correlations, cut sets and modes that are shown.
MOST_MAPPED = 20
MOST_SETS = 12
MOST_MODES = 20
#: Unsure cells that are named.
MOST_CELLS = 6
#: Pairs of techniques of the stack that are named where a map would be too large.
MOST_PAIRS = 12
#: Labels of a stack that are spelled out, and characters of a sentence.
MOST_NAMED = 10
LONGEST = 700
#: Parts of the risk below this share are rounding.
ROUNDING = 1e-9


def explain_view(found: Explanation) -> dict[str, Any]:
    sentences = [found.stack.sentence, found.dependence.sentence]
    if found.readings is not None:
        sentences.append(found.readings.sentence)
    stack = found.stack.stack
    return {
        "sentences": [text for text in sentences if len(text) <= LONGEST],
        "dependence": [
            {
                "reading": row.reading.replace("_", " "),
                "headline": wording.short(row.headline_risk),
                "stack": _against(row.stack, stack),
                "regret": wording.short(row.regret, 3),
            }
            for row in found.dependence.rows
        ],
        "readings": []
        if found.readings is None
        else [
            {
                "reading": row.reading,
                "stack": _against(row.stack, stack),
                "together": wording.short(row.risk_together),
                "by_mode": wording.short(row.risk_by_mode),
            }
            for row in found.readings.rows
        ],
        "cuts": None if found.stack.cut_sets is None else _cuts(found.stack.cut_sets),
        "drivers": _drivers(found.stack.drivers),
        "correlation": _correlation(found),
    }


def _against(chosen: tuple[str, ...] | None, stack: tuple[str, ...]) -> str:
    """A stack in full where it is short, else what differs from the answer's."""
    if chosen is None:
        return "not found in time"
    if chosen == stack:
        return "the same stack"
    if len(chosen) <= MOST_NAMED:
        return ", ".join(chosen) or "nothing"
    more = [label for label in chosen if label not in stack]
    less = [label for label in stack if label not in chosen]
    parts = [f"with {listed(more)}"] if more else []
    parts += [f"without {listed(less)}"] if less else []
    return "; ".join(parts)


def _cuts(found: CutSets) -> dict[str, Any]:
    total = sum(count for _, count in found.counts)
    shown = found.sets[:MOST_SETS]
    if not found.techniques:
        head = "The stack is empty: any world defeats it."
    elif not total:
        head = "No set of modes defeats every technique of the stack."
    elif found.single:
        head = f"A single mode defeats every technique of the stack: {', '.join(found.single)}."
    else:
        head = (
            f"No single mode defeats the stack; the smallest cut sets have {found.depth} modes. "
            "Needs no probability."
        )
    cells = [
        f"{cell.technique} against {cell.mode} ({cell.symbol or 'a range'})"
        for cell in found.deciding[:MOST_CELLS]
    ]
    if len(found.deciding) > MOST_CELLS:
        cells.append(f"and {len(found.deciding) - MOST_CELLS} more")
    return {
        "head": head,
        "sets": [" + ".join(cut) for cut in shown],
        "more": f"and {total - len(shown):,} more" if total > len(shown) else "",
        "deciding": cells,
        "threshold": f"A cell counts as failing from {found.threshold:g} on.",
    }


def _drivers(found: Drivers) -> dict[str, Any]:
    order = sorted(found.modes, key=lambda m: -round(m.shapley_share or 0.0, 12))
    largest = max((m.shapley_share or 0.0 for m in order), default=0.0) or 1.0
    rows = [
        {
            "mode": mode.mode,
            "name": mode.name,
            "share": wording.DASH
            if mode.shapley_share is None
            else wording.percent(mode.shapley_share),
            "bar": round(100 * max(mode.shapley_share or 0.0, 0.0) / largest, 2),
            "given": wording.short(mode.risk_given),
        }
        for mode in order[:MOST_MODES]
    ]
    note = "No risk is left." if found.risk <= 0 else ""
    if found.risk > 0 and found.modes:
        parts = [
            f"{wording.percent(part / found.risk)} {words}"
            for part, words in (
                (found.multiple, "where two modes or more strike at once"),
                (found.baseline, "where no mode strikes"),
                (found.unlisted, "from causes that nobody listed"),
            )
            if part > ROUNDING * found.risk
        ]
        note = f"Of the risk left: {'; '.join(parts)}." if parts else ""
    more = f"and {len(order) - MOST_MODES} more modes" if len(order) > MOST_MODES else ""
    return {"rows": rows, "note": note, "more": more}


def _correlation(found: Explanation) -> dict[str, Any]:
    """Of all techniques where they fit a page, else of the stack."""
    every, stack = found.everything.correlation, found.stack.correlation
    few = len(every.labels) <= MOST_MAPPED
    table = every if few else stack
    whose = "all techniques" if few else "the stack"
    clusters = _clusters(every)
    if not 2 <= len(table.labels) <= MOST_MAPPED:
        return {"whose": whose, "labels": [], "pairs": _pairs(stack), "clusters": clusters}
    order = list(table.order)
    chosen = {*found.stack.stack, *found.stack.committed}
    return {
        "whose": whose,
        "labels": [table.labels[i] for i in order],
        "inside": [table.labels[i] in chosen for i in order],
        "rows": [[_shaded(table.phi[i][j]) for j in order] for i in order],
        "pairs": [],
        "clusters": clusters,
    }


def _pairs(found: Correlation) -> list[dict[str, str]]:
    """The pairs whose failures go together most."""
    n = len(found.labels)
    pairs = [
        (-phi, found.labels[i], found.labels[j])
        for i in range(n)
        for j in range(i + 1, n)
        if (phi := found.phi[i][j]) is not None
    ]
    return [
        {"one": one, "other": other, "phi": wording.digits(-phi)}
        for phi, one, other in sorted(pairs)[:MOST_PAIRS]
    ]


def _shaded(phi: float | None) -> dict[str, Any]:
    if phi is None:
        return {"text": wording.DASH, "shade": 0}
    return {"text": cell_text(phi), "shade": shade(phi)}


def _clusters(found: Correlation) -> str:
    groups = ["{" + ", ".join(cluster) + "}" for cluster in found.clusters if len(cluster) > 1]
    if not groups:
        return "No two techniques fail together often enough to form a cluster."
    return f"Techniques that fail together: {'; '.join(groups[:8])}."
