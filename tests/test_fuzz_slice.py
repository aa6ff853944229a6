"""A slice of the fuzz campaign (`python -m tests.campaigns.fuzz`): spoilt scenarios, workbooks,
plans and command lines end with an exit code of the contract and a sentence, whatever was spoilt.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")

from campaigns.fuzz import judge
from fuzzing.inputs import spoilt


@pytest.mark.parametrize("first", range(1, 401, 100))
def test_no_spoilt_input_brings_a_traceback_a_hang_or_a_strange_exit_code(
    first: int, tmp_path: Path
) -> None:
    for seed in range(first, first + 100):
        given, code, found = judge(seed, tmp_path)
        assert not found, f"seed {seed}, {given.words}, exit code {code}"


def test_an_input_is_a_function_of_its_seed() -> None:
    assert [spoilt(seed) for seed in range(50)] == [spoilt(seed) for seed in range(50)]


def test_inputs_are_spoilt_in_many_ways_and_some_not_at_all() -> None:
    # What is spoilt must differ, or a campaign of a million inputs tries one thing a million times.
    some = [spoilt(seed) for seed in range(2000)]
    assert len({repr(sorted(given.files.items())) for given in some}) > 1500
    commands = {given.command for given in some}
    assert commands >= {"check", "recommend", "verify", "import", "new"}
    assert {name.rpartition(".")[2] for given in some for name in given.files} >= {"xlsx", "json"}
    assert any(given.odd for given in some)
