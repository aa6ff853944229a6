"""The scenarios that are open: the one of the command line, and what was uploaded."""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from planner.app.limits import FILES, SCENARIOS, UPLOAD_BYTES, check_size
from planner.errors import BadInput, Finding
from planner.scenario.digest import digest
from planner.scenario.notes import shown
from planner.scenario.read import MAIN_FILE, read
from planner.scenario.types import Scenario

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ()._-]{0,99}")
_TABLE = ".csv"
_ALONE = (".yaml", ".yml", ".xlsx")


class Shelf:
    """Scenarios by digest; the first one stays, of the others the latest used."""

    def __init__(self, first: Scenario | None = None) -> None:
        self.first = None if first is None else digest(first)
        self._lock = threading.Lock()
        self._found: OrderedDict[str, Scenario] = OrderedDict()
        if first is not None:
            check_size(first)
            self._found[digest(first)] = first

    def put(self, scenario: Scenario) -> str:
        """Its digest. LimitHit where it is larger than a page answers."""
        check_size(scenario)
        key = digest(scenario)
        with self._lock:
            self._found[key] = scenario
            self._found.move_to_end(key)
            while len(self._found) > SCENARIOS:
                self._found.pop(next(k for k in self._found if k != self.first))
        return key

    def get(self, key: str) -> Scenario | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found


def read_upload(files: object) -> Scenario:
    """The scenario in uploaded files, each `{"name": ..., "data": base64}`: one .yaml or workbook,
    or the files of a folder.

    They are read in an empty folder of their own, so that no name in them leads anywhere else.
    Raises BadInput with all findings.
    """
    contents = _contents(files)
    with tempfile.TemporaryDirectory(prefix="planner-") as name:
        folder = Path(name)
        for file, data in contents.items():
            (folder / file).write_bytes(data)
        return read(_main(folder, list(contents)))


def _main(folder: Path, names: Sequence[str]) -> Path:
    """What to read: the folder, or its one file that is a scenario by itself."""
    alone = [name for name in names if name.lower().endswith(_ALONE)]
    if MAIN_FILE in names:
        return folder if len(names) > 1 else folder / MAIN_FILE
    if len(alone) != 1:
        message = "None of these files is a scenario." if not alone else "These are two scenarios."
        cure = "Choose one .yaml file or workbook, or a scenario.yaml with its CSV files."
        raise BadInput.of([Finding("upload", None, None, message, cure)])
    return folder / alone[0]


def _contents(files: object) -> dict[str, bytes]:
    if not isinstance(files, list) or not 0 < len(files) <= FILES:
        raise _refused("upload", f"An upload is 1 to {FILES} files.", "Choose fewer files.")
    found: dict[str, bytes] = {}
    total = 0
    for file in files:
        name, data = _file(file)
        if not _NAME.fullmatch(name) or not name.lower().endswith((*_ALONE, _TABLE)):
            raise _refused(
                shown(name),
                "This is not the name of a .yaml, .csv or .xlsx file.",
                "Name it with letters, digits, - and _, such as scenario.yaml, in no folder.",
            )
        if name in found:
            raise _refused(shown(name), "Two files have this name.", "Choose one of them.")
        found[name] = data
        total += len(data)
    if total > UPLOAD_BYTES:
        raise _refused(
            "upload",
            f"The files hold {total:,} bytes; the page takes at most {UPLOAD_BYTES:,}.",
            "Start the page with the scenario instead: planner app SCENARIO.",
        )
    return found


def _file(file: Any) -> tuple[str, bytes]:
    if not isinstance(file, dict):
        raise _refused("upload", "A file has no name.", "Choose it again.")
    name, text = file.get("name"), file.get("data")
    if not isinstance(name, str) or not isinstance(text, str):
        raise _refused("upload", "A file has no name or no content.", "Choose it again.")
    try:
        return name, base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _refused(
            shown(name), "Its content did not arrive whole.", "Choose it again."
        ) from None


def _refused(file: str, message: str, cure: str) -> BadInput:
    return BadInput.of([Finding(file, None, None, message, cure)])
