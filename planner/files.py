"""Files that are whole or absent: written beside their place, flushed to disk, then renamed.

A process that is killed while it writes leaves a file `.NAME.PROCESS.….part`; the next write of
that name sweeps it away.
"""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from planner.errors import EnvironmentFailed


def make_folder(path: Path) -> Path:
    """The folder for output, made where it is not there yet."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise EnvironmentFailed(f"{path} is a file; name a folder with --out.") from None
    except (OSError, ValueError) as error:
        raise EnvironmentFailed(f"The folder {path} cannot be made: {_reason(error)}.") from error
    return path


def write_bytes(path: Path, data: bytes) -> Path:
    """Put the data into the file. Where that fails the old file stays as it was."""
    return write_pieces(path, (data,))


def write_pieces(path: Path, pieces: Iterable[bytes]) -> Path:
    """The same for data that comes piece by piece, and is never in memory as a whole."""
    try:
        handle, name = begin_beside(path)
    except OSError as error:
        raise EnvironmentFailed(f"{path} cannot be written: {_reason(error)}.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError):
            raise EnvironmentFailed(f"{path} cannot be written: {_reason(error)}.") from error
        raise
    _sync_folder(path.parent)
    return path


def write_text(path: Path, text: str) -> Path:
    """UTF-8 with plain line ends, on every system."""
    return write_bytes(path, text.encode("utf-8"))


def begin_beside(path: Path) -> tuple[int, str]:
    """A new file beside the path, open, to be renamed to it; what killed processes left of such
    files is removed. Raises OSError."""
    sweep_beside(path)
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}.", suffix=".part")


def sweep_beside(path: Path) -> None:
    """Remove what a killed process left of the same file; what a living one writes stays."""
    if os.name != "posix":  # pragma: no cover - elsewhere one cannot ask whether a process lives
        return
    with contextlib.suppress(OSError):
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.part*"):
            process = left.name[len(path.name) + 2 :].partition(".")[0]
            if process.isdigit() and not _lives(int(process)):
                left.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).rstrip(".")
