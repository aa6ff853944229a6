"""Puts the tests' folder on the path, so that every test can say `from factory import ...`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for a module."""
    from browser import chromium

    with chromium() as found:
        yield found
