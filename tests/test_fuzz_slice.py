"""A slice of the fuzz campaign (`python -m tests.campaigns.fuzz`): spoilt scenarios and command
lines end with an exit code of the contract and a sentence, whatever was spoilt."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns.fuzz import faults
from fuzz_inputs import spoilt


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_no_spoilt_input_brings_a_traceback_a_hang_or_a_strange_exit_code(
    first: int, tmp_path: Path
) -> None:
    for seed in range(first, first + 100):
        folder = tmp_path / str(seed)
        folder.mkdir()
        code, found = faults(spoilt(seed), folder)
        assert not found, f"seed {seed}, exit code {code}"


def test_an_input_is_a_function_of_its_seed() -> None:
    assert [spoilt(seed) for seed in range(50)] == [spoilt(seed) for seed in range(50)]


def test_inputs_are_spoilt_in_many_ways_and_some_not_at_all() -> None:
    # What is spoilt must differ, or a campaign of a million inputs tries one thing a million times.
    some = [spoilt(seed) for seed in range(2000)]
    assert len({repr(sorted(given.files.items())) for given in some}) > 1500
    assert len({given.command for given in some}) == 5
