"""`planner app`: the what-if page in a browser, on this machine."""

from __future__ import annotations

import importlib.util
import sys
from argparse import Namespace

from planner.cli.failures import as_line
from planner.cli.options import Reader
from planner.errors import MissingExtra
from planner.report.screen import print_json
from planner.scenario.numbers import parse_whole
from planner.scenario.read import read

#: Where the page is found unless another port is asked for.
PORT = 8321
LARGEST_PORT = 65_535


def run(arguments: Namespace) -> int:
    reader = Reader(arguments)
    port = reader.read("--port", lambda text: parse_whole(text, 0, LARGEST_PORT), PORT)
    reader.check()
    _check_installed()
    scenario = None if arguments.scenario is None else read(arguments.scenario)
    for warning in () if scenario is None else scenario.warnings:
        print(f"Note: {as_line(warning)}", file=sys.stderr)
    # What the page needs is an extra, and loads when it is there.
    from planner.app.serve import serve

    def say(url: str) -> None:
        if arguments.json:
            print_json({"url": url})
        else:
            print(f"The page is at {url}\nStop it with Ctrl-C.", flush=True)
        sys.stdout.flush()

    serve(scenario, port, not arguments.no_browser, say)
    return 0


def _check_installed() -> None:
    missing = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"The page needs {' and '.join(missing)}, not installed here. "
            'Install it with: pip install "alignment-planner[app]"'
        )
