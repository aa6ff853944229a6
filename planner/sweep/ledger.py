"""The ledger of a sweep: every finished case, once, in one SQLite file that only the driver writes.

Records are append-only (the file itself refuses changes to them) and carry a checksum keyed by the
sweep's digest and the case's number, so that a record that was damaged, or belongs to another
sweep, is never taken for one of this sweep. A commit is on the disk when it returns
(synchronous=EXTRA with a rollback journal, which also works on network folders, where a
write-ahead log would not).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.errors import BadInput, EnvironmentFailed
from planner.files import begin_beside, sweep_beside
from planner.sweep.outcomes import Failed, decode

#: Version of this format.
FORMAT = 1
#: Name of the file inside the folder of `--out`.
NAME = "ledger.sqlite"

#: Seconds to wait for somebody who reads the ledger just now.
PATIENCE = 60.0
#: Cases that are read at a time from a damaged ledger.
LARGEST_SPAN = 4096

_SCHEMA = (
    """CREATE TABLE header (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE owner (place INTEGER PRIMARY KEY CHECK (place = 1), token TEXT NOT NULL)""",
    """CREATE TABLE record
       (number INTEGER PRIMARY KEY, outcome TEXT NOT NULL, checksum BLOB NOT NULL)""",
    """CREATE TABLE aside
       (number INTEGER PRIMARY KEY, outcome TEXT NOT NULL, checksum BLOB NOT NULL)""",
    """CREATE TRIGGER record_stays BEFORE UPDATE ON record
       BEGIN SELECT RAISE(ABORT, 'records are append-only'); END""",
    """CREATE TRIGGER record_kept BEFORE DELETE ON record
       BEGIN SELECT RAISE(ABORT, 'records are append-only'); END""",
)

#: A case's number, and its canonical text.
Record = tuple[int, str]


@dataclass(frozen=True)
class Identity:
    """Which sweep a ledger belongs to: its digest, how many cases, and what it is made of."""

    digest: str
    cases: int
    about: dict[str, Any]

    def header(self) -> dict[str, str]:
        about = json.dumps(self.about, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return {
            "format": str(FORMAT),
            "sweep": self.digest,
            "cases": str(self.cases),
            "about": about,
        }


@dataclass(frozen=True)
class Status:
    """How far a sweep is: counts of cases, the numbers of those set aside, what it is made of.

    `damaged` counts records that do not verify, or is None where the file as a whole is damaged.
    """

    cases: int
    finished: int
    failed: int
    set_aside: tuple[int, ...]
    damaged: int | None
    about: dict[str, Any]


class SecondAnswer(EnvironmentFailed):
    """A case was answered twice, and the answers differ: nothing here can be trusted."""


class _Damaged(Exception):
    """The file is a ledger that was written badly or torn; what verifies can be kept."""


class Ledger:
    """An open ledger. `note` is a sentence about what had to be mended, or empty."""

    def __init__(self, connection: sqlite3.Connection, identity: Identity, path: Path | None):
        self.identity = identity
        self.path = path
        self.note = ""
        self._connection = connection
        self._token = secrets.token_hex(8)

    @classmethod
    def in_memory(cls, identity: Identity) -> Ledger:
        """A ledger that is gone with the process."""
        connection = _connect(":memory:")
        _prepare(connection)
        _create(connection, identity)
        ledger = cls(connection, identity, None)
        ledger._take()
        return ledger

    @classmethod
    def open(cls, folder: Path, identity: Identity, *, resume: bool) -> Ledger:
        """The ledger of the folder, new or (with `resume`) gone on with.

        Raises BadInput where there is one already and `resume` is not set, or where it belongs to
        another sweep; EnvironmentFailed where it cannot be read or written.
        """
        path = folder / NAME
        if _is_there(path) and not resume:
            raise BadInput.option(
                "--out",
                f"{folder} holds a sweep already.",
                "Add --resume to go on with it, or name another folder.",
            )
        with _told(path):
            sweep_beside(path)  # what a run left that was killed while it mended this ledger
            return cls._opened(path, identity)

    @classmethod
    def _opened(cls, path: Path, identity: Identity) -> Ledger:
        note = ""
        try:
            connection = _connect(str(path))
            try:
                _prepare(connection)
                if _is_empty(connection):
                    _create(connection, identity)
                else:
                    _check_identity(connection, identity, path)
                    _check_whole(connection, identity, path)
            except BaseException:
                connection.close()
                raise
        except (_Damaged, sqlite3.DatabaseError) as damage:
            if not _is_damage(damage):
                raise
            note = _mend(path, identity)
            connection = _connect(str(path))
            _prepare(connection)
        ledger = cls(connection, identity, path)
        ledger.note = note
        try:
            ledger._take()
        except BaseException:
            connection.close()
            raise
        return ledger

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(self, records: Sequence[Record]) -> None:
        """Put finished cases on the disk, in one step.

        A case that is there already with the same text counts once. Raises SecondAnswer where it
        is there with another one, and EnvironmentFailed where the disk is full or another run has
        taken the ledger over; then none of these records is written.
        """
        self._write("record", records)

    def set_aside(self, number: int, outcome: str) -> None:
        """Name a case that is given up for this run; a later one tries it again."""
        self._write("aside", [(number, outcome)])

    def unfinished(self) -> list[range]:
        """Numbers of the cases without a record, as ranges in order."""
        gaps, expected = [], 0
        for (number,) in self._connection.execute("SELECT number FROM record ORDER BY number"):
            if number > expected:
                gaps.append(range(expected, number))
            expected = number + 1
        if expected < self.identity.cases:
            gaps.append(range(expected, self.identity.cases))
        return gaps

    def finished(self) -> int:
        """How many cases have a record."""
        (count,) = self._connection.execute("SELECT count(*) FROM record").fetchone()
        return int(count)

    def records(self) -> Iterator[Record]:
        """Every case in order: its record, or what it was set aside with. Nothing for the rest."""
        yield from self._connection.execute(
            "SELECT number, outcome FROM record UNION ALL "
            "SELECT number, outcome FROM aside WHERE number NOT IN (SELECT number FROM record) "
            "ORDER BY number"
        )

    def _take(self) -> None:
        """From now on this run writes, and no other one; what was set aside is tried again."""
        with _transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO owner VALUES (1, ?)", (self._token,))
            self._connection.execute("DELETE FROM aside")

    def _write(self, table: str, records: Sequence[Record]) -> None:
        with _told(self.path), _transaction(self._connection):
            owner = self._connection.execute("SELECT token FROM owner").fetchone()
            if owner != (self._token,):
                raise EnvironmentFailed(
                    f"Another run has taken {self.path} over; this one stops. "
                    "Let one run at a time write into a folder."
                )
            before = self._connection.total_changes
            self._connection.executemany(
                f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?)",
                ((n, text, _checksum(self.identity, n, text.encode())) for n, text in records),
            )
            if self._connection.total_changes - before < len(records):
                self._compare(table, records)

    def _compare(self, table: str, records: Iterable[Record]) -> None:
        """Some were there already: they must say the same."""
        for number, text in records:
            (kept,) = self._connection.execute(
                f"SELECT outcome FROM {table} WHERE number = ?", (number,)
            ).fetchone()
            if kept != text:
                raise SecondAnswer(
                    f"Case {number:,} was answered twice, and the answers differ: {kept[:200]} and "
                    f"then {text[:200]}. The same case must give the same answer everywhere; the "
                    "workers may differ in their versions or their machines. Nothing more is "
                    "written."
                )


def status(folder: Path) -> Status:
    """How far the sweep in a folder is; nothing is changed.

    Raises BadInput where the folder holds no sweep, EnvironmentFailed where the ledger cannot be
    read at all.
    """
    path = folder / NAME
    if not _is_there(path):
        raise BadInput.option(
            "--out",
            f"{folder} holds no sweep.",
            f"Name the --out folder of a sweep: it has a {NAME}.",
        )
    with _told(path), closing(_connect(str(path))) as connection:
        try:
            identity = _stored_identity(connection)
            finished = damaged = failed = 0
            for number, text, check in connection.execute(_ALL):
                if _verifies(identity, number, text, check):
                    finished += 1
                    failed += isinstance(decode(text.decode()), Failed)
                else:
                    damaged += 1
            aside = connection.execute("SELECT number FROM aside ORDER BY number").fetchall()
        except (_Damaged, sqlite3.DatabaseError) as error:
            if not _is_damage(error):
                raise
            return Status(0, 0, 0, (), None, {})
    numbers = tuple(number for (number,) in aside)
    return Status(identity.cases, finished, failed, numbers, damaged, identity.about)


# The file.

_ALL = "SELECT number, CAST(outcome AS BLOB), checksum FROM record"
_SPAN = f"{_ALL} WHERE number BETWEEN ? AND ?"


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=PATIENCE, isolation_level=None)


def _prepare(connection: sqlite3.Connection) -> None:
    """Every commit is on the disk when it returns; damage is looked for."""
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA cell_size_check = ON")


def _is_there(path: Path) -> bool:
    """A file of no bytes is what is left of a ledger that was never begun."""
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failed(path, error.strerror or str(error)) from error


def _is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(tables == 0)


def _create(connection: sqlite3.Connection, identity: Identity) -> None:
    """The tables and the header, in one step."""
    with _transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)
        header = identity.header()
        header["check"] = _header_check(header)
        connection.executemany("INSERT INTO header VALUES (?, ?)", header.items())


def _header_check(header: dict[str, str]) -> str:
    text = json.dumps([header.get(key) for key in ("format", "sweep", "cases", "about")])
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def _stored_identity(connection: sqlite3.Connection) -> Identity:
    """What the header says; _Damaged where it does not verify."""
    header = dict(connection.execute("SELECT key, value FROM header").fetchall())
    if header.get("check") != _header_check(header):
        raise _Damaged
    if header["format"] != str(FORMAT):
        raise BadInput.option(
            "--out",
            f"The ledger has format {header['format']}; this planner writes format {FORMAT}.",
            "Go on with the planner that began it, or name another folder.",
        )
    return Identity(header["sweep"], int(header["cases"]), json.loads(header["about"]))


def _check_identity(connection: sqlite3.Connection, identity: Identity, path: Path) -> None:
    """Raises BadInput where the ledger belongs to another sweep, saying in what they differ."""
    stored = _stored_identity(connection)
    if stored.digest == identity.digest:
        return
    keys = sorted({*stored.about, *identity.about})
    differ = [key for key in keys if stored.about.get(key) != identity.about.get(key)]
    raise BadInput.option(
        "--resume",
        f"{path} belongs to another sweep: it differs in {', '.join(differ) or 'its digest'}.",
        "Repeat the scenario and the options with which it was begun, or name another folder.",
    )


def _check_whole(connection: sqlite3.Connection, identity: Identity, path: Path) -> None:
    """Raises _Damaged where a page or a record does not verify."""
    with path.open("rb") as file:
        versions = file.read(20)[18:]
    if versions != b"\x01\x01":  # the bytes that say how the file may be written
        raise _Damaged
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise _Damaged
    for number, text, check in connection.execute(_ALL):
        if not _verifies(identity, number, text, check):
            raise _Damaged


def _verifies(identity: Identity, number: object, text: object, check: object) -> bool:
    if not isinstance(number, int) or not isinstance(text, bytes):
        return False
    return 0 <= number < identity.cases and check == _checksum(identity, number, text)


def _checksum(identity: Identity, number: int, text: bytes) -> bytes:
    """Eight bytes that bind an outcome to its case and to its sweep."""
    key = identity.digest.encode("ascii")[-64:]
    return hashlib.blake2b(b"%d:%b" % (number, text), digest_size=8, key=key).digest()


def _mend(path: Path, identity: Identity) -> str:
    """Put a new ledger with every record that verifies in the place of a damaged one.

    A record verifies only under the sweep's own digest, so that nothing of another sweep comes
    in. Raises BadInput where no record does: then it may be no ledger at all.
    """
    handle, name = begin_beside(path)
    os.close(handle)
    try:
        kept = 0
        with closing(_connect(str(path))) as old, closing(_connect(name)) as new:
            _prepare(new)
            _create(new, identity)
            with _transaction(new):
                for records in _salvaged(old, identity):
                    new.executemany("INSERT OR IGNORE INTO record VALUES (?, ?, ?)", records)
                    kept += len(records)
        if not kept:
            raise BadInput.option(
                "--resume",
                f"{path} is damaged beyond repair, or is no ledger of this sweep.",
                "Move it away to start again, or name another folder.",
            )
        with suppress(FileNotFoundError):
            os.unlink(f"{path}-journal")  # it belongs to the damaged file
        os.chmod(name, path.stat().st_mode & 0o777)
        os.replace(name, path)
    except BaseException:
        for left in (name, f"{name}-journal"):
            with suppress(OSError):
                os.unlink(left)
        raise
    return (
        f"The ledger was damaged: {kept:,} records verify and are kept; "
        "the other cases are computed again."
    )


def _salvaged(old: sqlite3.Connection, identity: Identity) -> Iterator[list[tuple[object, ...]]]:
    """What can be read of a damaged ledger, in pieces; a span that cannot is halved."""
    spans = [range(at, at + LARGEST_SPAN) for at in range(0, identity.cases, LARGEST_SPAN)][::-1]
    while spans:
        span = spans.pop()
        try:
            rows = old.execute(_SPAN, (span.start, span.stop - 1)).fetchall()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            half = len(span) // 2
            if half:
                spans += [span[half:], span[:half]]
            continue
        yield [
            (n, text.decode(), check)
            for n, text, check in rows
            if _verifies(identity, n, text, check)
        ]


def _is_damage(error: Exception) -> bool:
    """Whether the file is to blame, and not the disk, a lock or the permissions."""
    if isinstance(error, _Damaged):
        return True
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; the lock is taken at once, so that nobody writes in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _told(path: Path | None) -> Iterator[None]:
    """Trouble with the file as a sentence that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _failed(path, str(error)) from error
    except OSError as error:
        raise _failed(path, error.strerror or str(error)) from error


def _failed(path: Path | None, reason: str) -> EnvironmentFailed:
    return EnvironmentFailed(
        f"The ledger {path or 'in memory'} cannot be used: {reason}. What it holds is kept. "
        "See to the disk and the permissions, then go on with --resume."
    )
