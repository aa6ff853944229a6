"""One digest for one content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scenario_files import (
    EXPLICIT,
    MAIN,
    MODES,
    TECHNIQUES,
    VULNERABILITY,
    WORLDS,
    Files,
    base,
    explicit,
    write,
)

from planner.errors import Finding
from planner.scenario.digest import digest
from planner.scenario.read import read

SYMBOLS = VULNERABILITY.replace("0.5", "half")


def of(tmp_path: Path, files: Files) -> str:
    return digest(read(write(tmp_path, files)))


def test_a_digest_is_a_sha256(tmp_path: Path) -> None:
    kind, _, text = of(tmp_path, base()).partition(":")
    assert kind == "sha256"
    assert len(text) == 64


@pytest.mark.parametrize(
    "files",
    [
        base(techniques="id,name,cost\nb,Beta,2\na,Alpha,1\n"),
        base(techniques="id,cost,name\na,1.00,Alpha\nb,2e0,Beta\n"),
        base(techniques="id,name,cost,success\na,Alpha,1,1\nb,Beta,2,\n"),
        base(vulnerability="technique,n,m\na,0.10,.5\nb,0.3,2e-1\n"),
        base(main=MAIN + "currency: units\nreading: together\nunlisted: 0\nsamples: 8192\n"),
        base(main="# a remark\n" + "\n".join(reversed(MAIN.splitlines()))),
        base(
            main=MAIN.replace("modes.csv", "[{id: n, probability: 0.2}, {id: m, probability: 0.1}]")
        ),
    ],
)
def test_spelling_order_and_filing_do_not_matter(tmp_path: Path, files: Files) -> None:
    assert of(tmp_path / "other", files) == of(tmp_path / "base", base())


@pytest.mark.parametrize(
    "files",
    [
        base(main=MAIN.replace("Base", "Other")),
        base(main=MAIN.replace("budget: 3", "budget: 3.01")),
        base(main=MAIN + "currency: EUR\n"),
        base(techniques=TECHNIQUES.replace("Alpha", "Alfa")),
        base(modes=MODES.replace("0.1", "0.1000000000000000000000000000000000001")),
        base(vulnerability=VULNERABILITY.replace("0.5", "0.5 to 0.5")),
        base(main=MAIN + "scale: {half: 0.5}\n"),
        base(main=MAIN + "scale: {half: 0.5}\n", vulnerability=SYMBOLS),
        base(main=MAIN + "rules: {fund: [a]}\n"),
        base(main=MAIN + "rules: {exclude: [a]}\n"),
        base(main=MAIN + "committed: [a]\n"),
        base(main=MAIN + "what_if: {x: {budget: 1}}\n"),
        base(main=MAIN + "experts: {ann: vulnerability.csv}\n"),
        base(main=MAIN + "sources: s.csv\n", s="table,row,column,source\nmodes,m,probability,P\n"),
        explicit(),
    ],
)  # fmt: skip
def test_any_change_of_content_changes_it(tmp_path: Path, files: Files) -> None:
    assert of(tmp_path / "other", files) != of(tmp_path / "base", base())


def test_warnings_are_no_content(tmp_path: Path) -> None:
    scenario = read(write(tmp_path, base()))
    odd = replace(scenario, warnings=(Finding("x", None, None, "odd.", "Mend it."),))
    assert digest(odd) == digest(scenario)


def test_explicit_worlds_in_any_order(tmp_path: Path) -> None:
    one = of(tmp_path / "a", explicit())
    failure = "technique,world,failure\nb,storm,0.50\nb,calm,1\na,storm,0.9\na,calm,0.1\n"
    assert of(tmp_path / "b", explicit(failure=failure)) == one
    assert of(tmp_path / "c", explicit(worlds=WORLDS.replace("0.3", "0.4"))) != one
    assert of(tmp_path / "d", explicit(main=EXPLICIT + "unlisted: 0.1\n")) != one


def test_a_correlation_matrix_is_content_too(tmp_path: Path) -> None:
    def matrix(text: str) -> Files:
        return base(main=MAIN + "joint: {modes: r.csv}\n", r=f"mode,m,n\nm,1,{text}\nn,{text},1\n")

    found = [of(tmp_path / text, matrix(text)) for text in ("0.2", "0.20", "0.21")]
    assert found[0] == found[1] != found[2]


def test_what_is_no_part_of_a_scenario_has_no_digest(tmp_path: Path) -> None:
    odd = replace(read(write(tmp_path, base())), name=b"bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a scenario holds no bytes"):
        digest(odd)
