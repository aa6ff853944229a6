"""Rules of meaning that span several parts of a scenario: one small function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext

from planner.scenario.fields import Context
from planner.scenario.notes import Place
from planner.scenario.numbers import MOST_DECIMALS, decimals
from planner.scenario.read_techniques import Techniques
from planner.scenario.types import Choice, ExplicitWorlds, FailureModes, Rules, Technique
from planner.scenario.values import Number, Value

#: Sums of units of account stay below this, so that 64-bit integers and doubles hold them exactly.
_MOST_UNITS = 2**52


def amounts(
    budget: Value | None, techniques: tuple[Technique, ...], rules: Rules
) -> Iterator[Value]:
    """Every amount of money that the scenario writes."""
    if budget is not None:
        yield budget
    for technique in techniques:
        for level in technique.levels:
            yield level.cost
    for limit in rules.limits:
        if limit.attribute == "cost":
            yield from (bound for bound in (limit.at_least, limit.at_most) if bound is not None)


def unit_decimals(found: Iterator[Value]) -> int:
    """Decimals of the unit of account: the most that any written amount needs, 2 to 9."""
    most = max((decimals(v.value) for v in found if isinstance(v, Number)), default=0)
    return min(max(2, most), MOST_DECIMALS)


def check_amounts(
    context: Context, techniques: Techniques, budget: Value | None, rules: Rules, places: int
) -> None:
    """The total cost, the budget and each limit can be counted exactly."""
    table = techniques.table
    where = Place(
        table.file if table else context.file, None, (table.prefix if table else "") + "cost"
    )
    total = sum((max(_size(v.cost) for v in t.levels) for t in techniques.found), Decimal(0))
    _check_size(context, where, "The total cost", total, places)
    if budget is not None:
        _check_size(context, context.top.place("budget"), "The budget", _size(budget), places)
    for limit in rules.limits:
        for bound in (limit.at_least, limit.at_most):
            if bound is not None and limit.attribute == "cost":
                where = context.top.place("rules")._replace(column="rules.limits")
                _check_size(context, where, "A limit on cost", _size(bound), places)


def check_attributes(context: Context, techniques: Techniques) -> None:
    """The sum of each attribute can be counted exactly too."""
    table = techniques.table
    if table is None:
        return
    for name in techniques.attributes:
        values = [v for t in techniques.found for key, v in t.attributes if key == name]
        index = table.header.index(name)
        most = max((decimals(v.value) for v in values if isinstance(v, Number)), default=0)
        if most > MOST_DECIMALS:
            context.notes.add(
                table.heading(index),
                f"{name} is over-precise: it has {most} decimals.",
                f"Round it to at most {MOST_DECIMALS} decimals.",
            )
            continue
        total = sum((_size(value) for value in values), Decimal(0))
        _check_size(context, table.heading(index), f"The sum of {name}", total, most)


def _size(value: Value) -> Decimal:
    return abs(value.value) if isinstance(value, Number) else abs(Decimal(value.mean))


def _check_size(context: Context, place: Place, what: str, total: Decimal, places: int) -> None:
    with localcontext() as exact:
        exact.prec = 400
        too_large = total.scaleb(places) > _MOST_UNITS
    if too_large:
        context.notes.add(
            place,
            f"{what} is {total:.4g}, too large to count exactly with {places} decimals.",
            "Give amounts in a larger unit (millions), or with fewer decimals.",
        )


def check_budget(context: Context) -> None:
    """A scenario without a budget is accepted: some questions need none."""
    if "budget" not in context.top:
        context.notes.warn(
            Place(context.file, None, "budget"),
            "The scenario has no budget.",
            "Add budget: 10, or give --budget or --target-risk.",
        )


def check_rules_can_hold(
    context: Context,
    techniques: tuple[Technique, ...],
    budget: Value | None,
    rules: Rules,
    committed: tuple[Choice, ...],
) -> None:
    """Rules that cannot hold together are no bad input, but what is seen at once is warned of:
    whoever asks for a stack is told all of it, with the ways out."""
    paid = {choice.technique for choice in committed}
    asked = [choice for choice in rules.fund if choice.technique not in paid]
    barred = {(choice.technique, choice.level) for choice in rules.exclude}
    place = context.top.place("rules")._replace(column="rules.fund")
    for choice in asked:
        if barred & {(choice.technique, None), (choice.technique, choice.level)}:
            context.notes.warn(
                place,
                f"fund and exclude both name {choice}: no stack meets both.",
                "Drop it from one of them.",
            )
    if not isinstance(budget, Number):
        return
    costs: dict[tuple[str, str | None], Decimal] = {}
    for technique in techniques:
        costs |= {(technique.id, level.name): _size(level.cost) for level in technique.levels}
        costs[technique.id, None] = min(_size(level.cost) for level in technique.levels)
    named: dict[str, Decimal] = {}
    for choice in asked:
        # What a finding has left out has no cost here.
        cost = costs.get((choice.technique, choice.level), Decimal(0))
        named[choice.technique] = max(named.get(choice.technique, cost), cost)
    least = sum(named.values(), Decimal(0))
    if least > budget.value:
        context.notes.warn(
            place,
            f"What fund names costs at least {least:f}, more than the budget of {budget}.",
            "Raise the budget, or drop some of it.",
        )


def check_something_goes_wrong(
    context: Context, threats: FailureModes | ExplicitWorlds, baseline: Value
) -> None:
    """Weights that are all zero leave nothing to plan for."""
    notes, top = context.notes, context.top
    if isinstance(threats, ExplicitWorlds):
        if threats.worlds and all(world.weight.mean == 0 for world in threats.worlds):
            place = Place(*top.place("worlds"))
            notes.add(place, "The weights of all worlds are 0.", "Give some world a weight.")
        elif threats.worlds and all(
            w.loss is not None and w.loss.mean == 0 for w in threats.worlds
        ):
            place = Place(*top.place("worlds"))
            notes.warn(place, "The losses of all worlds are 0.", "Give some world a loss.")
        return
    harmless = all(mode.probability.mean == 0 or mode.loss.mean == 0 for mode in threats.modes)
    if threats.modes and harmless and baseline.mean == 0:
        notes.warn(
            top.place("modes"),
            "Nothing can go wrong: no mode has both a probability and a loss, and baseline_loss "
            "is 0.",
            "Check the probabilities and losses of the modes.",
        )


def check_form(context: Context) -> bool | None:
    """Whether the scenario has explicit worlds; None where it is a mix or neither."""
    top = context.top
    modes = [key for key in ("modes", "vulnerability") if key in top]
    worlds = [key for key in ("worlds", "failure") if key in top]
    if modes and worlds:
        context.notes.add(
            top.place(worlds[0]),
            f"The scenario has both {' and '.join(modes)} and {' and '.join(worlds)}.",
            "Keep modes and vulnerability, or worlds and failure.",
        )
        return None
    wanted = ("worlds", "failure") if worlds else ("modes", "vulnerability")
    for key in wanted:
        if key not in top:
            context.notes.add(
                Place(context.file, None, key),
                f"The scenario has no {key}.",
                f"Add {key}: {key}.csv, or the table itself.",
            )
    return bool(worlds)


def check_explicit_worlds(context: Context, techniques: Techniques) -> None:
    """Explicit worlds say outright what fails: what would change that is refused."""
    top, notes = context.top, context.notes
    for key in ("joint", "groups"):
        if key in top:
            top.add(key, "does not apply to explicit worlds.", f"Remove {key}.")
    if techniques.groups_at is not None:
        notes.add(
            techniques.groups_at,
            "groups does not apply to explicit worlds.",
            "Blank the column; common causes belong into the worlds.",
        )
    if techniques.background_at is not None:
        notes.add(
            techniques.background_at,
            "background does not apply to explicit worlds.",
            "Blank the column; background failure belongs into the failure table.",
        )
    if "reading" in top and top.text("reading") == "by-mode":
        top.add(
            "reading", "is by-mode, which does not apply to explicit worlds.", "Remove reading."
        )
