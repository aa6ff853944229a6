"""Run every test that the lists of `tests/items.py` name: what is to go wrong without harm.

    python -m tests.campaigns.items --jobs 2

It ends with how many items there are, and how many tests held, failed, or were left out here (those
that need another system, another user, or a package that is missing).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from items import ITEMS, nodes  # noqa: E402, found by the path


class Results:
    """Counts what became of each test; a failure before or after a test is one of the test."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.of[report.nodeid] = "failed"
        elif report.skipped or report.when == "call":
            self.of.setdefault(report.nodeid, report.outcome)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default 0)")
    asked = parser.parse_args(arguments)
    results = Results()
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-n", str(asked.jobs)]
    code = pytest.main([*words, *(str(ROOT / node) for node in nodes())], plugins=[results])
    for name, items in ITEMS.items():
        print(f"{name}: {len(items)} items")
    found = Counter(results.of.values())
    print(
        f"{sum(map(len, ITEMS.values()))} items in {len(ITEMS)} lists, every one with tests: "
        f"{found['passed']:,} tests passed, {found['failed']} failed, {found['skipped']} left out"
    )
    return int(code != pytest.ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main())
