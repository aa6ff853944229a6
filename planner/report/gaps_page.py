"""What to ask researchers for: a text for a call for proposals, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from planner.errors import Finding
from planner.files import write_bytes, write_text
from planner.plan import Plan
from planner.report import wording
from planner.report.drawing import png, svg
from planner.report.figures_gaps import gaps_drawing
from planner.report.plan_page import title
from planner.report.screen import as_json, plain
from planner.report.simple_table import listed, more, section, table
from planner.report.tables import frame_csv
from planner.report.warnings import warnings_of
from planner.scenario.digest import digest
from planner.scenario.settle import amount
from planner.study.gaps import Gaps, Profile
from planner.study.labels import in_words
from planner.study.new_technique import modes_of

#: Pairs that the page shows, sets that are enough, and techniques that a sentence names.
MOST_PAIRS = 10
MOST_SETS = 6
NAMED = 6


def document(found: Gaps) -> dict[str, Any]:
    """What `gaps --json` prints, and its file."""
    plan = found.plan
    return {
        "scenario": {"name": plan.scenario.name, "digest": digest(plan.scenario)},
        "objective": plan.question.objective,
        "reading": plan.scenario.reading,
        "budget": None if plan.budget is None else float(plan.money(plan.budget)),
        "currency": plan.scenario.currency,
        "stack": list(plan.stack),
        "cost": float(plan.money(plan.cost)),
        "risk": plan.risk,
        "objective_value": plan.objective_value,
        **found.to_dict(),
        "call": list(call(found)),
        "assumption": wording.ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of_all(found)],
    }


def write(folder: Path, found: Gaps) -> list[Path]:
    """The document, the profiles, the text and the figure; the files written."""
    drawing = gaps_drawing(found)
    return [
        write_text(folder / "gaps.json", as_json(document(found)) + "\n"),
        write_text(folder / "gaps.csv", frame_csv(found.to_frame())),
        write_text(folder / "call-for-proposals.txt", "\n\n".join(call(found)) + "\n"),
        write_bytes(folder / "gaps.png", png(drawing)),
        write_bytes(folder / "gaps.svg", svg(drawing)),
    ]


def warnings_of_all(found: Gaps) -> tuple[Finding, ...]:
    """What looked odd in the scenario, and what a limit left open."""
    warnings = warnings_of([found.plan])
    if found.finished:
        return warnings
    late = Finding(
        "--time-limit",
        None,
        None,
        "Not every profile was priced in time: ? stands for what is not known.",
        "Allow more time.",
    )
    return (*warnings, late)


def page(found: Gaps) -> list[RenderableType]:
    """The call, then each mode, pairs of modes, and how broad a technique must be."""
    parts: list[RenderableType] = [title(found.plan.scenario.name)]
    text = [plain(paragraph) for paragraph in call(found)]
    spaced: list[RenderableType] = []
    for paragraph in text:
        spaced += [paragraph, Text()]
    parts += [section("Text for a call for proposals", *spaced[:-1])]
    parts.append(section("One mode withstood", _table(found, found.singles, None)))
    if found.pairs:
        parts.append(section("Two modes withstood", _table(found, found.pairs, MOST_PAIRS)))
    parts.append(
        section("The most valuable profile, by how many modes it withstands", _sizes(found))
    )
    parts += [Text(), *(plain(note, "dim") for note in _notes(found))]
    parts += [Text(), plain(f"Amounts are in {found.plan.scenario.currency}. {wording.ASSUMPTION}")]
    return parts


# The text.


def call(found: Gaps) -> tuple[str, ...]:
    """Paragraphs that can be pasted; every number in them is of the result."""
    return (_have(found), _wanted(found), _worth(found), _enough(found), _taken(found))


def _have(found: Gaps) -> str:
    plan = found.plan
    return (
        f"For {_money(plan, plan.money(plan.budget or 0))} the best that can be funded today is "
        f"{in_words(plan.stack)}: this leaves a {_word(plan)} of {wording.short(plan.reached)}."
    )


def _wanted(found: Gaps) -> str:
    best, new = found.best, found.new
    names = {mode.id: mode.name for mode in modes_of(found.plan.scenario).modes}
    told = [one if names[one] in ("", one) else f"{names[one]} ({one})" for one in best.modes]
    others = len(names) - len(best.modes)
    rest = ""
    if others:
        rest = (
            f" It need not withstand the other {wording.count(others, 'mode')} (there it is taken "
            f"to fail with probability {wording.short(new.fails)})."
        )
    size = wording.count(len(best.modes), "mode")
    which = "the most valuable" if found.best_exact else "the most valuable found"
    return (
        f"Wanted is a technique that withstands {_and(told)}: {which} profile of {size}. It should "
        f"fail with a probability of at most {wording.short(new.withstands)} when "
        f"{'this is' if len(told) == 1 else 'any of these is'} active.{rest}"
    )


def _worth(found: Gaps) -> str:
    plan, best = found.plan, found.best
    text = (
        f"Beside the present stack it would lower the {_word(plan)} from "
        f"{wording.short(plan.reached)} to {wording.short(best.left)}"
    )
    if plan.reached > 0:
        text += f" ({wording.percent(best.fall / plan.reached)} less)"
    text += "."
    if best.price is None:
        return text + (
            " Even for nothing it would not enter the best stack."
            if best.never
            else " How much it may cost was not finished in time."
        )
    if not best.price:
        text += (
            " Yet it enters the best stack for nothing alone: what there is does more with money"
        )
    else:
        text += (
            f" It would be funded at any cost up to {_money(plan, best.price)}: at that price the "
            f"best stack for the same budget holds it"
        )
        gone, cut = _displaced(best)
        if gone:
            text += f", in place of {listed(gone, NAMED)}"
        if cut:
            others = wording.count(len(cut), "other")
            text += f"{' and' if gone else ','} with {others} at another level"
        text += f"; at {_money(plan, best.price + _unit(plan))} it does not"
    text += "."
    if found.beyond:
        text += " No amount of money buys as much with what exists today."
    elif found.more is not None:
        text += f" With what exists today the same would take {_money(plan, found.more)} more."
    return text


def _enough(found: Gaps) -> str:
    needed, plan = found.needed, found.plan
    price = _money(plan, needed.cost)
    if needed.count is None:
        if not needed.exact:
            return f"Which profile is worth {price} was not found in time."
        return f"At a cost of {price} no technique enters, whatever it withstands."
    sets = "; ".join(" + ".join(one) for one in needed.sets[:MOST_SETS])
    more = len(needed.sets) - MOST_SETS
    rest = f"; and {more} more" if more > 0 else ""
    least = "must withstand at least" if needed.exact else "is enough with"
    return (
        f"A technique that costs {price} {least} {wording.count(needed.count, 'mode')}. Enough "
        f"{'is' if len(needed.sets) == 1 else 'are'}: {sets}{rest}."
    )


def _taken(found: Gaps) -> str:
    new = found.new
    return (
        f"Taken for granted: it delivers with probability {wording.short(new.success)}, fails with "
        f"probability {wording.short(new.background)} when no mode is active, and shares no common "
        f"cause with the others."
    )


# The tables.


def _table(found: Gaps, profiles: Sequence[Profile], most: int | None) -> RenderableType:
    word = _word(found.plan)
    rows = []
    for profile in profiles[:most]:
        gone, cut = _displaced(profile)
        row = [
            " + ".join(profile.modes),
            wording.digits(profile.fall),
            wording.short(profile.left),
            _price(profile),
            _all_of([*gone, *(f"part of {label}" for label in cut)]),
        ]
        rows.append(row)
    heads = ["withstands", "fall", f"{word} left", "may cost", "displaces"]
    shown = table(heads, rows, words=(0, 4), most=None)
    left = len(profiles) - len(rows)
    return Group(shown, more(left, "profiles")) if left else shown


def _displaced(profile: Profile) -> tuple[list[str], list[str]]:
    """Labels whose technique leaves the stack, and those that move to another level."""
    beside = {label.partition(":")[0] for label in profile.stack}
    cut = [label for label in profile.displaces if label.partition(":")[0] in beside]
    return [label for label in profile.displaces if label not in cut], cut


def _sizes(found: Gaps) -> RenderableType:
    rows = []
    before: set[str] = set()
    for profile in found.by_size:
        now = set(profile.modes)
        adds = [mode for mode in profile.modes if mode not in before]
        drops = sorted(before - now)
        told = ", ".join([*adds, *(f"not {mode}" for mode in drops)])
        rows.append(
            [
                str(len(profile.modes)),
                told,
                wording.digits(profile.fall),
                wording.short(profile.left),
                _price(profile),
            ]
        )
        before = now
    heads = ["modes", "adds to the line above", "fall", f"{_word(found.plan)} left", "may cost"]
    return table(heads, rows, words=(1,), most=None)


def _price(profile: Profile) -> str:
    if profile.never:
        return "never"
    if profile.price is None:
        return "?"
    return f"≤ {wording.money(profile.price)}" if profile.price else "free"


def _all_of(names: Sequence[str]) -> str:
    return listed(names, 3) if names else ""


def _notes(found: Gaps) -> list[str]:
    word = _word(found.plan)
    return [
        f"fall: how much lower the {word} is with it beside the stack, for nothing; may cost: the "
        "most at which the best stack for the same budget holds it, which is also the part of the "
        "budget that it would make free; free: for nothing alone; never: not even for nothing.",
    ]


def _word(plan: Plan) -> str:
    return "risk" if plan.question.measure.name == "expected" else plan.question.measure.name


def _money(plan: Plan, money: Decimal) -> str:
    return f"{wording.money(money)} {plan.scenario.currency}".strip()


def _unit(plan: Plan) -> Decimal:
    return amount(1, plan.scenario.decimals)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
