"""`evaluate` for people, as JSON and as files: a stack beside the best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from planner.errors import Finding
from planner.files import write_text
from planner.plan import Plan
from planner.report import wording
from planner.report.full_page import committed_part
from planner.report.plan_page import facts, title
from planner.report.screen import as_json, plain
from planner.report.simple_table import section, table
from planner.report.tables import frame_csv
from planner.report.warnings import warnings_of
from planner.study.evaluation import Evaluation, Rival, Worth
from planner.study.moves import Move
from planner.study.naive import RULES


def page(found: Evaluation) -> list[RenderableType]:
    """The verdict, what it is compared with, what it breaks, and how to get on."""
    parts: list[RenderableType] = [
        title(found.question.scenario.name),
        plain(found.sentence, "bold"),
        section("Your stack beside the best", _stacks(found), Group(Text(), facts(_known(found)))),
    ]
    if found.breaches:
        parts.append(section("What it breaks", *(plain(b.sentence) for b in found.breaches)))
    paid = found.paid_by_others
    if paid is not None:
        parts.append(committed_part(paid, "your stack"))
    parts.append(section("One move", *_single(found)))
    goal = found.target
    if goal is not None:
        parts.append(section(f"From your stack to the best{_at(found, goal)}", *_moves(found)))
        if found.left_out:
            rows = [[row.technique, row.reason] for row in found.left_out]
            parts.append(
                section(
                    'In yours and not in the best, and why ("the stack" is the best one)',
                    table(["technique", "reason"], rows, words=(0, 1), most=None),
                )
            )
    if found.naive and goal is not None:
        parts.append(section(f"What simple rules leave{_at(found, goal)}", _naive(found)))
    return [*parts, Text(), plain(f"{_money(found)} {wording.ASSUMPTION}")]


def document(found: Evaluation) -> dict[str, Any]:
    """What `evaluate --json` prints, and its file."""
    return {
        **found.to_dict(),
        "assumption": wording.ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of_all(found)],
    }


def warnings_of_all(found: Evaluation) -> tuple[Finding, ...]:
    """What looked odd in the scenario, and which searches a limit stopped."""
    return warnings_of(found.plans) if found.plans else found.question.scenario.warnings


def write(folder: Path, found: Evaluation) -> list[Path]:
    """The document and the moves; the files written."""
    return [
        write_text(folder / "evaluation.json", as_json(document(found)) + "\n"),
        write_text(folder / "moves.csv", frame_csv(found.moves_frame())),
    ]


# The parts.


def _stacks(found: Evaluation) -> RenderableType:
    named = _objective(found)
    heads = ["", "cost", "risk", *([named] if named else []), "less", "layers", "depth", "stack"]
    rows = [_stack(found, "yours", found.own, None)]
    if found.same_cost is not None:
        label = "best for the same money"
        rows.append(_stack(found, label, found.same_cost.worth, found.same_cost.gap))
    if found.at_budget is not None and len(found.plans) > (found.same_cost is not None):
        label = "best at the budget"
        rows.append(_stack(found, label, found.at_budget.worth, found.at_budget.gap))
    return table(heads, rows, words=(0, len(heads) - 1), most=None)


def _stack(found: Evaluation, label: str, worth: Worth, gap: float | None) -> list[str]:
    named = [wording.short(worth.objective_value)] if _objective(found) else []
    depth = wording.DASH if worth.depth is None else str(worth.depth)
    if found.question.by_depth and worth.depth is not None:
        depth += f" ({wording.count(worth.cut_sets or 0, 'set')})"
    return [
        label,
        wording.money(worth.cost),
        wording.short(worth.risk),
        *named,
        wording.DASH if gap is None else _share(gap),
        wording.short(worth.effective_layers, 3),
        depth,
        ", ".join(worth.stack) or "nothing",
    ]


def _known(found: Evaluation) -> list[tuple[str, RenderableType]]:
    """How the best stacks are known, and what stands beside all of them."""
    rows: list[tuple[str, RenderableType]] = []
    if found.same_cost is not None:
        rows.append(("For the same money", _proof(found.same_cost.plan)))
    elif found.same_cost_note is not None:
        rows.append(("For the same money", plain(found.same_cost_note)))
    if found.at_budget is not None and len(found.plans) > (found.same_cost is not None):
        rows.append(("At the budget", _proof(found.at_budget.plan)))
    settled = found.question.settled
    paid = sorted(settled.options[k].label for k in settled.committed)
    if paid:
        rows.append(("Paid by others", plain(", ".join(paid))))
    if not found.question.worlds.exact:
        error = wording.short(found.own.standard_error, 2)
        rows.append(("Worlds", plain(f"drawn; the standard error of your risk is {error}")))
    return rows


def _proof(plan: Plan) -> Text:
    known = plan.proof.kind != "none" and plan.proof.stop == "proven"
    return plain(wording.proof(plan), "" if known else "bold yellow")


def _single(found: Evaluation) -> list[RenderableType]:
    rows = []
    parts: list[RenderableType] = []
    for name, move in (("swap", found.swap), ("add", found.add), ("drop", found.drop)):
        if move is None:
            within = "" if name == "drop" or found.budget is None else " within the budget"
            parts.append(plain(f"There is nothing to {name}{within}."))
        else:
            rows.append([f"best {name}", *_what(move), *_effect(found, move)])
    if rows:
        heads = ["", "out", "in", *_effects(found)]
        parts.insert(0, table(heads, rows, words=(0, 1, 2, len(heads) - 1), most=None))
    better = [move.sentence for move in (found.swap, found.add) if move and _helps(found, move)]
    if better:
        parts.append(plain(f"These help by themselves: {'; '.join(better)}."))
    elif found.swap is not None or found.add is not None:
        parts.append(plain("No single swap or addition that keeps the rules helps by itself."))
    return parts


def _helps(found: Evaluation, move: Move) -> bool:
    """Whether the move keeps the rules and is better by the objective."""
    if not move.keeps_rules:
        return False
    if not found.question.by_depth:
        return move.objective_change is not None and move.objective_change < 0
    deep = (float("inf") if move.depth is None else move.depth, -(move.cut_sets or 0))
    own = found.own
    return deep > (float("inf") if own.depth is None else own.depth, -(own.cut_sets or 0))


def _moves(found: Evaluation) -> list[RenderableType]:
    if not found.moves:
        return [plain("Nothing is to be done: your stack is that one.")]
    heads = ["#", "out", "in", *_effects(found)]
    rows = [
        [str(place), *_what(move), *_effect(found, move)]
        for place, move in enumerate(found.moves, start=1)
    ]
    return [table(heads, rows, words=(1, 2, len(heads) - 1), most=None)]


def _what(move: Move) -> list[str]:
    return [move.drops or wording.DASH, move.adds or wording.DASH]


def _effects(found: Evaluation) -> list[str]:
    named = _objective(found)
    depth = ["depth"] if found.question.by_depth else []
    return ["cost", "risk", "change", *([named] if named else []), *depth, "rules"]


def _effect(found: Evaluation, move: Move) -> list[str]:
    named = [wording.short(move.objective_value)] if _objective(found) else []
    depth = []
    if found.question.by_depth:
        number = wording.DASH if move.depth is None else str(move.depth)
        depth = [f"{number} ({wording.count(move.cut_sets or 0, 'set')})"]
    return [
        wording.money(move.cost),
        wording.short(move.risk),
        _signed(move.risk_change),
        *named,
        *depth,
        "kept" if move.keeps_rules else f"breaks {'; '.join(move.breaks)}",
    ]


def _naive(found: Evaluation) -> RenderableType:
    rows = [
        [RULES[row.rule], wording.money(row.cost), wording.short(row.risk), ", ".join(row.stack)]
        for row in found.naive
    ]
    return table(["rule", "cost", "risk", "stack"], rows, words=(0, 3), most=None)


def _objective(found: Evaluation) -> str | None:
    """The head of the objective's column; None where the risk says it all."""
    question = found.question
    return None if question.objective == "expected" or question.by_depth else question.objective


def _at(found: Evaluation, goal: Rival) -> str:
    if found.at_budget is None:
        return " for the same money"
    return f" at the budget of {found.question.money(goal.plan.budget or 0)}"


def _money(found: Evaluation) -> str:
    return f"Amounts are in {found.question.scenario.currency}."


def _share(gap: float) -> str:
    return f"{gap * 100:.3g}%" if gap < 0 else wording.percent(gap)


def _signed(change: float) -> str:
    if change == 0:
        return "0"
    return f"{'+' if change > 0 else '-'}{wording.short(abs(change), 3)}"
