"""The ranking against brute force: every number, the order, and every word of the reasons.

All feasible stacks are listed by the oracle, valued exactly, and each column is worked out again
from them.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from factory import scenario
from oracle import Problem
from random_scenarios import Case, random_case

import planner.study.ranking as ranking_module
from planner.errors import NoStack
from planner.plan import Plan, recommend
from planner.scenario.types import Choice, FailureModes, Limit, Rules
from planner.scenario.values import number
from planner.solve.search import Search
from planner.study.ranking import Ranking, RankRow, rank
from planner.worlds.build import build

SAME = Fraction(1, 10**12)
COUNT = 60


class Brute:
    """What the columns must be, from all feasible stacks."""

    def __init__(self, case: Case, plan: Plan) -> None:
        self.case, self.plan = case, plan
        self.problem = case.problem
        self.settled = self.problem.settled
        self.exact = self.problem.exact
        self.target = case.target
        self.bought = tuple(sorted(self.settled.option_index[label] for label in plan.stack))
        self.empty = self.exact(())
        self.best = self.value(self.bought)
        self.stacks = [
            stack
            for stack in self.problem.feasible
            if case.units is None or self.problem.cost(stack) <= case.units
        ]
        if self.target is not None:
            most = Fraction(self.target) * (1 + SAME)
            self.stacks = [stack for stack in self.stacks if self.exact(stack) <= most]

    def value(self, stack: tuple[int, ...]) -> Fraction:
        """What is made least: the objective, or the cost in currency."""
        if self.target is None:
            return self.exact(stack)
        return Fraction(self.problem.cost(stack), 10**self.settled.scenario.decimals)

    def technique(self, id: str) -> tuple[int, ...]:
        return self.settled.options_of[id]

    def option(self, row: RankRow) -> int:
        options = self.settled.options
        return next(k for k in self.technique(row.technique) if options[k].level == row.level)

    def locked(self, id: str, *, inside: bool) -> tuple[int, ...] | None:
        """The best stack with the technique locked in or out; None where there is none."""
        options = set(self.technique(id))
        allowed = [s for s in self.stacks if options.isdisjoint(s) != inside]

        def order(stack: tuple[int, ...]) -> Any:
            first = Fraction(0) if self.target is not None else self.exact(stack)
            return (first, self.problem.cost(stack), len(stack), self.problem.labels(stack))

        return min(allowed, key=order, default=None)

    def dropped(self, row: RankRow) -> Fraction:
        own = set(self.technique(row.technique))
        rest = tuple(k for k in self.bought if k not in own)
        return self.exact(rest) - self.exact(self.bought)

    def added(self, row: RankRow) -> Fraction:
        more = tuple(sorted((*self.bought, self.option(row))))
        return self.exact(self.bought) - self.exact(more)

    def alone(self, row: RankRow) -> Fraction:
        return self.empty - self.exact((self.option(row),))

    def rise(self, row: RankRow) -> Fraction | None:
        found = self.locked(row.technique, inside=not row.recommended)
        return None if found is None else self.value(found) - self.best

    def share(self, first: RankRow, second: RankRow) -> float | None:
        """Of what the first does alone, what the second already does; of R, over all worlds."""
        i, j = self.option(first), self.option(second)
        worlds = build(self.settled)
        weight = [Fraction(p) * Fraction(x) for p, x in zip(*map(list, _pair(worlds)), strict=True)]
        a = [Fraction(x) for x in worlds.failure[i].tolist()]
        b = [Fraction(x) for x in worlds.failure[j].tolist()]
        worth = sum(w * (1 - x) for w, x in zip(weight, a, strict=True))
        if worth <= sum(weight) * SAME:
            return None
        beside = sum(w * y * (1 - x) for w, x, y in zip(weight, a, b, strict=True))
        return float(1 - beside / worth)


def _pair(worlds: Any) -> tuple[Any, Any]:
    return worlds.probability.tolist(), worlds.loss.tolist()


@cache
def ranked(seed: int) -> tuple[Brute, Ranking] | None:
    case = random_case(seed, most=8)
    try:
        plan = recommend(
            case.scenario,
            case.objective,
            budget=case.budget,
            target_risk=case.target,
            search=Search(gap=0.0),
        )
    except NoStack:
        return None
    return Brute(case, plan), rank(plan, seconds=60)


@cache
def cases() -> tuple[tuple[int, Brute, Ranking], ...]:
    found = []
    for seed in range(5000, 5400):
        if len(found) == COUNT:
            break
        answer = ranked(seed)
        if answer is not None:
            found.append((seed, *answer))
    return tuple(found)


def near(found: float | None, expected: Fraction | None, scale: Fraction) -> bool:
    """Equal up to what doubles lose beside the objective's size."""
    if found is None or expected is None:
        return found is None and expected is None
    return abs(Fraction(found) - expected) <= scale * Fraction(1, 10**12) + Fraction(1e-300)


def test_the_cases_are_of_every_kind() -> None:
    kinds = {(b.case.objective.partition(":")[0], b.target is None) for _, b, _ in cases()}
    assert len(cases()) == COUNT
    assert kinds == {(m, f) for m in ("expected", "cvar", "worst") for f in (True, False)}
    rows = [row for _, _, r in cases() for row in r.rows]
    assert any(row.committed for row in rows)
    assert any(row.impossible and row.recommended for row in rows)
    assert any(row.impossible and not row.recommended for row in rows)
    assert any(row.level not in ("full",) for row in rows)


def test_there_is_one_row_a_technique_and_ranks_count_up() -> None:
    for _, brute, ranking in cases():
        ids = [t.id for t in brute.settled.scenario.techniques]
        assert sorted(row.technique for row in ranking.rows) == sorted(ids)
        paid = {c.technique for c in brute.settled.scenario.committed}
        tail = ranking.rows[len(ids) - len(paid) :]
        assert [row.technique for row in tail] == sorted(paid)
        assert all(row.committed == (row.technique in paid) for row in ranking.rows)
        assert all(row.rank is None and row.cost == 0 for row in tail)
        places = [row.rank for row in ranking.rows if not row.committed]
        assert places == list(range(1, len(places) + 1))


def test_every_column_is_what_brute_force_over_all_stacks_gives() -> None:
    for seed, brute, ranking in cases():
        scale = brute.empty
        money = brute.best + sum(brute.settled.cost)
        for row in ranking.rows:
            where = f"seed {seed}, {row.technique}"
            if row.committed:
                assert row.rise_if_dropped is row.fall_if_added is row.replacement_cost is None
                assert row.reduction_per_cost is row.lock_in_rise is None
                continue
            option = brute.option(row)
            assert row.recommended == (option in brute.bought), where
            cost = Fraction(brute.settled.cost[option], 10**brute.settled.scenario.decimals)
            assert Fraction(row.cost) == cost, where
            rise = brute.rise(row)
            assert row.impossible == (rise is None), where
            size = scale if brute.target is None else money
            if row.recommended:
                assert near(row.rise_if_dropped, brute.dropped(row), scale), where
                assert near(row.replacement_cost, rise, size), where
                assert row.fall_if_added is row.lock_in_rise is None
            else:
                assert near(row.fall_if_added, brute.added(row), scale), where
                assert near(row.lock_in_rise, rise, size), where
                assert row.rise_if_dropped is row.replacement_cost is None
                best = brute.locked(row.technique, inside=True)
                if best is not None:  # the level is that of the best stack that holds it
                    assert option in best, where
            if cost == 0:
                assert row.reduction_per_cost is None
            else:
                assert row.reduction_per_cost is not None
                assert near(row.reduction_per_cost, brute.alone(row) / cost, scale / cost), where


def test_failure_alone_is_the_share_of_the_listed_loss_that_one_lets_through() -> None:
    for seed, brute, ranking in cases():
        worlds = build(brute.settled)
        listed = worlds.count - (1 if worlds.unlisted > 0 else 0)
        weight = (worlds.probability * worlds.loss).tolist()[:listed]
        for row in ranking.rows:
            failure = worlds.failure[brute.option(row)].tolist()[:listed]
            total = math.fsum(weight)
            passed = math.fsum(w * f for w, f in zip(weight, failure, strict=True))
            alone = passed / total if total else 0.0
            assert row.failure_alone == pytest.approx(alone, rel=1e-9, abs=1e-300), f"seed {seed}"


def test_redundancy_is_the_largest_share_that_another_technique_already_does() -> None:
    for seed, brute, ranking in cases()[::2]:
        for row in ranking.rows:
            others = {o.technique: brute.share(row, o) for o in ranking.rows if o is not row}
            shares = {id: s for id, s in others.items() if s is not None}
            where = f"seed {seed}, {row.technique}"
            largest = max(shares.values(), default=0.0)
            if row.redundant_with is None:
                assert largest <= 1e-9, where
                assert row.redundancy is None
                continue
            assert row.redundancy is not None
            assert 0 < row.redundancy <= 1, where
            assert row.redundant_with != row.technique
            assert row.redundancy == pytest.approx(largest, abs=1e-9), where
            assert shares[row.redundant_with] == pytest.approx(largest, abs=1e-9), where


def test_the_order_is_that_of_the_contract() -> None:
    for seed, brute, ranking in cases():
        keys = []
        for row in ranking.rows:
            if row.committed:
                keys.append((3, Fraction(0), Fraction(0), row.technique))
            elif row.recommended:
                keys.append((0, -brute.dropped(row), Fraction(0), row.technique))
            else:
                rise = brute.rise(row)
                group = 2 if rise is None else 1
                keys.append((group, rise or Fraction(0), -brute.added(row), row.technique))
        near_tie = brute.empty * Fraction(1, 10**9)
        for before, after in itertools.pairwise(keys):
            assert ordered(before, after, near_tie), f"seed {seed}: {before} {after}"


def ordered(before: Any, after: Any, near_tie: Fraction) -> bool:
    """Whether the rows may stand so; numbers that doubles may not tell apart say nothing."""
    for a, b in zip(before, after, strict=True):
        if a != b:
            near_enough = isinstance(a, Fraction) and abs(a - b) <= near_tie
            return near_enough or a < b
    return False


# ---------------------------------------------------------------------- reasons

NUMBER = r"([-+.\de]+)"


def test_every_number_and_name_in_a_reason_is_true() -> None:
    told = 0
    for seed, brute, ranking in cases():
        for row in ranking.rows:
            told += check_reason(f"seed {seed}: {row.technique}: {row.reason}", row, brute)
    assert told > 150


def check_reason(where: str, row: RankRow, brute: Brute) -> int:
    """Takes the sentence apart; nothing may be left that was not checked. Numbers looked at."""
    text, found = row.reason, 0
    assert text.endswith("."), where
    text = text[:-1]
    if row.committed:
        assert text == "Paid for by others: it protects, and costs this funder nothing", where
        return 0
    word = brute.case.objective
    word = "risk" if word == "expected" else word

    def take(pattern: str) -> re.Match[str] | None:
        nonlocal text
        match = re.search(pattern, text, re.IGNORECASE)
        if match is None:
            return None
        text = text[: match.start()] + text[match.end() :]
        return match

    def is_true(quoted: str, expected: Fraction, rel: float = 6e-4) -> None:
        nonlocal found
        found += 1
        assert float(quoted) == pytest.approx(float(expected), rel=rel), where

    value, rise = brute.exact(brute.bought), brute.rise(row)
    if row.recommended:
        held = sole(row, brute)
        names = take("the only one of the stack to withstand ([^;]*); ")
        assert (names is not None) == bool(held), where
        if names:
            assert re.split(", | and ", names[1]) == held, where
        dropped = brute.dropped(row)
        if pair := take(f"without it the {word} rises from {NUMBER} to {NUMBER}"):
            is_true(pair[1], value)
            is_true(pair[2], value + dropped)
            assert pair[1] != pair[2], where
        elif pair := take(f"without it the {word} of {NUMBER} rises by {NUMBER}"):
            is_true(pair[1], value)
            is_true(pair[2], dropped, 6e-2)
        else:
            stays = take(f"without it the {word} stays at {NUMBER}")
            assert stays, where
            assert dropped <= brute.empty * SAME, where
            is_true(stays[1], value)
    elif rise is not None:
        added, alone = brute.added(row), brute.alone(row)
        by_itself = "with nothing else bought" if brute.plan.committed else "alone"
        if take(f"It would not lower the {word} even {by_itself}"):
            assert max(added, alone) <= brute.empty * SAME, where
            assert text == "", where
            return found
        if take(f"It does more beside the stack than {by_itself}"):
            assert added > alone * (1 - SAME), where
        else:
            done = take(
                "The stack already does (none|over 99%|under 1%|\\d+%) of what it would do "
                + by_itself
            )
            assert done, where
            percent(done[1], 1 - added / alone, where)
            if other := take(r" \((\S+) by itself (over 99%|\d+%)\)"):
                inside = [k for k in brute.bought if k in brute.technique(other[1])]
                assert len(inside) == 1, f"{where}: not of the stack"
                pair_value = brute.exact(tuple(sorted((inside[0], brute.option(row)))))
                left = brute.exact((inside[0],)) - pair_value
                percent(other[2], 1 - left / alone, where)
            found += 1
    if rise is None:
        what = "the target" if brute.target is not None else "the budget"
        if not row.recommended:
            assert take(f"^No stack that meets the rules and {what} can hold it$"), where
        elif brute.target is None:
            assert take("; the rules cannot be met without it$"), where
        else:
            assert take("; no stack that meets the rules reaches the target without it$"), where
    elif brute.target is not None:
        if more := take(f"(?:the target costs|makes the target) {NUMBER} USD (?:more|dearer)"):
            assert Fraction(Decimal(more[1])) == rise > 0, where
            found += 1
        else:
            assert take(
                "another stack (?:without|that holds) it reaches the target at no higher cost"
            )
            assert rise == 0, where
    elif more := take(f"(?:and )?the best stack (?:without|that holds) it leaves {NUMBER} more"):
        is_true(more[1], rise, 6e-2)
    elif more := take(f"(?:and )?the best stack (?:without|that holds) it leaves {NUMBER}"):
        is_true(more[1], value + rise)
        assert rise > 0, where
    else:
        cost = take(
            "another stack (?:without|that holds) it does as well"
            "( at a higher cost| at no lower cost)?"
        )
        assert cost, where
        assert rise <= brute.empty * SAME, where
        if cost[1]:
            best = brute.locked(row.technique, inside=True)
            assert best is not None
            dearer = brute.problem.cost(best) > brute.plan.cost
            assert ("higher" in cost[1]) == dearer, where
    assert re.fullmatch(r"[;, ]*(and|without it|holding it)?[;, ]*", text), f"{where}: {text!r}"
    return found


def percent(quoted: str, share: Fraction, where: str) -> None:
    if quoted == "none":
        assert share <= 2 * SAME, where
    elif quoted == "under 1%":
        assert 0 < share < Fraction(1, 100), where
    elif quoted == "over 99%":
        assert Fraction(99, 100) < share <= 1, where
    else:
        assert abs(share * 100 - int(quoted[:-1])) <= Fraction(501, 1000), where


def sole(row: RankRow, brute: Brute) -> list[str]:
    """Modes that the technique withstands and every other one of the stack does not."""
    given = brute.settled.scenario
    if not isinstance(given.threats, FailureModes):
        return []
    stack = {brute.settled.options[k].technique for k in (*brute.bought, *brute.settled.committed)}
    own = next(i for i, t in enumerate(given.techniques) if t.id == row.technique)
    others = stack - {own}
    found = []
    for j, mode in enumerate(given.threats.modes):
        fails = [
            given.threats.cells[i][j].value.mean >= given.threshold.mean
            for i in range(len(given.techniques))
        ]
        if others and not fails[own] and all(fails[i] for i in others):
            found.append(mode.id)
    return found


# ---------------------------------------------------------------------- chosen cases


def row_of(ranking: Ranking, id: str) -> RankRow:
    return next(row for row in ranking.rows if row.technique == id)


def four(**more: Any) -> Any:
    given: dict[str, Any] = {
        "failure": [["0.5", "0.5"], ["0.25", "1"], ["1", "0.25"], ["1", "1"]],
        "weights": [1, 1],
        "ids": ["a", "b", "c", "d"],
        "costs": [1, 1, 1, 1],
        "budget": 1,
    }
    return scenario(**(given | more))


def test_lock_ins_that_were_not_finished_are_null_and_rank_by_the_fall_if_added() -> None:
    # R: a 1/2, b 5/8, c 5/8 of equal worlds; beside b: a leaves 5/16, c 1/4, d changes nothing
    plan = recommend(four(rules=Rules(fund=(Choice("b"),))))
    ranking = rank(plan, seconds=0)
    assert [row.technique for row in ranking.rows] == ["b", "c", "a", "d"]
    assert all(row.replacement_cost is row.lock_in_rise is None for row in ranking.rows)
    assert not any(row.impossible for row in ranking.rows)
    assert [row.fall_if_added for row in ranking.rows] == pytest.approx([None, 0.75, 0.625, 0])
    assert row_of(ranking, "b").reason.startswith("Without it the risk rises from 1.25 to 2.")
    assert row_of(ranking, "c").reason.endswith("; adding it would lower the risk by 0.75.")


def test_some_lock_ins_unfinished_stand_between_the_finished_and_the_impossible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = recommend(four())  # buys a
    known = ranking_module._locks(plan, math.inf, lambda _: None)
    dear = ranking_module.Lock(None, True, ())
    unknown = ranking_module.Lock(None, False, ())
    locks = {0: known[0], 1: dear, 2: unknown, 3: known[3]}
    monkeypatch.setattr(ranking_module, "_locks", lambda *_: locks)
    ranking = rank(plan)
    assert [row.technique for row in ranking.rows] == ["a", "d", "c", "b"]
    assert row_of(ranking, "c").lock_in_rise is None
    assert row_of(ranking, "b").reason.startswith("No stack that meets the rules")


def test_a_target_that_nothing_at_all_reaches_already_is_ranked_by_money() -> None:
    # what others pay for leaves no risk: every technique is of no use and costs its price
    given = four(
        failure=[["0", "0"], ["0.25", "1"], ["1", "0.25"], ["1", "1"]],
        costs=[9, 3, 1, 2],
        committed=["a"],
    )
    ranking = rank(recommend(given, target_risk=0))
    assert [row.technique for row in ranking.rows] == ["c", "d", "b", "a"]
    assert [row.lock_in_rise for row in ranking.rows[:3]] == [1, 2, 3]
    assert row_of(ranking, "b").reason == (
        "It would not lower the risk even with nothing else bought."
    )


def test_what_helps_only_beside_others_is_not_called_useless() -> None:
    # worst world: c alone leaves the first world at its worst, beside a it halves the worst
    given = four(
        failure=[["0.25", "1"], ["0.25", "1"], ["1", "0.25"], ["1", "1"]],
        weights=["0.5", "0.5"],
        loss=[1, 1],
        costs=[1, 1, 1, 1],
        rules=Rules(fund=(Choice("a"),)),
    )
    ranking = rank(recommend(given, "worst:1"), seconds=0)
    row = row_of(ranking, "c")
    assert row.reduction_per_cost == 0
    assert row.fall_if_added == 0.75
    assert row.reason.startswith("It does more beside the stack than alone")
    assert row_of(ranking, "b").reason == "It would not lower the worst:1 even alone."


def test_a_technique_that_only_a_rule_keeps_is_not_said_to_lower_the_risk() -> None:
    row = row_of(rank(recommend(four(rules=Rules(fund=(Choice("d"),))))), "d")
    assert row.rise_if_dropped == 0
    assert row.reason == ("Without it the risk stays at 2; the rules cannot be met without it.")


def test_a_rise_too_small_for_four_digits_is_given_by_itself() -> None:
    given = four(failure=[["0.5", "0.5"], ["1", "0.9999998"], ["1", "1"], ["1", "1"]], budget=2)
    row = row_of(rank(recommend(given)), "b")
    assert row.reason.startswith("Without it the risk of 1 rises by 1e-07")


def test_a_twin_is_told_to_do_as_well_where_doubles_add_its_worlds_in_another_order() -> None:
    # the same failures in another order, over worlds of equal weight: exactly the same risk, in
    # doubles now and then an ulp apart
    apart = 0
    for seed in range(12):
        cells = [f"{x:.3f}" for x in np.random.default_rng(seed).random(9)]
        given = four(
            failure=[cells, cells[::-1], ["1"] * 9, ["1"] * 9], weights=["1"] * 9, loss=[1] * 9
        )
        plan = recommend(given)
        apart += plan.program.value([0]) != plan.program.value([1])
        row = row_of(rank(plan), "b")
        assert row.lock_in_rise == 0
        assert row.reason.endswith("another stack that holds it does as well at no lower cost.")
    assert apart > 0


def test_under_a_target_the_values_are_money_and_the_reason_says_so() -> None:
    # half the loss: a alone; without it b and c (0.625 alone, together 1/4) cost 2 more
    given = four(costs=[2, 2, 2, 1], budget=None)
    ranking = rank(recommend(given, target_risk=1.0))
    assert ranking.rows[0].replacement_cost == 2.0
    assert "without it the target costs 2 USD more" in ranking.rows[0].reason
    # d with a: 1 more
    assert row_of(ranking, "d").lock_in_rise == 1.0
    # a research limit that only a can meet
    limited = four(
        costs=[2, 2, 2, 1],
        attributes={"x": [1, 0, 0, 0]},
        rules=Rules(limits=(Limit("x", None, number(1), None),)),
    )
    row = row_of(rank(recommend(limited, target_risk=1.0)), "a")
    assert row.reason.endswith("no stack that meets the rules reaches the target without it.")


@pytest.mark.parametrize("seed", range(5000, 5024))
def test_by_depth_the_numbers_are_about_the_risk_and_lock_ins_are_null(seed: int) -> None:
    case = random_case(seed, most=7)
    if not isinstance(case.scenario.threats, FailureModes) or case.target is not None:
        return
    try:
        plan = recommend(case.scenario, "depth", budget=case.budget)
    except NoStack:
        return
    expected = Problem(case.scenario)
    options = expected.settled.option_index
    bought = tuple(sorted(options[label] for label in plan.stack))
    value = expected.exact(bought)
    allowed = [s for s in expected.feasible if expected.cost(s) <= (case.units or 0)]
    others = []
    for row in rank(plan).rows:
        if row.committed:
            continue
        assert row.replacement_cost is row.lock_in_rise is None
        own = set(expected.settled.options_of[row.technique])
        if row.recommended:
            rest = tuple(k for k in bought if k not in own)
            assert near(row.rise_if_dropped, expected.exact(rest) - value, expected.exact(()))
            assert row.impossible == all(own & set(s) for s in allowed)
        else:
            option = next(k for k in own if expected.settled.options[k].level == row.level)
            fall = value - expected.exact(tuple(sorted((*bought, option))))
            assert near(row.fall_if_added, fall, expected.exact(()))
            assert row.impossible == (not any(own & set(s) for s in allowed))
            others.append((row.impossible, -fall))
    near_tie = expected.exact(()) * Fraction(1, 10**9)
    for before, after in itertools.pairwise(others):
        assert ordered((*before, ""), (*after, "x"), near_tie)


def test_the_table_shows_itself_and_its_frame_holds_every_row() -> None:
    ranking = rank(recommend(four(committed=["d"])))
    frame = ranking.to_frame()
    assert list(frame.columns[:2]) == ["technique", "rank"]
    assert frame["rank"].tolist()[:3] == [1, 2, 3]
    assert frame["rank"].isna().tolist() == [False, False, False, True]
    assert [row["technique"] for row in ranking.to_dict()] == frame["technique"].tolist()
    assert "<table" in ranking._repr_html_()
    json.dumps(ranking.to_dict(), allow_nan=False)
