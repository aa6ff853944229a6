"""The price of ignoring correlation on the page: what naive rules leave above the best stack."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from planner.report import wording
from planner.report.screen import plain
from planner.report.simple_table import listed, section, table
from planner.study.explain import Explanation
from planner.study.labels import in_words
from planner.study.naive import PriceRow, PriceTable

TITLE = "The price of ignoring correlation"
NOT_SOLVED = "Left out: a limit was reached before every budget was solved."

#: Rule -> head of its column, after the best stack.
HEADS = {
    "independent": "if inde-\npendent",
    "best_alone": "best\nalone",
    "most_modes": "most\nmodes",
    "equal_split": "equal\nsplit",
    "random": "random mean\n(5%..95%)",
}
#: Width from which the bought stacks are shown too.
WIDE = 150


def price_section(price: PriceTable | None, explanation: Explanation, width: int) -> RenderableType:
    """One line a budget; every rule's excess over the best stack."""
    if price is None:
        return section(TITLE, plain(NOT_SOLVED))
    budgets = list(dict.fromkeys(row.budget for row in price.rows))
    random = any(row.rule == "random" for row in price.rows)
    rules = [rule for rule in HEADS if random or rule != "random"]
    wide = width >= WIDE
    rows = []
    for budget in budgets:
        found = {row.rule: row for row in price.rows if row.budget == budget}
        line = [wording.money(budget), wording.short(found["best"].risk)]
        line += [_excess(found[rule], found["best"]) for rule in rules]
        if wide:
            line.append(listed(found["best"].stack or (), 6))
        rows.append(line)
    heads = ["budget", "best\nleaves", *(HEADS[rule] for rule in rules)]
    words: tuple[int, ...] = ()
    if wide:
        heads.append("best stack")
        words = (len(heads) - 1,)
    parts: list[RenderableType] = [
        plain("Risk above that of the best stack, at the same budget and rules:"),
        table(heads, rows, words=words, most=20, what="budgets"),
    ]
    if price.impossible:
        amounts = ", ".join(map(wording.money, price.impossible))
        parts.append(plain(f"At {amounts} no stack meets the rules."))
    sentence = told(price.rows, explanation)
    if sentence:
        parts.append(plain(sentence))
    return section(TITLE, *parts)


def _excess(row: PriceRow, best: PriceRow) -> str:
    text = _more(row.ratio)
    if row.low is None or row.high is None or best.risk <= 0:
        return text
    low, high = (_number(bound / best.risk) for bound in (row.low, row.high))
    return f"{text} ({low}..{high})"


def _more(ratio: float | None) -> str:
    """
    >>> _more(1.575), _more(1.0), _more(12.5), _more(None)
    ('+57.5%', '+0%', '+1150%', 'no end')
    """
    return "no end" if ratio is None else f"+{_number(ratio)}%"


def _number(ratio: float) -> str:
    excess = 100 * (ratio - 1)
    return "0" if abs(excess) < 1e-9 else wording.short(excess, 3)


def told(rows: Sequence[PriceRow], explanation: Explanation) -> str:
    """What the independence-assuming optimum promises and leaves: at the plan's budget, else where
    it costs most."""
    naive = [row for row in rows if row.rule == "independent" and row.promised is not None]
    if not naive:
        return ""
    budget = explanation.dependence.budget
    row = next((row for row in naive if row.budget == budget), None)
    row = row or max(naive, key=lambda r: round(r.ratio or 0.0, 12))
    best = next(r for r in rows if r.budget == row.budget and r.rule == "best")
    at = f"At budget {wording.money(row.budget)}"
    if row.excess <= 0:
        return (
            f"{at} whoever assumes independence buys a stack that leaves as little, but believes "
            f"that {wording.short(row.promised)} is left; it is {wording.short(row.risk)}."
        )
    return (
        f"{at} whoever assumes independence buys {in_words(row.stack or ())}, believes that "
        f"{wording.short(row.promised)} is left, and leaves {wording.short(row.risk)}; the best "
        f"stack leaves {wording.short(best.risk)}."
    )
