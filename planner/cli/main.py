"""The command `planner`: finds the command's module, runs it, and turns errors into exit codes."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from planner.cli import failures
from planner.cli.commands import COMMANDS
from planner.cli.parser import parse
from planner.errors import EnvironmentFailed, LimitHit, PlannerError

#: Set to see the traceback of what should not have happened.
TRACEBACK = "PLANNER_TRACEBACK"

STOPPED = 130


def run() -> NoReturn:
    """What the installed command calls: UTF-8 whatever the locale, then `main`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Nothing is raised."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        try:
            code = _command(words)
            sys.stdout.flush()
            return code
        except PlannerError as error:
            return _say(error, words)
        except KeyboardInterrupt:
            print("Stopped by Ctrl-C.", file=sys.stderr)
            return STOPPED
        except BrokenPipeError:
            raise
        except OSError as error:
            _silence(sys.stdout)
            return _say(_environment(error), words)
        except MemoryError as error:
            return _say(_too_large(error), words)
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            return _say(_bug(error), words)
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is left must not fail at exit.
        _silence(sys.stdout)
        return 0


def _command(words: Sequence[str]) -> int:
    asked = parse(words)
    if asked.text is not None:
        print(asked.text, end="")
        return 0
    module = importlib.import_module(COMMANDS[asked.command].module)
    code: int = module.run(asked.arguments)
    return code


def _say(error: PlannerError, words: Sequence[str]) -> int:
    """Print the error in the form that was asked for."""
    if "--json" in words:
        print(failures.as_json(error))
        sys.stdout.flush()
    else:
        print(failures.as_text(error), file=sys.stderr)
    return error.code


def _environment(error: OSError) -> EnvironmentFailed:
    reason = error.strerror or str(error) or type(error).__name__
    where = f"{error.filename}: " if error.filename else ""
    return EnvironmentFailed(f"{where}{reason}. Check the path, its permissions and the disk.")


def _too_large(error: MemoryError) -> LimitHit:
    what = next(iter(getattr(error, "__notes__", [])), "this")
    return LimitHit(
        f"The memory that the planner may use is too small for {what}. Use fewer techniques, "
        "levels, modes, worlds or samples, or a machine with more memory."
    )


def _bug(error: Exception) -> EnvironmentFailed:
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return EnvironmentFailed(
        f"This is a bug in the planner: {what}; run with {TRACEBACK}=1 to see where."
    )


def _silence(stream: object) -> None:
    """Let what is still buffered go nowhere, so that nothing is printed at exit."""
    try:
        if isinstance(stream, io.TextIOWrapper):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    except (OSError, ValueError):
        pass
