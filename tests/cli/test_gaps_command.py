"""`planner gaps`: the page, the document, the files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from planner.cli.main import main

SEVEN = "scenarios/dung-mai-2025"


def test_the_text_has_the_numbers_of_the_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["gaps", SEVEN, "--json", "--out", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    best = found["best_profile"]
    text = (tmp_path / "call-for-proposals.txt").read_text()
    assert text == "\n\n".join(found["call"]) + "\n"
    assert f"{found['objective_value']:.4g} to {best['objective_value']:.4g}" in text
    assert f"up to {best['most_it_may_cost']:g} USD million" in text
    for mode in best["modes"]:
        assert f"({mode})" in text
    assert len(best["modes"]) == found["needed"]["modes"]
    assert best["modes"] in found["needed"]["sets"]
    assert [len(row["modes"]) for row in found["by_number_of_modes"]] == list(range(1, 8))
    prices = [row["most_it_may_cost"] for row in found["by_number_of_modes"]]
    assert prices == sorted(prices)  # what withstands more is never worth less
    assert (tmp_path / "gaps.csv").read_text().startswith("count,modes,fall")
    assert json.loads((tmp_path / "gaps.json").read_text()) == found
    assert (tmp_path / "gaps.png").read_bytes().startswith(b"\x89PNG")
    root = ElementTree.fromstring((tmp_path / "gaps.svg").read_bytes())
    alt = root.findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert f"The profile asked for is {' + '.join(best['modes'])}, with " in alt
    assert alt.endswith(f"and {best['most_it_may_cost']:g}.")
    for row in found["modes"]:  # what each mode is worth, as in the document
        assert f"{row['modes'][0]} {row['fall']:.4g} and " in alt


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_the_page_fits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["gaps", SEVEN, "--modes", "2", "--cost", "1"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= int(columns)
    assert "Text for a call for proposals" in out


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--modes", "8"], "--modes"),
        (["--modes", "0"], "--modes"),
        (["--withstands", "1.5"], "--withstands"),
        (["--objective", "depth"], "--objective"),
        (["--cost", "0.001"], "--cost"),
        (["--cost", "-1"], "--cost"),
        (["--success", "likely"], "--success"),
    ],
)
def test_what_does_not_fit_is_a_finding(
    capsys: pytest.CaptureFixture[str], words: list[str], option: str
) -> None:
    assert main(["gaps", SEVEN, "--json", *words]) == 2
    findings = json.loads(capsys.readouterr().out)["error"]["findings"]
    assert [finding["file"] for finding in findings] == [option]
