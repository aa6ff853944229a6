"""Rules as integer rows: what a stack may cost and hold, exactly."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from factory import scenario
from scenario_files import MAIN, base, write

from planner.errors import BadInput
from planner.plan import Question, recommend
from planner.program.build import lock
from planner.program.types import Program, Row
from planner.scenario.read import read
from planner.scenario.types import AtMost, Choice, Limit, Rules, Scenario
from planner.scenario.values import Uniform, Value, number

HALF_EVEN = Uniform(Decimal("2"), Decimal("3.25"))  # mean 2.625


def three(rules: Rules | None = None, **more: Any) -> Scenario:
    """t01 for 1.00, t02 at two levels for 2.00 and 3.50, t03 for nothing."""
    given: dict[str, Any] = {
        "failure": [["0.5"], ["0.25"], ["0.125"]],
        "weights": [1],
        "costs": ["1.00", 0, "0"],
        "levels": [None, {"half": "2.00", "full": "3.50"}, None],
        "decimals": 2,
        "budget": "4.50",
    }
    return scenario(rules=rules, **(given | more))


def program(given: Scenario, budget: int | None = None) -> Program:
    return Question.of(given).program(budget)


def only(where: str, rules: Rules, **more: Any) -> Row:
    (row,) = (row for row in program(three(rules, **more)).rows if row.where == where)
    return row


def sides(row: Row) -> tuple[dict[int, int], int | None, int | None]:
    return dict(zip(row.indices, row.coefficients, strict=True)), row.lower, row.upper


# Columns: 0 is t01, 1 is t02:full, 2 is t02:half, 3 is t03.


def test_the_budget_is_a_row_of_costs_that_leaves_out_what_is_free() -> None:
    (row,) = (row for row in program(three(), 450).rows if row.where == "budget")
    assert sides(row) == ({0: 100, 1: 350, 2: 200}, None, 450)
    assert row.rule == "budget 4.5 USD"
    assert (row.money, row.decimals, row.unit) == (True, 2, "USD")
    assert row.holds([0, 1])
    assert not row.holds([0, 1, 2])
    assert row.activity([0, 2, 3]) == 300
    assert all(row.where != "budget" for row in program(three()).rows)


@pytest.mark.parametrize(
    ("where", "rules", "expected", "words"),
    [
        ("levels", Rules(), ({1: 1, 2: 1}, None, 1), "one level of t02"),
        ("rules.fund", Rules(fund=(Choice("t02"),)), ({1: 1, 2: 1}, 1, None), "fund t02"),
        (
            "rules.fund",
            Rules(fund=(Choice("t02", "half"),)),
            ({2: 1}, 1, None),
            "fund t02:half",
        ),
        ("rules.exclude", Rules(exclude=(Choice("t01"),)), ({0: 1}, None, 0), "exclude t01"),
        (
            "rules.requires",
            Rules(requires=((Choice("t01"), (Choice("t02", "full"),)),)),
            ({0: 1, 1: -1}, None, 0),
            "t01 requires t02:full",
        ),
        (
            "rules.at_most",
            Rules(at_most=(AtMost(("t01", "t02"), 1),)),
            ({0: 1, 1: 1, 2: 1}, None, 1),
            "at most 1 of t01, t02",
        ),
        (
            "rules.limits",
            Rules(limits=(Limit("cost", None, number("1.25"), number("3")),)),
            ({0: 100, 1: 350, 2: 200}, 125, 300),
            "cost at least 1.25 at most 3",
        ),
        # Some techniques alone; the mean of a distribution, 2.625, is a tie: to the even cent.
        (
            "rules.limits",
            Rules(limits=(Limit("cost", ("t02",), None, HALF_EVEN),)),
            ({1: 350, 2: 200}, None, 262),
            "cost of t02 at most {uniform: [2, 3.25]}",
        ),
    ],
)
def test_each_rule_is_a_row(
    where: str,
    rules: Rules,
    expected: tuple[dict[int, int], int | None, int | None],
    words: str,
) -> None:
    row = only(where, rules)
    assert sides(row) == expected
    assert row.rule == words
    # counts are whole; money is in cents
    assert (row.money, row.decimals) == ((True, 2) if "cost" in words else (False, 0))


def test_a_limit_on_an_attribute_counts_in_the_finest_decimals_of_its_numbers() -> None:
    staff = {"staff": ["1.5", "0.25", "-2"]}
    row = only(
        "rules.limits",
        Rules(limits=(Limit("staff", None, None, number("3.125")),)),
        attributes=staff,
    )
    # thousandths; both levels of t02 count as t02 does
    assert sides(row) == ({0: 1500, 1: 250, 2: 250, 3: -2000}, None, 3125)
    assert (row.money, row.decimals, row.unit) == (False, 3, "staff")
    row = only("rules.limits", Rules(limits=(Limit("staff", None, number("1"), None),)))
    # an attribute that no technique has
    assert sides(row) == ({}, 1, None)


@pytest.mark.parametrize(
    ("lower", "upper", "held"),
    [
        (3, None, (3, 5)),
        (None, 3, (0, 2, 3)),
        (2, 3, (2, 3)),
        (3, 3, (3,)),
        (None, None, (0, 2, 3, 5)),
    ],
)
def test_a_row_holds_from_its_lower_to_its_upper_bound_both_within(
    lower: int | None, upper: int | None, held: tuple[int, ...]
) -> None:
    # the four stacks of two columns, of 2 and 3: the sums are 0, 2, 3 and 5
    row = Row((0, 1), (2, 3), lower, upper, "x", "y")
    sums = {0: [], 2: [0], 3: [1], 5: [0, 1]}
    assert tuple(total for total, stack in sums.items() if row.holds(stack)) == held


def test_rows_are_exact_whatever_the_precision_of_the_caller() -> None:
    # A program that imports the planner may have set the decimal module to a few digits.
    rules = Rules(limits=(Limit("staff", None, None, number("98765.4321")),))
    given = three(rules, attributes={"staff": ["12345.6789", "0.25", "-2"]})
    with localcontext() as context:
        context.prec = 3
        (row,) = (row for row in program(given).rows if row.where == "rules.limits")
    assert sides(row) == ({0: 123456789, 1: 2500, 2: 2500, 3: -20000}, None, 987654321)


@pytest.mark.parametrize(
    "bound",
    [
        number("1e25"),
        Uniform(Decimal("1e25"), Decimal("2e25")),
        number("-1e25"),
        # 38 nines: one unit of the 38th decimal short of 1
        number("0." + "9" * 38),
    ],
)
def test_what_cannot_be_summed_exactly_is_refused_and_never_rounded(bound: Value) -> None:
    rules = Rules(limits=(Limit("staff", None, None, bound),))
    with pytest.raises(BadInput, match="too large or too fine to be summed exactly"):
        program(three(rules, attributes={"staff": [1, 1, 1]}))


def test_sums_may_reach_the_largest_amount_and_not_one_unit_more() -> None:
    rules = Rules(limits=(Limit("staff", ("t01",), None, number("1")),))
    most = 2**52 - 1
    assert only("rules.limits", rules, attributes={"staff": [most, 0, 0]}).upper == 1
    with pytest.raises(BadInput, match=r"'staff of t01 at most 1' are too large"):
        program(three(rules, attributes={"staff": [most + 1, 0, 0]}))
    # a bound of nothing takes no room
    none = Rules(limits=(Limit("staff", ("t01",), None, number("0")),))
    assert only("rules.limits", none, attributes={"staff": [2**52, 0, 0]}).upper == 0
    with pytest.raises(BadInput, match=r"'staff of t01 at most 0' are too large"):
        program(three(none, attributes={"staff": [2**52 + 1, 0, 0]}))


def test_what_others_pay_for_is_not_for_sale_and_meets_what_it_is_needed_for() -> None:
    rules = Rules(
        fund=(Choice("t02"),),
        requires=((Choice("t01"), (Choice("t02"), Choice("t03"))),),
        limits=(Limit("cost", None, None, number("1")),),
    )
    found = program(three(rules, committed=["t02"]), 450)
    assert found.labels == ("t01", "t03")
    assert found.cost == (100, 0)
    assert [row.rule for row in found.rows] == [
        "t01 requires t03",
        "cost at most 1",
        "budget 4.5 USD",
    ]
    assert sides(found.rows[0]) == ({0: 1, 1: -1}, None, 0)


def test_a_technique_is_locked_in_or_out_whatever_its_level() -> None:
    found = program(three())
    assert sides(lock(found, 1, inside=True)) == ({1: 1, 2: 1}, 1, None)
    assert sides(lock(found, 1, inside=False)) == ({1: 1, 2: 1}, None, 0)


def test_a_program_of_some_columns_keeps_costs_and_rows() -> None:
    part = program(three(), 450).only([3, 1])
    assert part.labels == ("t03", "t02:full")
    assert part.cost == (0, 350)
    assert [sides(row) for row in part.rows] == [({1: 1}, None, 1), ({1: 350}, None, 450)]
    assert part.stack_cost([0, 1]) == 350
    assert not part.with_rows([Row((0,), (1,), 1, None, "x", "y")]).holds([1])
    assert part.with_rows(()) is part


def test_rules_know_where_they_stand_and_a_changed_budget_does_not(tmp_path: Any) -> None:
    given = read(write(tmp_path, base(main=MAIN + "rules: {exclude: [a]}\n")))
    question = Question.of(given)
    rows = {row.where: row for row in question.program(300).rows}
    assert rows["budget"].place is not None
    assert (rows["budget"].place.file, rows["budget"].place.row) == ("scenario.yaml", 3)
    assert rows["rules.exclude"].place is not None
    assert rows["rules.exclude"].place.row == 7
    assert [r.place for r in question.program(301).rows if r.where == "budget"] == [None]


def test_ties_go_to_the_cheaper_then_the_smaller_then_the_first_by_name() -> None:
    # Every stack leaves the same: a technique that never helps, at the same cost or for nothing.
    given = scenario(
        failure=[["1"], ["1"], ["0.5"], ["0.5"]],
        weights=[1],
        ids=["a", "b", "d", "c"],
        costs=["0", "0", "1.00", "1.00"],
        budget="1.00",
        decimals=2,
    )
    assert recommend(given).stack == ("c",)
    found = program(given)
    assert found.tie_key([0, 2]) == (100, 2, ("a", "c"))
    assert found.tie_key([2]) < found.tie_key([0, 2])


def test_rows_as_arrays_are_the_same_rows() -> None:
    rules = Rules(limits=(Limit("cost", None, number("1"), None),))
    matrix, lower, upper = program(three(rules), 450).dense_rows
    none = 2**63 - 1
    # one level of t02; the limit; the budget
    assert matrix.tolist() == [[0, 1, 1, 0], [100, 350, 200, 0], [100, 350, 200, 0]]
    assert lower.tolist() == [-none, 100, -none]
    assert upper.tolist() == [1, none, 450]


def test_what_some_worlds_cost_with_nothing_bought_is_exact() -> None:
    given = scenario(failure=[["0.5", "0.5"]], weights=["0.25", "0.75"], loss=[1, 4], budget=1)
    found = program(given)
    nobody, second = np.array([False, False]), np.array([False, True])
    assert found.exact_constant(nobody) == 0
    assert found.exact_constant(second) == 3  # 3/4 of 4


def test_a_target_is_met_up_to_a_trillionth_of_it() -> None:
    found = Question.of(three()).program(None, 0.25)
    assert found.target_limit == Fraction(1, 4) + Fraction(1, 4 * 10**12)
    assert program(three()).target_limit is None


@pytest.mark.parametrize(
    "text", ["cvar:1e-30000000", "cvar:", "cvar:.", "cvar:1", "cvar:-0.5", "cvar:0x1"]
)
def test_a_share_is_a_plain_decimal_below_1(text: str) -> None:
    # 1e-30000000 would be written out with thirty million digits
    with pytest.raises(BadInput, match="needs a share from 0 to below 1"):
        Question.of(three(), text)


def test_a_small_share_is_named_as_a_plain_decimal() -> None:
    assert Question.of(three(), "cvar:0.0000001").objective == "cvar:0.0000001"


def test_quick_values_are_those_of_the_expectation_alone() -> None:
    given = scenario(failure=[["0.5", "0.25"]], weights=["0.5", "0.5"], loss=[1, 4], budget=1)
    expected = Question.of(given).program(100)
    tail = Question.of(given, "cvar:0.5").program(100)
    # 1/2 * 1/2 + 1/2 * 4 * 1/4; the worse half is either world whole: 1 of the second
    assert expected.nearest_value([0]) == 0.75
    assert tail.nearest_value([0]) == 1.0
    assert (tail.quick_value([0]), tail.close_value([0])) == (None, None)
    close = expected.close_value([0])
    assert close is not None
    assert close.rounded() == 0.75
