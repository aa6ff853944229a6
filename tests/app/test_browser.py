"""The page in a real browser: Playwright drives Debian's Chromium.

Skipped, and said so, where there is no Playwright or no Chromium.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import PAPER
from browser import NEEDS_CHROMIUM, WAIT, violations
from script_corpus import PAYLOADS

from planner.plan import recommend
from planner.scenario.changes import change_all
from planner.scenario.digest import digest
from planner.scenario.read import read

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = NEEDS_CHROMIUM


class Watched:
    """A page of which every request, dialog and error is kept."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.address = address
        self.context = browser.new_context(accept_downloads=True, **options)
        self.context.set_default_timeout(WAIT)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", self.dialog)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, fragment: str = "") -> Any:
        self.page.goto(f"{self.address}/{fragment}")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Until all that was asked is answered."""
        self.page.wait_for_load_state("networkidle")

    def stack(self) -> list[str]:
        return [text.strip() for text in self.page.locator("#plan .stack b").all_text_contents()]

    def expect_stack(self, *labels: str) -> None:
        sync_api.expect(self.page.locator("#plan .stack b")).to_have_text(list(labels))

    def box(self, path: str) -> Any:
        return self.page.locator(f'[data-path="{path}"]')

    def quiet(self) -> None:
        """Nothing was sent elsewhere, no script of others ran, nothing broke."""
        outside = [u for u in self.requests if not u.startswith((self.address, "blob:"))]
        assert (outside, self.dialogs, self.errors) == ([], [], [])


@pytest.fixture
def watched(browser: Any, address: str) -> Iterator[Watched]:
    found = Watched(browser, address, viewport={"width": 1280, "height": 900})
    yield found
    found.quiet()
    found.context.close()


def best(*changes: tuple[str, str], objective: str = "expected") -> list[str]:
    """What the command would say."""
    return list(recommend(change_all(read(PAPER), changes), objective).stack)


def test_from_opening_to_a_changed_recommendation_and_its_file(
    watched: Watched, tmp_path: Path
) -> None:
    page = watched.open()
    watched.expect_stack(*best())
    watched.box("budget").fill("6")
    watched.expect_stack(*best(("budget", "6")))
    assert "rlaif, rlhf, w2s enter" in page.locator("#beside").inner_text()
    assert "budget=6" in page.url
    page.locator('[data-lock="out:rlaif"]').click()
    watched.expect_stack(*best(("budget", "6"), ("rules.exclude", "rlaif")))
    watched.settle()
    with page.expect_download() as waiting:
        page.locator('[data-download="scenario"]').click()
    waiting.value.save_as(tmp_path / "scenario.yaml")
    changed = change_all(read(PAPER), [("budget", "6"), ("rules.exclude", "rlaif")])
    assert digest(read(tmp_path / "scenario.yaml")) == digest(changed)
    with page.expect_download() as waiting:
        page.locator('[data-download="plan"]').click()
    waiting.value.save_as(tmp_path / "plan.json")
    plan = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert plan["stack"] == best(("budget", "6"), ("rules.exclude", "rlaif"))


def test_sliders_move_by_keyboard(watched: Watched) -> None:
    page = watched.open()
    slider = page.locator('[data-slider="budget"]')
    slider.focus()
    slider.press("Home")
    sync_api.expect(watched.box("budget")).to_have_value("0")
    sync_api.expect(page.locator("#plan .headline")).to_have_text("Fund nothing for 0 USD million")
    slider.press("End")
    watched.expect_stack(*best(("budget", "21")))
    slider.press("ArrowLeft")
    sync_api.expect(watched.box("budget")).to_have_value("20.8")
    watched.expect_stack(*best(("budget", "20.8")))
    joint = page.locator('[data-slider="joint.modes"]')
    joint.focus()
    joint.press("End")
    sync_api.expect(watched.box("joint.modes")).to_have_value("1")
    assert joint.get_attribute("aria-valuetext") == "1"


def test_the_whole_page_is_reached_by_keyboard(watched: Watched) -> None:
    """Tab from the top: the skip button, the file, then every input."""
    page = watched.open()
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.type"))
    assert seen[:2] == ["skip", "file"]
    assert seen[2:9].count("range") == 4
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "answer"


def test_a_link_brings_the_state_back(browser: Any, watched: Watched) -> None:
    page = watched.open()
    watched.box("techniques.debate.cost").fill("0.5")
    watched.box("vulnerability.debate.al-gen").fill("0.01")
    page.locator("#save").click()
    page.locator("#objective").select_option("cvar:0.9")
    page.locator("#reading").select_option("by-mode")
    watched.settle()
    other = Watched(browser, watched.address)
    again = other.open("#" + page.locator("#link").input_value().partition("#")[2])
    changes = [("techniques.debate.cost", "0.5"), ("vulnerability.debate.al-gen", "0.01")]
    now = [*changes, ("reading", "by-mode")]
    other.expect_stack(*best(*now, objective="cvar:0.9"))
    assert other.box("vulnerability.debate.al-gen").input_value() == "0.01"
    assert again.locator("#objective").input_value() == "cvar:0.9"
    assert "techniques.debate.cost = 0.5" in again.locator("#beside").inner_text()
    other.quiet()
    other.context.close()


def test_findings_stand_beside_their_fields(watched: Watched) -> None:
    page = watched.open()
    watched.box("budget").fill("1,000")
    field = watched.box("budget")
    sync_api.expect(field).to_have_attribute("aria-invalid", "true")
    note = page.locator(f"#{field.get_attribute('aria-describedby')}")
    assert "1000" in note.inner_text()
    watched.box("vulnerability.rlhf.coll").fill("pron")
    sync_api.expect(page.locator("#problem")).to_contain_text("2 things to mend")
    field.fill("9")
    watched.box("vulnerability.rlhf.coll").fill("ok")
    watched.expect_stack(*best())
    sync_api.expect(field).not_to_have_attribute("aria-invalid", "true")
    sync_api.expect(page.locator("#problem")).to_have_text("")


def test_an_old_answer_never_overwrites_a_newer_one(watched: Watched) -> None:
    """The answer to the first question is held back until the second one is shown."""
    page = watched.open()
    held: list[Any] = []

    def hold(route: Any) -> None:
        body = route.request.post_data_json
        if body["part"] == "plan" and ["budget", "6"] in body["changes"]:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/answer", hold)
    watched.box("budget").fill("6")
    page.wait_for_selector("#busy:not([hidden])")
    watched.box("budget").fill("21")
    watched.expect_stack(*best(("budget", "21")))
    for route in held:
        route.continue_()
    watched.settle()
    assert len(held) == 1
    assert watched.stack() == best(("budget", "21"))


def test_waiting_is_shown_and_can_be_given_up(watched: Watched) -> None:
    page = watched.open()
    held: list[Any] = []
    page.route("**/api/answer", lambda route: held.append(route))
    watched.box("budget").fill("6")
    page.locator("#cancel").click()
    sync_api.expect(page.locator("#problem")).to_contain_text("Stopped.")
    assert page.locator("#busy").is_hidden()
    page.unroute("**/api/answer")
    page.get_by_role("button", name="Work it out").click()
    watched.expect_stack(*best(("budget", "6")))


def test_a_named_question_is_one_click_and_can_be_undone(watched: Watched) -> None:
    page = watched.open()
    page.get_by_role("button", name="half").click()
    watched.expect_stack(*best(("budget", "4.5")))
    page.get_by_role("button", name="Undo the change of budget").click()
    watched.expect_stack(*best())


def test_a_way_out_of_rules_that_nothing_meets_is_one_click(watched: Watched) -> None:
    """scientist-ai costs 6 (techniques.csv): with it the budget must be 6, else it must go."""
    page = watched.open()
    watched.box("budget").fill("1")
    page.locator('[data-lock="in:scientist-ai"]').click()
    ways = page.locator("#ways button")
    sync_api.expect(ways).to_have_text(
        ["Raise the budget to 6 USD million", "Drop “fund scientist-ai”"]
    )
    ways.nth(0).click()
    watched.expect_stack("scientist-ai")
    assert watched.box("budget").input_value() == "6"
    sync_api.expect(page.locator("#problem")).to_have_text("")
    watched.box("budget").fill("1")
    sync_api.expect(ways).to_have_count(2)
    ways.nth(1).click()
    watched.expect_stack(*best(("budget", "1")))
    lock = page.locator('[data-lock="in:scientist-ai"]')
    sync_api.expect(lock).to_have_attribute("aria-pressed", "false")


def test_how_likely_a_mode_is_can_be_changed(watched: Watched) -> None:
    page = watched.open()
    watched.box("modes.s-tax.probability").fill("0.9")
    watched.expect_stack(*best(("modes.s-tax.probability", "0.9")))
    assert "modes.s-tax.probability = 0.9 (was 0.25)" in page.locator("#changes").inner_text()
    watched.box("modes.s-tax.probability").fill("1.9")
    field = watched.box("modes.s-tax.probability")
    sync_api.expect(field).to_have_attribute("aria-invalid", "true")


def large() -> str:
    """100 techniques against 60 modes: more than a screen holds. t99 alone withstands m59."""
    ids = [f"t{i}" for i in range(100)]
    lines = ["planner: 1", "name: large", "budget: 1", "reading: by-mode", "techniques:"]
    lines += [f"  - {{id: {id}, name: {id}, cost: 1}}" for id in ids]
    lines.append("modes:")
    lines += [f"  - {{id: m{j}, name: mode {j}, probability: 0.1}}" for j in range(60)]
    lines.append("vulnerability:")
    for id in ids:
        held = "0.5" if id == "t99" else "1"
        cells = ", ".join(f"m{j}: {held if j == 59 else 1}" for j in range(60))
        lines.append(f"  {id}: {{{cells}}}")
    return "\n".join(lines) + "\n"


def test_a_large_matrix_is_edited_in_parts(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text(large(), "utf-8")
    page = watched.open()
    page.locator("#file").set_input_files(tmp_path / "large.yaml")
    watched.expect_stack("t99")
    page.locator("#matrix summary").click()
    cells = page.locator("#matrix input.cell")
    sync_api.expect(cells).to_have_count(25 * 25)
    parts = page.locator("#matrix .parts")
    assert "1 to 25 of 100" in parts.nth(0).inner_text()
    for _ in range(3):
        page.get_by_role("button", name="The techniques after").click()
    assert "76 to 100 of 100" in parts.nth(0).inner_text()
    sync_api.expect(cells).to_have_count(25 * 25)
    page.locator('[data-filter="modes"]').fill("mode 59")
    sync_api.expect(cells).to_have_count(25)
    watched.box("vulnerability.t98.m59").fill("0.2")
    watched.expect_stack("t98")
    page.locator('[data-filter="techniques"]').fill("t99")
    watched.box("vulnerability.t99.m59").fill("0.1")
    watched.expect_stack("t99")
    page.locator('[data-filter="techniques"]').fill("t98")
    assert watched.box("vulnerability.t98.m59").input_value() == "0.2"
    assert violations(page) == []


def test_the_inputs_never_lie_over_what_stands_below(watched: Watched) -> None:
    page = watched.open()
    page.locator("#matrix-title").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('matrix-title').scrollIntoView()")
    low = page.evaluate("document.getElementById('inputs').getBoundingClientRect().bottom")
    top = page.evaluate("document.getElementById('ranking').getBoundingClientRect().top")
    assert low <= top


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def hostile(payload: str) -> str:
    """A scenario whose every name is a payload; `payload` names the scenario and its currency."""
    names = [quoted(text) for text in PAYLOADS]
    symbols = [quoted(text[:14]) for text in ("<script>al1", "'\"><b>", "<img src=x>")]
    lines = ["planner: 1", f"name: {quoted(payload)}", f"currency: {quoted(payload)}", "budget: 2"]
    lines += [
        "reading: by-mode",
        f"scale: {{{symbols[0]}: 0.3, {symbols[1]}: 0.7, {symbols[2]}: 1}}",
    ]
    lines.append("techniques:")
    lines += [f"  - {{id: t{k}, name: {name}, cost: 1}}" for k, name in enumerate(names)]
    lines.append("modes:")
    lines += [f"  - {{id: m{k}, name: {name}, probability: 0.1}}" for k, name in enumerate(names)]
    lines.append("vulnerability:")
    for i in range(len(names)):
        cells = ", ".join(f"m{j}: {symbols[(i + j) % 3]}" for j in range(len(names)))
        lines.append(f"  t{i}: {{{cells}}}")
    lines.append("what_if:")
    lines += [f"  {name}: {{budget: {k}}}" for k, name in enumerate(names)]
    return "\n".join(lines) + "\n"


INTRUDERS = "main script, main iframe, main object, main img, main style, main video, main math"


def test_scripts_in_an_uploaded_scenario_stay_text(watched: Watched, tmp_path: Path) -> None:
    page = watched.open()
    for payload in (PAYLOADS[0], PAYLOADS[4], PAYLOADS[25]):
        path = tmp_path / "scenario.yaml"
        path.write_text(hostile(payload), "utf-8")
        page.locator("#file").set_input_files(path)
        sync_api.expect(page.locator("#title")).to_have_text(payload)
        sync_api.expect(page.locator("#plan .headline")).to_have_text(
            f"Fund 2 techniques for 2 {payload}"
        )
        watched.settle()
        assert page.locator(INTRUDERS).count() == 0
    assert page.locator("#ranking .name").all_text_contents()[:1] != []
    assert set(page.locator("#ranking .name").all_text_contents()) == set(PAYLOADS)
    assert set(page.locator("#named button").all_text_contents()) == set(PAYLOADS)


def test_scripts_in_every_field_stay_text(watched: Watched) -> None:
    """Every text field of the page gets every payload, and is told that it is no value."""
    page = watched.open()
    assert page.locator("input[data-path]").count() == 4 + 7 + 7 + 49
    for payload in PAYLOADS:
        page.evaluate(
            """(payload) => {
              for (const field of document.querySelectorAll("input[data-path]")) {
                field.value = payload;
                field.dispatchEvent(new Event("input"));
              }
            }""",
            payload,
        )
        sync_api.expect(page.locator("#changes li").first).to_contain_text(payload)
    sync_api.expect(page.locator("#problem")).to_contain_text("67 things to mend")
    assert page.locator(INTRUDERS).count() == 0
    assert page.locator('[aria-invalid="true"]').count() == 67


def test_a_script_in_a_link_stays_text(watched: Watched) -> None:
    page = watched.open(
        "#budget=<img src=x onerror=alert(1)>&<script>alert(2)</script>=1&objective=<b>"
    )
    sync_api.expect(page.locator("#problem")).to_contain_text("mend")
    assert page.locator(f"{INTRUDERS}, #problem script, #problem img").count() == 0


def test_another_site_cannot_use_the_planner(browser: Any, address: str) -> None:
    """A page of another origin tries what a browser lets it try."""
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "http://evil.example/", lambda r: r.fulfill(body="<p>x</p>", content_type="text/html")
    )
    page.goto("http://evil.example/")
    told = page.evaluate(
        """async (address) => {
          const tries = [
            [`${address}/api/start`, { method: "POST", body: "{}" }],
            [`${address}/api/start`, { method: "POST", body: "{}", mode: "no-cors" }],
            [`${address}/`, {}],
            [`${address}/main.js`, { mode: "no-cors" }],
          ];
          const found = [];
          for (const [url, options] of tries) {
            try {
              const response = await fetch(url, options);
              found.push(`${response.type} ${response.status} ${(await response.text()).length}`);
            } catch (error) {
              found.push("refused");
            }
          }
          return found;
        }""",
        address,
    )
    # An opaque answer says nothing to the page that asked: status 0, no text.
    assert all(answer in ("refused", "opaque 0 0") for answer in told), told
    context.close()


def test_no_accessibility_violation_in_the_light(browser: Any, address: str) -> None:
    """Answered, with findings, and waiting."""
    watched = Watched(browser, address, viewport={"width": 1280, "height": 900})
    page = watched.open()
    page.wait_for_selector("#why table")
    assert violations(page) == []
    watched.box("budget").fill("a lot")
    sync_api.expect(page.locator("#problem")).to_contain_text("mend")
    assert violations(page) == []
    page.route("**/api/answer", lambda _: None)
    watched.box("budget").fill("9")
    page.wait_for_selector("#busy:not([hidden])")
    assert violations(page) == []
    watched.quiet()
    watched.context.close()


def test_no_accessibility_violation_in_the_dark_on_a_phone(browser: Any, address: str) -> None:
    """With changes and locks, and where no stack meets the rules; nothing is cut at the side."""
    watched = Watched(browser, address, viewport={"width": 390, "height": 900}, color_scheme="dark")
    page = watched.open("#budget=6&rules.exclude=rlaif")
    page.wait_for_selector("#why table")
    page.locator("#words summary").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.box("budget").fill("1")
    page.locator('[data-lock="in:scientist-ai"]').click()
    sync_api.expect(page.locator("#problem")).to_contain_text("scientist-ai")
    assert violations(page) == []
    watched.quiet()
    watched.context.close()


def test_without_a_scenario_the_page_asks_for_one(browser: Any, tmp_path: Path) -> None:
    from app_server import start, stop

    server, url = start("--port", "0")
    try:
        watched = Watched(browser, url)
        page = watched.open()
        assert page.locator("#main").is_hidden()
        assert violations(page) == []
        (tmp_path / "bad.yaml").write_text("planner: 1\nnam: x\n", "utf-8")
        page.locator("#file").set_input_files(tmp_path / "bad.yaml")
        sync_api.expect(page.locator("#problem")).to_contain_text("Did you mean name?")
        files = [path for path in PAPER.iterdir() if path.suffix != ".md"]
        page.locator("#file").set_input_files(files)
        watched.expect_stack(*best())
        watched.quiet()
        watched.context.close()
    finally:
        stop(server)
