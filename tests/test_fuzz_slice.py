"""A slice of the fuzz campaign (`python -m tests.campaigns.fuzz`): spoilt scenarios, workbooks,
plans and command lines end with an exit code of the contract and a sentence, whatever was spoilt.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
pytest.importorskip("xlsxwriter", reason="workbooks need the extra xlsx")

from campaigns.fuzz import IN_MEMORY, judge
from fuzzing.held import NotHeld, held, shortcuts
from fuzzing.inputs import KINDS, spoilt
from scenario_files import write

from planner.cli.main import main


@pytest.mark.parametrize("first", range(1, 401, 100))
def test_no_spoilt_input_brings_a_traceback_a_hang_or_a_strange_exit_code(
    first: int, tmp_path: Path
) -> None:
    for seed in range(first, first + 100):
        given, code, found = judge(seed, tmp_path)
        assert not found, f"seed {seed}, {given.words}, exit code {code}"


def test_an_input_is_a_function_of_its_seed() -> None:
    assert [spoilt(seed) for seed in range(50)] == [spoilt(seed) for seed in range(50)]


def test_a_folder_held_in_memory_is_answered_as_one_on_a_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Nine tenths of the campaign run in memory: it must see what a user would.
    compared = 0
    for seed in range(120):
        given = spoilt(seed)
        if given.kind not in IN_MEMORY:
            continue
        folder = tmp_path / str(seed)
        folder.mkdir()
        words = [word.replace("{in}", str(folder)) for word in given.words]
        try:
            with shortcuts(), held(given.files):
                code = main(words)
        except NotHeld:
            capsys.readouterr()
            continue
        said = capsys.readouterr()
        write(folder, given.files)
        assert (main(words), capsys.readouterr()) == (code, said)
        compared += 1
    assert compared > 60


def test_every_kind_comes_twenty_thousand_times_in_a_million() -> None:
    assert sum(KINDS.values()) == 1000
    assert {kind for kind, share in KINDS.items() if share <= 20} == {"report"}
    kinds = {spoilt(seed).kind for seed in range(4000)}
    assert kinds >= KINDS.keys() - {"report"}


def test_inputs_are_spoilt_in_many_ways_and_some_not_at_all() -> None:
    # What is spoilt must differ, or a campaign of a million inputs tries one thing a million times.
    some = [spoilt(seed) for seed in range(2000)]
    assert len({repr(sorted(given.files.items())) for given in some}) > 1500
    commands = {given.command for given in some}
    assert commands >= {"check", "recommend", "verify", "import", "new"}
    assert {name.rpartition(".")[2] for given in some for name in given.files} >= {"xlsx", "json"}
    assert any(given.odd for given in some)
