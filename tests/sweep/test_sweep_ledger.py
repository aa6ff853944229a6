"""The ledger: nothing lost, nothing counted twice, damage noticed and mended, strangers refused."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
from pathlib import Path

import pytest

from planner.errors import BadInput, EnvironmentFailed
from planner.sweep import ledger as module
from planner.sweep.ledger import NAME, Identity, Ledger, SecondAnswer, status
from planner.sweep.outcomes import Answered, Failed, decode, encode

CASES = 400
IDENTITY = Identity("sha256:" + "5a" * 32, CASES, {"seed": 1, "draws": CASES})


def text(number: int) -> str:
    """What case `number` came to: its own number as the risk, every tenth a failure."""
    if number % 10 == 0:
        return encode(Failed("NoStack", f"no stack for case {number}"))
    return encode(Answered(("re", "ida"), "9", number / CASES, number / CASES, "enumerated", 0.0))


def records(*numbers: int) -> list[tuple[int, str]]:
    return [(number, text(number)) for number in numbers]


def opened(folder: Path, *, resume: bool = True, identity: Identity = IDENTITY) -> Ledger:
    return Ledger.open(folder, identity, resume=resume)


def full(folder: Path) -> Path:
    with opened(folder) as ledger:
        ledger.record(records(*range(CASES)))
    return folder / NAME


def numbers(gaps: list[range]) -> list[int]:
    return [number for gap in gaps for number in gap]


def test_what_is_recorded_is_there_after_closing_and_the_rest_is_unfinished(tmp_path):
    with opened(tmp_path, resume=False) as ledger:
        assert numbers(ledger.unfinished()) == list(range(CASES))
        ledger.record(records(0, 1, 7))
        ledger.record(records(399))
        ledger.record([])
    with opened(tmp_path) as ledger:
        assert ledger.note == ""
        assert list(ledger.records()) == records(0, 1, 7, 399)
        assert ledger.finished() == 4
        assert numbers(ledger.unfinished()) == sorted({*range(CASES)} - {0, 1, 7, 399})
        ledger.record(records(*range(CASES)))
        assert ledger.unfinished() == []
        assert list(ledger.records()) == records(*range(CASES))


def test_every_record_is_flushed_to_the_disk_before_it_counts(tmp_path):
    """SQLite's documentation: synchronous 3 (EXTRA) syncs the file and, with a rollback journal,
    the folder; 0 and 1 may lose or spoil records when the power fails."""
    with opened(tmp_path) as ledger:
        (level,) = ledger._connection.execute("PRAGMA synchronous").fetchone()
        (journal,) = ledger._connection.execute("PRAGMA journal_mode").fetchone()
    assert (level, journal) == (3, "delete")


def test_a_ledger_in_memory_is_one_too():
    with Ledger.in_memory(IDENTITY) as ledger:
        ledger.record(records(3))
        assert list(ledger.records()) == records(3)
        assert ledger.path is None


def test_a_second_answer_that_agrees_counts_once_and_one_that_differs_stops_everything(tmp_path):
    with opened(tmp_path) as ledger:
        ledger.record([*records(1, 2), *records(2)])
        ledger.record(records(1))
        assert ledger.finished() == 2
        with pytest.raises(SecondAnswer, match="Case 2 was answered twice, and the answers differ"):
            ledger.record([*records(3), (2, text(4))])
        # All or nothing: the record that came with it is not there either.
        assert list(ledger.records()) == records(1, 2)


def test_records_are_never_changed_nor_deleted(tmp_path):
    path = full(tmp_path)
    with sqlite3.connect(path) as connection:
        for statement in ("UPDATE record SET outcome = 'x'", "DELETE FROM record"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    connection.close()


def test_a_case_set_aside_is_named_and_tried_again_by_the_next_run(tmp_path):
    aside = encode(Failed("SetAside", "Every worker that took this case died over it."))
    with opened(tmp_path) as ledger:
        ledger.record(records(0, 2))
        ledger.set_aside(1, aside)
        assert list(ledger.records()) == [(0, text(0)), (1, aside), (2, text(2))]
        assert 1 in numbers(ledger.unfinished())
    assert status(tmp_path).set_aside == (1,)
    with opened(tmp_path) as ledger:
        assert list(ledger.records()) == records(0, 2)
        ledger.set_aside(1, aside)
        ledger.record(records(1))
        assert list(ledger.records()) == records(0, 1, 2)


def test_one_run_at_a_time_writes_and_the_earlier_one_stops(tmp_path):
    with opened(tmp_path) as first, opened(tmp_path) as second:
        with pytest.raises(EnvironmentFailed, match="Another run has taken"):
            first.record(records(1))
        second.record(records(2))
        assert list(first.records()) == records(2)


def test_a_folder_with_a_sweep_needs_resume(tmp_path):
    full(tmp_path)
    with pytest.raises(BadInput, match="holds a sweep already") as caught:
        opened(tmp_path, resume=False)
    assert "--resume" in caught.value.findings[0].cure


def test_an_empty_file_is_a_ledger_that_was_never_begun(tmp_path):
    (tmp_path / NAME).touch()
    with opened(tmp_path, resume=False) as ledger:
        assert ledger.finished() == 0


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (Identity("sha256:" + "77" * 32, CASES, {"seed": 2, "draws": CASES}), "differs in seed"),
        (Identity("sha256:" + "78" * 32, CASES, IDENTITY.about), "differs in its digest"),
    ],
)
def test_the_ledger_of_another_sweep_is_refused_and_left_as_it_is(tmp_path, other, what):
    path = full(tmp_path)
    before = path.read_bytes()
    with pytest.raises(BadInput, match=what):
        opened(tmp_path, identity=other)
    assert path.read_bytes() == before


def test_a_ledger_of_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FORMAT", 2)
    full(tmp_path)
    monkeypatch.setattr(module, "FORMAT", 1)
    with pytest.raises(BadInput, match="has format 2; this planner writes format 1"):
        opened(tmp_path)


@pytest.mark.parametrize("data", [b"not a database" * 100, b"SQLite format 3\0" + b"\0" * 5000])
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path, data):
    path = tmp_path / NAME
    path.write_bytes(data)
    with pytest.raises(BadInput, match="damaged beyond repair, or is no ledger"):
        opened(tmp_path)
    assert path.read_bytes() == data
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / NAME
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE pets (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(BadInput, match="no ledger of this sweep"):
        opened(tmp_path)
    assert path.read_bytes() == before


def spoil(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the ledger's back."""
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER record_stays")
        connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("UPDATE record SET outcome = ? WHERE number = 7", (text(8),)),
        ("UPDATE record SET number = ? WHERE number = 7", (1007,)),
        ("UPDATE record SET number = ? WHERE number = 7", (-7,)),
        ("UPDATE record SET outcome = ? WHERE number = 7", (b"\xff\xfe",)),
        ("UPDATE record SET outcome = ? WHERE number = 7", (7.5,)),
        ("UPDATE record SET checksum = ? WHERE number = 7", ("text",)),
        ("UPDATE record SET checksum = ? WHERE number = 7", (b"12345678",)),
    ],
)
def test_a_record_that_does_not_verify_is_dropped_and_its_case_done_again(
    tmp_path, statement, values
):
    spoil(full(tmp_path), statement, *values)
    assert status(tmp_path).damaged == 1
    assert status(tmp_path).finished == CASES - 1
    with opened(tmp_path) as ledger:
        assert "399 records verify and are kept" in ledger.note
        assert numbers(ledger.unfinished()) == [7]
        ledger.record(records(7))
        assert list(ledger.records()) == records(*range(CASES))
    with opened(tmp_path) as ledger:
        assert ledger.note == ""
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE header SET value = 'sha256:00' WHERE key = 'sweep'",
        "DELETE FROM header WHERE key = 'about'",
        "DROP TABLE header",
    ],
)
def test_a_header_that_does_not_verify_is_written_again(tmp_path, statement):
    spoil(full(tmp_path), statement)
    found = status(tmp_path)
    assert (found.damaged, found.cases) == (None, 0)
    with opened(tmp_path) as ledger:
        assert "400 records verify" in ledger.note
        assert list(ledger.records()) == records(*range(CASES))
    assert status(tmp_path).finished == CASES


def test_bytes_that_forbid_writing_or_ask_for_another_journal_are_damage(tmp_path):
    path = full(tmp_path)
    data = bytearray(path.read_bytes())
    data[18] = 3
    path.write_bytes(data)
    with opened(tmp_path) as ledger:
        assert "400 records verify" in ledger.note
        ledger.record(records(1))


def test_whatever_byte_is_torn_no_wrong_record_survives(tmp_path):
    """Cut or flip the file at random places: each time it is mended or refused, and what is kept
    is exactly what was written."""
    path = full(tmp_path)
    whole = path.read_bytes()
    rng = random.Random(11)
    every = set(records(*range(CASES)))
    kept = mended = 0
    refused: list[str] = []
    for trial in range(24):
        at = rng.randrange(len(whole))
        torn = whole[:at] if trial % 3 == 0 else bytearray(whole)
        if trial % 3:
            torn[at : at + rng.choice([1, 1, 512])] = rng.randbytes(1)
        path.write_bytes(torn)
        try:
            with opened(tmp_path) as ledger:
                found = set(ledger.records())
                assert found <= every
                ledger.record(sorted(every - found))
                assert set(ledger.records()) == every
                assert ledger.unfinished() == []
                mended += bool(ledger.note)
                kept += len(found)
        except BadInput as error:
            refused.append(str(error))
        assert {p.name for p in tmp_path.iterdir()} == {NAME}
    assert all("damaged beyond repair" in reason for reason in refused)
    assert mended >= 8
    assert kept > 10 * CASES


def test_a_disk_that_is_full_is_said_and_nothing_is_lost(tmp_path):
    with opened(tmp_path) as ledger:
        ledger.record(records(1, 2))
        (pages,) = ledger._connection.execute("PRAGMA page_count").fetchone()
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(EnvironmentFailed, match=r"full.*--resume"):
            ledger.record(records(*range(3, CASES)))
        assert list(ledger.records()) == records(1, 2)
    with opened(tmp_path) as ledger:
        ledger.record(records(*range(CASES)))
        assert ledger.unfinished() == []


def test_a_disk_that_is_full_while_a_damaged_ledger_is_mended_leaves_it_as_it_is(
    tmp_path, monkeypatch
):
    path = full(tmp_path)
    spoil(path, "UPDATE record SET outcome = 'x' WHERE number = 7")
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "replace", full_disk)
        with pytest.raises(EnvironmentFailed, match="No space left on device"):
            opened(tmp_path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


def test_what_a_run_left_that_was_killed_while_it_mended_is_removed(tmp_path):
    """No process has the number 4194305: Linux counts to 2^22."""
    path = full(tmp_path)
    for name in (".ledger.sqlite.4194305.x.part", ".ledger.sqlite.4194305.x.part-journal"):
        (tmp_path / name).touch()
    with opened(tmp_path) as ledger:
        assert ledger.finished() == CASES
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into any folder")
def test_a_folder_that_is_not_writable_is_said(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(EnvironmentFailed, match="cannot be used"):
        opened(tmp_path)


def test_a_ledger_that_cannot_be_opened_is_said(tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(EnvironmentFailed, match="cannot be used"):
        opened(tmp_path)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(EnvironmentFailed, match="cannot be used: Not a directory"):
        opened(file)


def test_a_ledger_that_somebody_locks_is_said_and_is_no_damage(tmp_path, monkeypatch):
    path = full(tmp_path)
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(EnvironmentFailed, match="locked"):
        opened(tmp_path)
    with pytest.raises(EnvironmentFailed, match="locked"):
        status(tmp_path)
    other.execute("ROLLBACK")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(EnvironmentFailed, match="locked"):
        opened(tmp_path)
    other.close()
    with opened(tmp_path) as ledger:
        assert ledger.finished() == CASES


def test_a_lock_while_a_damaged_ledger_is_read_is_no_damage_either(tmp_path, monkeypatch):
    path = full(tmp_path)
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    reader = module._connect(str(path))
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        list(module._salvaged(reader, IDENTITY))
    reader.close()
    other.close()


def test_the_status_counts_what_is_there(tmp_path):
    with pytest.raises(BadInput, match="holds no sweep"):
        status(tmp_path)
    with opened(tmp_path) as ledger:
        ledger.record(records(*range(100)))
    found = status(tmp_path)
    assert (found.cases, found.finished, found.failed, found.damaged) == (CASES, 100, 10, 0)
    assert found.about == IDENTITY.about
    (tmp_path / NAME).write_bytes(b"torn")
    assert status(tmp_path).damaged is None


def test_outcomes_survive_their_text():
    for outcome in (
        Answered((), "0", 1.0, None, "bounded", None),
        Answered(("a", "b:half"), "12.5", 5e-324, 0.1 + 0.2, "certified", 1e-17),
        Failed("NoStack", 'quotes " and \u2028 and =cmd'),
    ):
        assert decode(encode(outcome)) == outcome
    for wrong in ("{}", "[1]", "[1,2,3]"):
        with pytest.raises(ValueError, match="no outcome"):
            decode(wrong)
