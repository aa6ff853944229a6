"""Uploads are read alone, in a folder of their own, under caps."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from bad_scenarios import CASES
from inert import (
    formulas_of_book,
    formulas_of_csv,
    hostile_files,
    markup_of_page,
)
from script_corpus import PAYLOADS

from planner.app.downloads import DOWNLOADS
from planner.app.limits import check_size
from planner.errors import LimitHit
from planner.scenario.types import (
    FULL,
    ONE,
    ExplicitWorlds,
    Level,
    Scenario,
    Technique,
    World,
)

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"
SMALL = """\
planner: 1
name: Small
budget: 1
techniques: [{id: a, cost: 1}, {id: b, cost: 2}]
modes: [{id: m, probability: 0.5}]
vulnerability: {a: {m: 0.5}, b: {m: 0.1}}
"""


def upload(client: Any, **files: str | bytes) -> Any:
    return upload_named(client, {name.replace("_", "."): data for name, data in files.items()})


def upload_named(client: Any, files: dict[str, str | bytes]) -> Any:
    sent = []
    for name, data in files.items():
        raw = data.encode() if isinstance(data, str) else data
        sent.append({"name": name, "data": base64.b64encode(raw).decode()})
    return client.post("/api/open", json={"files": sent})


def test_one_file_is_opened_and_answered(client: Any) -> None:
    got = upload(client, small_yaml=SMALL)
    assert got.status_code == 200
    body = {"scenario": got.json()["digest"], "changes": [["budget", "2"]]}
    answer = client.post("/api/answer", json=body).json()
    assert [item["label"] for item in answer["stack"]] == ["b"]


def test_the_files_of_a_folder_are_opened_together(client: Any, paper: dict[str, Any]) -> None:
    files = {path.name: path.read_bytes() for path in PAPER.iterdir() if path.suffix != ".md"}
    assert upload_named(client, files).json()["digest"] == paper["digest"]


def test_a_workbook_goes_out_and_comes_back(client: Any, paper: dict[str, Any]) -> None:
    for package in ("openpyxl", "xlsxwriter"):
        pytest.importorskip(package, reason="the extra `xlsx` is not installed")
    book = client.post("/api/download/workbook", json={"scenario": paper["digest"]})
    assert upload_named(client, {"book.xlsx": book.content}).json()["digest"] == paper["digest"]
    bad = upload_named(client, {"book.xlsx": book.content[:2000]})
    assert bad.status_code == 422


def test_the_report_of_what_is_changed_is_made(client: Any) -> None:
    scenario = upload(client, small_yaml=SMALL).json()["digest"]
    body = {"scenario": scenario, "changes": [["budget", "2"]]}
    got = client.post("/api/download/report", json=body)
    assert got.status_code == 200
    assert got.headers["content-disposition"] == 'attachment; filename="report.html"'
    assert "Small" in got.text
    assert "Content-Security-Policy" in got.text


def test_all_findings_of_a_bad_file_come_with_their_lines(client: Any) -> None:
    got = upload(client, bad_yaml=SMALL.replace("cost: 1", "cost: $1").replace("m: 0.1", "m: 7"))
    assert got.status_code == 422
    findings = got.json()["error"]["findings"]
    assert [(f["file"], f["row"]) for f in findings] == [("bad.yaml", 4), ("bad.yaml", 6)]


@pytest.mark.parametrize(
    "name",
    [
        "../small.yaml",
        "..\\small.yaml",
        "/etc/small.yaml",
        "a/small.yaml",
        ".yaml",
        "small.exe",
        "small.yaml\0.csv",
        "x" * 200 + ".yaml",
        "<script>.yaml",
        "",
    ],
)
def test_names_that_lead_elsewhere_are_refused(client: Any, name: str) -> None:
    got = upload_named(client, {name: SMALL})
    assert got.status_code == 422
    assert "not the name" in got.json()["error"]["findings"][0]["message"]


def test_a_table_outside_the_upload_is_never_read(client: Any) -> None:
    for table in ("../../etc/passwd.csv", "/etc/hosts.csv", "techniques.csv"):
        main = SMALL.replace("[{id: a, cost: 1}, {id: b, cost: 2}]", table)
        got = upload(client, small_yaml=main)
        assert got.status_code == 422
        assert "root:" not in got.text


def test_caps_hold(client: Any) -> None:
    large = upload(client, large_yaml=SMALL + "#" * (5 * 2**20))
    assert large.status_code == 422
    assert "at most" in large.json()["error"]["findings"][0]["message"]
    rows = ", ".join(f"{{id: t{k}, cost: 1}}" for k in range(401))
    cells = ", ".join(f"t{k}: {{m: 0.5}}" for k in range(401))
    many = SMALL.replace("{id: a, cost: 1}, {id: b, cost: 2}", rows)
    many = many.replace("a: {m: 0.5}, b: {m: 0.1}", cells)
    got = upload(client, many_yaml=many)
    assert got.status_code == 503
    assert "401 techniques" in got.json()["error"]["message"]
    assert upload(client, draws_yaml=SMALL + "samples: 100000\n").status_code == 503


def test_worlds_beyond_the_cap_are_refused() -> None:
    one = Technique("a", "A", (Level(FULL, ONE),))
    world = World("w", "W", ONE)
    given = Scenario(
        name="Many worlds",
        currency="units",
        decimals=2,
        budget=ONE,
        techniques=(one,) * 400,
        threats=ExplicitWorlds((world,) * 50_001, ()),
    )
    # 400 techniques in 50,000 worlds are 20 million cells.
    with pytest.raises(LimitHit, match=r"has 50,001 worlds .* at most 50,000\."):
        check_size(given)


@pytest.mark.parametrize("files", [None, [], "x", [1], [{"name": "a.yaml"}], [{"name": 1}]])
def test_what_is_no_upload_is_a_finding(client: Any, files: object) -> None:
    assert client.post("/api/open", json={"files": files}).status_code == 422
    broken = [{"name": "a.yaml", "data": "not base64!"}]
    assert client.post("/api/open", json={"files": broken}).status_code == 422


def test_scripts_in_names_stay_text(client: Any) -> None:
    """JSON carries them as text; the browser tests look at what the page makes of them."""
    for payload in PAYLOADS:
        quoted = payload.replace("'", "''")
        got = upload(client, small_yaml=SMALL.replace("name: Small", f"name: '{quoted}'"))
        assert got.json()["name"] == payload
        assert got.headers["content-type"] == "application/json"


@pytest.mark.slow
def test_every_file_to_take_away_is_inert(client: Any) -> None:
    opened = upload_named(client, hostile_files())
    assert opened.status_code == 200, opened.text
    for name in DOWNLOADS:
        got = client.post(f"/api/download/{name}", json={"scenario": opened.json()["digest"]})
        assert got.status_code == 200, (name, got.text)
        assert got.headers["content-disposition"].startswith("attachment; ")
        assert got.headers["x-content-type-options"] == "nosniff"
        if DOWNLOADS[name].file.endswith(".csv"):
            assert formulas_of_csv(got.content) == []
            assert b"'=" in got.content
        elif DOWNLOADS[name].file.endswith(".xlsx"):
            assert formulas_of_book(got.content) == []
        elif DOWNLOADS[name].file.endswith(".html"):
            assert markup_of_page(got.text) == []
            assert "&lt;script&gt;" in got.text


def test_every_bad_scenario_is_told_as_the_commands_tell_it(client: Any) -> None:
    told = 0
    for what, files, file, row, column, message, cure in CASES:
        if any("/" in name for name in files):
            continue  # no name of an upload
        got = upload_named(client, files)
        assert got.status_code == 422, what
        found = got.json()["error"]["findings"]
        places = [(f["file"], f["row"], f["column"]) for f in found if message in f["message"]]
        assert places[0] == (file, row, column), what
        assert any(cure in f["cure"] for f in found), what
        told += 1
    assert told > 200
