"""A plan beside the saved base, in words and numbers that are ready to show."""

from __future__ import annotations

from typing import Any

from planner.plan import Plan
from planner.report import what_if_page, wording
from planner.report.warnings import warnings_of
from planner.scenario.digest import digest
from planner.scenario.types import ExplicitWorlds
from planner.study.alternatives import Alternatives
from planner.study.ranking import Ranking, RankRow
from planner.study.what_if import Case, CaseRow, Comparison, Found, beside

#: Labels of a stack that are spelled out in a table.
MOST_NAMED = 10


def plan_view(plan: Plan, saved: Plan, changes: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The answer, and what it changes against the saved base."""
    return {
        "digest": digest(plan.scenario),
        "headline": _headline(plan),
        "spoken": _spoken(plan),
        "stack": _stack(plan),
        "committed": list(plan.committed),
        "facts": _facts(plan),
        "band": _band(plan),
        "band_explicit": isinstance(plan.scenario.threats, ExplicitWorlds),
        "proven": plan.proof.kind != "none" and plan.proof.stop == "proven",
        "beside": _beside(plan, saved, changes),
        "warnings": [str(warning) for warning in warnings_of([plan])],
        "assumption": wording.ASSUMPTION,
    }


def _headline(plan: Plan) -> str:
    spent = wording.money(plan.money(plan.cost))
    what = "nothing" if not plan.stack else wording.count(len(plan.stack), "technique")
    return f"Fund {what} for {spent} {plan.scenario.currency}"


def _spoken(plan: Plan) -> str:
    """One sentence, for those who hear the page."""
    return (
        f"Fund {', '.join(plan.stack) or 'nothing'}. Cost {wording.cost(plan)}. "
        f"Residual risk {wording.residual(plan)}."
    )


def _stack(plan: Plan) -> list[dict[str, str]]:
    found = []
    for column in sorted(plan.columns, key=lambda j: plan.program.labels[j]):
        technique = plan.scenario.techniques[plan.program.technique[column]]
        found.append(
            {
                "label": plan.program.labels[column],
                "name": technique.name,
                "cost": wording.money(plan.money(plan.program.cost[column])),
            }
        )
    return found


def _facts(plan: Plan) -> list[dict[str, str]]:
    rows = [
        ("Cost", wording.cost(plan), "budget"),
        ("Residual risk", wording.residual(plan), "residual risk R(x)"),
    ]
    floor = wording.floor(plan)
    if floor:
        rows.append(("of which", floor, "unlisted"))
    if plan.question.objective != "expected":
        rows.append(("Objective", wording.objective(plan), "objective"))
    rows.append(("Effective layers", wording.layers(plan), "effective layers"))
    depth = wording.depth(plan)
    if depth:
        rows.append(("Depth", depth, "depth"))
    rows.append(("How it is known", wording.proof(plan), "gap"))
    rows.append(("Worlds", wording.worlds(plan.sampling), "world"))
    reading = wording.reading(plan)
    if reading:
        rows.append(("Reading", reading, "reading"))
    return [{"label": label, "text": text, "word": word} for label, text, word in rows]


_READINGS = {
    "independent": "if techniques failed independently",
    "shared_modes": "with shared modes only",
    "model": "as the model says",
    "worst_case": "in the worst case",
}


def _band(plan: Plan) -> list[dict[str, Any]]:
    """Each reading with its share of the largest, for a bar."""
    band = plan.band.to_dict()
    largest = max(band.values()) or 1.0
    return [
        {
            "name": _READINGS[name],
            "text": wording.short(value),
            "share": round(100 * value / largest, 2),
            "model": name == "model",
        }
        for name, value in band.items()
    ]


def _beside(plan: Plan, saved: Plan, changes: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    now, base = Found.of(plan), Found.of(saved)
    row = beside(Case("now", changes), plan.question, base, now)
    comparison = Comparison(saved.scenario, plan.question.objective, base, (row,))
    return {
        "same": set(now.stack) == set(base.stack),
        "enters": list(row.gains),
        "leaves": list(row.loses),
        "sentence": what_if_page.difference(comparison, row),
        "rows": _rows(plan, saved, row),
    }


def _rows(plan: Plan, saved: Plan, row: CaseRow) -> list[dict[str, str]]:
    rows = [
        ("Stack", _names(saved), _names(plan)),
        ("Cost", wording.cost(saved), wording.cost(plan)),
        ("Residual risk", wording.short(saved.risk), wording.short(plan.risk)),
    ]
    if plan.question.objective != "expected":
        kept = "" if row.kept is None else wording.short(row.kept.objective_value)
        rows.append((plan.question.objective, kept, wording.short(plan.objective_value)))
    rows += [
        (
            "Effective layers",
            wording.short(saved.effective_layers, 3),
            wording.short(plan.effective_layers, 3),
        ),
        ("Depth", _depth(saved), _depth(plan)),
    ]
    return [{"label": label, "base": base, "now": now} for label, base, now in rows]


def _names(plan: Plan) -> str:
    """The stack in full where it is short; who enters and leaves is said beside it."""
    if len(plan.stack) > MOST_NAMED:
        return wording.count(len(plan.stack), "technique")
    return ", ".join(plan.stack) or "nothing"


def _depth(plan: Plan) -> str:
    if isinstance(plan.scenario.threats, ExplicitWorlds):
        return wording.DASH
    return "no cut set" if plan.depth is None else str(plan.depth)


def ranking_view(ranking: Ranking) -> dict[str, Any]:
    """Every technique in order, with its numbers and its reason."""
    plan = ranking.plan
    return {
        "rows": [_ranked(row) for row in ranking.rows],
        "currency": plan.scenario.currency,
        "references": list(ranking.evidence.references),
    }


def _ranked(row: RankRow) -> dict[str, Any]:
    state = "others pay" if row.committed else ("in" if row.recommended else "out")
    return {
        "rank": wording.DASH if row.rank is None else str(row.rank),
        "technique": row.technique,
        "name": row.name,
        "level": row.level,
        "state": state,
        "alone": wording.digits(row.failure_alone),
        "dropped": wording.digits(row.rise_if_dropped),
        "added": wording.digits(row.fall_if_added),
        "locked": _rise(row.replacement_cost if row.recommended else row.lock_in_rise),
        "reason": f"{row.reason} {row.evidence}".strip(),
    }


def _rise(number: float | None) -> str:
    if number is None:
        return wording.DASH
    return "+0" if number == 0 else f"+{wording.digits(number)}"


def alternatives_view(found: Alternatives | None) -> dict[str, Any]:
    """What else is almost as good; a note where there is nothing to show."""
    if found is None:
        note = "Alternatives are compared by risk, and depth is none."
        return {"rows": [], "note": note}
    rows = [
        {
            "stack": _names(other.plan),
            "cost": wording.money(other.plan.money(other.plan.cost)),
            "risk": wording.short(other.plan.risk),
            "rise": _rise(other.rise),
            "sentence": other.sentence,
        }
        for other in found.others
    ]
    note = ""
    if not rows:
        note = "There is no other stack." if found.complete else "None was found in time."
    return {"rows": rows, "note": note}
