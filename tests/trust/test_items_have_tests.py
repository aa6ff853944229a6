"""Every item of the lists in `items` names tests that are there."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import pytest
from items import CASES_IN, ITEMS, names_in, nodes

TESTS = Path(__file__).parents[1]


@lru_cache
def tree(file: str) -> ast.Module:
    return ast.parse((TESTS / file).read_text(encoding="utf-8"))


@lru_cache
def functions(file: str) -> frozenset[str]:
    return frozenset(node.name for node in tree(file).body if isinstance(node, ast.FunctionDef))


@lru_cache
def cases(file: str) -> frozenset[str]:
    """What a table of cases in the file calls them: the first of a tuple, or a key."""
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        firsts = node.elts[:1] if isinstance(node, ast.Tuple) else []
        firsts = list(node.keys) if isinstance(node, ast.Dict) else firsts
        found |= {
            first.value
            for first in firsts
            if isinstance(first, ast.Constant) and isinstance(first.value, str)
        }
    return frozenset(found)


def is_there(name: str) -> bool:
    """Whether a test, or a case of a table, has that name."""
    if name.endswith("]"):
        table, _, case = name[:-1].partition("[")
        return table in CASES_IN and case in cases(CASES_IN[table][0])
    file, _, function = name.partition("::")
    return (TESTS / file).is_file() and function in functions(file)


@pytest.mark.parametrize(
    ("list_", "item"), [(list_, item) for list_, items in ITEMS.items() for item in items]
)
def test_an_item_names_tests_that_are_there(list_: str, item: str) -> None:
    names = names_in(ITEMS[list_][item])
    assert [name for name in names if not is_there(name)] == []
    assert names != [""]
    assert len(set(names)) == len(names)


def test_a_name_that_leads_nowhere_is_noticed() -> None:
    for name in (
        "",
        "folder[nobody]",
        "shelf[an alias]",
        "test_plan.py",
        "test_plan.py::test_x",
        "x.py::test_x",
    ):
        assert not is_there(name)


def test_what_runs_the_cases_is_there_too() -> None:
    assert all(is_there(runner) for _, runners in CASES_IN.values() for runner in runners)
    assert all((TESTS.parent / node.partition("::")[0]).is_file() for node in nodes())
