"""From a settled scenario and its worlds to the integer program: rules become integer rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from planner.errors import BadInput
from planner.program.types import Program, Row
from planner.risk.measures import Measure
from planner.scenario import rule_words
from planner.scenario.numbers import decimals
from planner.scenario.rule_words import place_of
from planner.scenario.settle import LARGEST_AMOUNT, Settled, amount, exact, money
from planner.scenario.types import Choice, Limit
from planner.worlds.types import Worlds


def build_program(
    settled: Settled,
    worlds: Worlds,
    measure: Measure,
    *,
    budget: int | None,
    target: float | None = None,
) -> Program:
    """The program of one question. `budget` is in units of account, None for no budget.

    Raises BadInput where an attribute's sum cannot be counted exactly.
    """
    owned = {settled.options[k].technique for k in settled.committed}
    option = tuple(k for k, o in enumerate(settled.options) if o.technique not in owned)
    columns = Columns(settled, option)
    rows = [*columns.levels(), *columns.rules()]
    if budget is not None:
        rows.append(columns.budget(budget))
    return Program(
        labels=tuple(settled.options[k].label for k in option),
        technique=tuple(settled.options[k].technique for k in option),
        cost=tuple(settled.cost[k] for k in option),
        rows=tuple(rows),
        worlds=worlds,
        measure=measure,
        option=option,
        committed=settled.committed,
        target=target,
    )


class Columns:
    """The options for sale, and how each kind of rule reads over them."""

    def __init__(self, settled: Settled, option: Sequence[int]) -> None:
        self.settled = settled
        self.scenario = settled.scenario
        self.option = option
        self.of: dict[str, list[int]] = {t.id: [] for t in self.scenario.techniques}
        for j, k in enumerate(option):
            self.of[self.scenario.techniques[settled.options[k].technique].id].append(j)
        self.committed = {
            Choice(self.scenario.techniques[settled.options[k].technique].id, level)
            for k in settled.committed
            for level in (None, settled.options[k].level)
        }

    def choice(self, choice: Choice) -> list[int]:
        """Columns that satisfy a choice: a technique at a level, or at any."""
        return [
            j
            for j in self.of[choice.technique]
            if choice.level in (None, self.settled.options[self.option[j]].level)
        ]

    def budget(self, units: int) -> Row:
        text = f"budget {self._money(units)}"
        columns = range(len(self.option))
        row = self._row(columns, self._costs(), None, units, text, "budget")
        own = self.scenario.budget
        written = own is not None and units == self.settled.budget
        return replace(
            self._in_money(row),
            place=place_of(self.scenario, rule_words.budget(own)) if own and written else None,
        )

    def levels(self) -> list[Row]:
        """At most one level of a technique."""
        return [
            _ones(columns, None, 1, f"one level of {id}", "levels")
            for id, columns in self.of.items()
            if len(columns) > 1
        ]

    def rules(self) -> list[Row]:
        rules = self.scenario.rules
        rows = [fund(self, choice) for choice in rules.fund if choice not in self.committed]
        rows += [exclude(self, choice) for choice in rules.exclude]
        for choice, needs in rules.requires:
            for need in needs:
                if need not in self.committed:
                    rows.append(self._requires(choice, need))
        for rule in rules.at_most:
            columns = [j for id in rule.of for j in self.of[id]]
            row = _ones(columns, None, rule.count, rule_words.at_most(rule), "rules.at_most")
            rows.append(replace(row, unit="techniques"))
        rows += [self._limit(limit) for limit in rules.limits]
        return [replace(row, place=place_of(self.scenario, row.rule)) for row in rows]

    def _requires(self, choice: Choice, need: Choice) -> Row:
        wanting, giving = self.choice(choice), self.choice(need)
        return Row(
            (*wanting, *giving),
            (1,) * len(wanting) + (-1,) * len(giving),
            None,
            0,
            rule_words.requires(choice, need),
            "rules.requires",
        )

    def _limit(self, limit: Limit) -> Row:
        """Sums are exact: amounts become integers in the finest decimals that any of them has."""
        inside = set(limit.of if limit.of is not None else self.of)
        techniques = self.scenario.techniques
        columns = [j for id in self.of if id in inside for j in self.of[id]]
        text = rule_words.limit(limit)
        if limit.attribute == "cost":
            costs, unit = self._costs(), self.scenario.decimals
            low = None if limit.at_least is None else money(limit.at_least, unit)
            high = None if limit.at_most is None else money(limit.at_most, unit)
            own = [costs[j] for j in columns]
            return self._in_money(self._row(columns, own, low, high, text, "rules.limits"))
        table = self.settled.attributes.get(limit.attribute, (Decimal(0),) * len(techniques))
        amounts = [table[self.settled.options[self.option[j]].technique] for j in columns]
        bounds = [None if v is None else exact(v) for v in (limit.at_least, limit.at_most)]
        finest = max(decimals(a) for a in [*amounts, *(b for b in bounds if b is not None)])
        low, high = (None if b is None else _whole(b, finest) for b in bounds)
        scaled = [_whole(a, finest) for a in amounts]
        row = self._row(columns, scaled, low, high, text, "rules.limits")
        return replace(row, decimals=finest, unit=limit.attribute)

    def _in_money(self, row: Row) -> Row:
        scenario = self.scenario
        return replace(row, money=True, decimals=scenario.decimals, unit=scenario.currency)

    def _row(
        self,
        columns: Sequence[int],
        coefficients: Sequence[int],
        lower: int | None,
        upper: int | None,
        rule: str,
        where: str,
    ) -> Row:
        largest = sum(map(abs, coefficients)) + max(map(abs, (lower or 0, upper or 0)))
        if largest > LARGEST_AMOUNT:
            raise BadInput.option(
                where,
                f"the amounts of {rule!r} are too large or too fine to be summed exactly.",
                "Use a larger unit, or fewer decimals.",
            )
        kept = [(j, c) for j, c in zip(columns, coefficients, strict=True) if c]
        return Row(tuple(j for j, _ in kept), tuple(c for _, c in kept), lower, upper, rule, where)

    def _costs(self) -> list[int]:
        return [self.settled.cost[k] for k in self.option]

    def _money(self, units: int) -> str:
        text = format(amount(units, self.scenario.decimals).normalize(), "f")
        return f"{text} {self.scenario.currency}"


def fund(columns: Columns, choice: Choice) -> Row:
    """The row that locks a technique in (at a level, or at any)."""
    return _ones(columns.choice(choice), 1, None, rule_words.fund(choice), "rules.fund")


def exclude(columns: Columns, choice: Choice) -> Row:
    """The row that locks a technique out."""
    return _ones(columns.choice(choice), None, 0, rule_words.exclude(choice), "rules.exclude")


def lock(program: Program, technique: int, *, inside: bool) -> Row:
    """The row that locks a technique (by number) in or out of a program already built."""
    columns = [j for j, i in enumerate(program.technique) if i == technique]
    if inside:
        return _ones(columns, 1, None, "locked in", "rules.fund")
    return _ones(columns, None, 0, "locked out", "rules.exclude")


def _ones(
    columns: Sequence[int], lower: int | None, upper: int | None, rule: str, where: str
) -> Row:
    return Row(tuple(columns), (1,) * len(columns), lower, upper, rule, where)


def _whole(number: Decimal, finest: int) -> int:
    """The number in 10^-finest, of which it has no more decimals; never rounded."""
    with localcontext() as context:
        context.prec = 400
        return int(number.scaleb(finest))
