"""What a developer installs is named to the digit; what a user installs is not."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PINS = [
    Requirement(line)
    for line in (ROOT / "tests" / "constraints.txt").read_text().splitlines()
    if not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
#: What `make lint`, `make test` and `make docs` install.
NAMED = [
    Requirement(text)
    for text in (
        *PROJECT["dependencies"],
        *itertools.chain(
            *(EXTRAS[name] for name in ("all", "app", "cluster", "xlsx", "dev", "docs"))
        ),
    )
    if not text.startswith(PROJECT["name"])
]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_named_dependency_has_one_version_that_pyproject_allows(python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    found: dict[str, list[str]] = {}
    for pin in PINS:
        if pin.marker is None or pin.marker.evaluate(here):
            (exact,) = pin.specifier
            assert exact.operator == "=="
            found.setdefault(canonicalize_name(pin.name), []).append(exact.version)
    assert {name for name, versions in found.items() if len(versions) > 1} == set()
    for named in NAMED:
        (version,) = found[canonicalize_name(named.name)]
        assert named.specifier.contains(version), (str(named), version)


def test_the_file_names_versions_alone_and_no_place() -> None:
    for pin in PINS:
        assert pin.url is None, pin.name
    text = (ROOT / "tests" / "constraints.txt").read_text()
    assert not re.search(r"(?m)^ *-|://|file:|@ ", text)


def test_developers_get_these_versions_and_users_the_newest_that_fit() -> None:
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if "$(PIP) -e" in line]
    held = {re.findall(r'"?\.(\[[a-z,]+\])?"?', line)[0]: "-c $(LOCK)" in line for line in lines}
    assert held["[all,docs,dev]"]
    assert not held[""]
    assert all(re.search(r">=\d", str(named)) for named in NAMED)
