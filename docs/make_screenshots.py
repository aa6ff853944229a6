"""Takes the pictures of docs/pictures: what the terminal, the report and the page look like.

    python docs/make_screenshots.py

Needs Playwright and a Chromium; says so, and draws nothing, where one of them is missing. The
scenario is the paper's; the same input gives the same picture on one machine.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from planner.app.serve import _listening
from planner.app.server import build_app
from planner.cli.main import main as planner
from planner.files import write_bytes
from planner.scenario.read import read

DOCS = Path(__file__).parent
PICTURES = DOCS / "pictures"
PAPER = DOCS.parent / "scenarios" / "dung-mai-2025"
#: Width of a window, and how many dots a picture has for each of its points.
WIDTH, SCALE = 1120, 1.25
COLOURS = 256
STYLE = (
    "margin: 0; padding: 24px 28px; display: inline-block; border-radius: 10px; "
    "background: #14181f; color: #e8ebef; font: 17px/1.3 DejaVu Sans Mono, monospace"
)
PROMPT = '<b style="color: #7ad3a0">$</b> <b>planner recommend scenarios/dung-mai-2025</b>'
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("No pictures: they need Playwright and Chromium (apt-get install chromium).")
        return 0
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        terminal(browser)
        report(browser)
        app(browser)
        browser.close()
    return 0


def terminal(browser: Any) -> None:
    """What `planner recommend` prints, up to the reasons."""
    shown = printed(["recommend", str(PAPER)]).partition("\nWhy\n")[0].rstrip()
    page = opened(browser)
    page.set_content(f'<pre style="{STYLE}">{PROMPT}\n\n{escape(shown)}</pre>')
    save(page.locator("pre").screenshot(), "terminal")
    page.context.close()


def printed(words: list[str]) -> str:
    out = io.StringIO()
    os.environ["COLUMNS"] = "80"
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        planner(words)
    return out.getvalue()


def report(browser: Any) -> None:
    """The head of the report, by day and by night, and what more money buys, slider moved."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        printed(["report", str(PAPER), "--out", str(path)])
        for scheme, name in (("light", "report"), ("dark", "report-dark")):
            page = opened(browser, scheme)
            page.goto(path.as_uri())
            save(page.screenshot(), name)
            if scheme == "light":
                slider = page.locator("#budget")
                slider.focus()
                for _ in range(4):
                    slider.press("ArrowRight")
                page.evaluate("document.activeElement.blur()")
                page.locator("#frontier").scroll_into_view_if_needed()
                page.evaluate("document.getElementById('frontier').style.padding = '0 16px'")
                save(page.locator("#frontier").screenshot(), "frontier")
            page.context.close()


def app(browser: Any) -> None:
    """A changed recommendation beside its base: more money, one technique locked out, and a mode
    that is likelier."""
    with served() as address:
        page = opened(browser, height=1180)
        page.goto(f"{address}/#budget=12&rules.exclude=ida&modes.s-tax.probability=0.5")
        page.wait_for_selector("#why table")
        page.wait_for_load_state("networkidle")
        page.evaluate("document.activeElement.blur()")
        save(page.screenshot(), "app")
        page.context.close()


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The page at a port of this machine."""
    import uvicorn

    with _listening(0) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(build_app(read(PAPER), port), log_config=None, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


def opened(browser: Any, scheme: str = "light", height: int = 880) -> Any:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": height},
        device_scale_factor=SCALE,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    context.set_default_timeout(120_000)
    return context.new_page()


def save(png: bytes, name: str) -> None:
    """With a palette: a third of the bytes, and nothing of the machine in it."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    small = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    path = write_bytes(PICTURES / f"{name}.png", out.getvalue())
    size = f"{picture.width} x {picture.height}, {len(out.getvalue()):,} bytes"
    print(f"{path.relative_to(DOCS.parent)}: {size}")


if __name__ == "__main__":
    sys.exit(main())
