"""Files of format version 1 that were saved once and are never edited: they must be read for ever.

`tests/frozen/version-1` holds one scenario of failure modes in three forms (a folder, one YAML
file, a workbook), one of explicit worlds, and a plan of that one. The digests and answers below
are those of 2026-11-26; where a change makes one of these tests fail, the change is wrong, or the
format needs a new version.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from planner.cli.main import main
from planner.errors import BadInput
from planner.plan import recommend
from planner.scenario.digest import digest
from planner.scenario.read import read

FROZEN = Path(__file__).parents[1] / "frozen" / "version-1"
MODES = "sha256:be2f76ef94c99d4d0b398587cb23078cdaf7b20166b0860976ba7c82c138a80f"
WORLDS = "sha256:ffc40ae836ff2a5fc2788451cfa55c3b40d7d19e69ab55ed9d4c59ac43774ba9"


@pytest.mark.parametrize("name", ["folder", "frozen.yaml", "frozen.xlsx"])
def test_every_form_of_version_1_keeps_its_digest(name: str) -> None:
    if name.endswith(".xlsx"):
        pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
    assert digest(read(FROZEN / name)) == MODES


def test_the_recommendation_of_version_1_stays() -> None:
    plan = recommend(read(FROZEN / "folder"))
    assert (plan.stack, plan.cost, plan.budget) == (("audit", "debate", "probes:small"), 350, 350)
    assert plan.risk == pytest.approx(0.11026138822087538, rel=1e-9)
    assert plan.proof.kind == "enumerated"


def test_explicit_worlds_of_version_1_keep_their_digest_and_their_stack() -> None:
    scenario = read(FROZEN / "worlds.yaml")
    assert digest(scenario) == WORLDS
    plan = recommend(scenario)
    # a and c would leave 0.19375 for 3.02, a cent above the budget of 3.01. By hand, a and b:
    # 0.5 * 1 * 1/8 + 0.3 * 4 * 3/16 + 0.2 * 0.5 * 0 = 0.2875.
    assert (plan.stack, plan.cost) == (("a", "b"), 301)
    assert plan.risk == pytest.approx(0.2875, rel=1e-15)
    assert recommend(scenario, budget="3.02").stack == ("a", "c")


def test_a_plan_of_version_1_still_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["verify", str(FROZEN / "plan.json"), str(FROZEN / "worlds.yaml"), "--json"]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [check["holds"] for check in answer["checks"]] == [True] * 6


def test_what_a_newer_planner_wrote_is_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(FROZEN / "folder", folder)
    main_file = folder / "scenario.yaml"
    newer = main_file.read_text().replace("planner: 1", "planner: 2") + "colour: blue\n"
    main_file.write_text(newer)
    # Of all that the newer file may hold, the version alone is judged.
    with pytest.raises(BadInput, match=r"made for a newer planner: its format is 2") as caught:
        read(folder)
    assert [f.cure for f in caught.value.findings] == ["Update the planner."]
    plan = json.loads((FROZEN / "plan.json").read_text())
    plan["certificate"]["format"] = 2
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    assert main(["verify", str(path), str(FROZEN / "worlds.yaml")]) == 1
    assert "only format 1 is known here" in " ".join(capsys.readouterr().out.split())


def test_a_newer_workbook_is_refused_with_a_sentence(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="workbooks need the extra xlsx")
    book = openpyxl.load_workbook(FROZEN / "frozen.xlsx")
    sheet = book["scenario"]
    (row,) = (cells for cells in sheet.iter_rows() if cells[0].value == "planner")
    row[1].value = 2
    path = tmp_path / "newer.xlsx"
    book.save(path)
    with pytest.raises(BadInput, match="made for a newer planner: its format is 2"):
        read(path)
