"""Settings of the documentation site; `make docs` builds it into out/docs.

The source is the whole repository, of which only the Markdown pages are taken: they read the same
here and on the site, and links between pages, scenarios and the README hold in both.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]

project = "planner"
author = "the planner's contributors"
copyright = "the planner's contributors, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/**.md",
    "scenarios/README.md",
    "scenarios/*/README.md",
]
exclude_patterns = ["docs/README.md"]  # the same table of contents, for readers of the repository
source_suffix = {".md": "markdown"}
root_doc = "docs/index"

myst_heading_anchors = 4

html_theme = "furo"
html_title = "planner"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["planner.css"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"


def folders_to_pages(_app: Sphinx, docname: str, source: list[str]) -> None:
    """A link to a folder leads to the page that describes it, and docs/README.md to the root."""
    folder = (ROOT / docname).parent

    def mended(match: re.Match[str]) -> str:
        target = match["target"]
        path = Path(os.path.normpath(folder / target))
        if path == ROOT / "docs" / "README.md":
            path = ROOT / "docs" / "index.md"
        elif path.is_dir() and (path / "README.md").exists():
            path = path / "README.md"
        else:
            return match[0]
        return f"]({os.path.relpath(path, folder)}{match['anchor'] or ''})"

    source[0] = re.sub(r"\]\((?P<target>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)", mended, source[0])


#: What the theme's pages lack for those who use a keyboard or hear them: captions of the navigation
#: have a level, the two side bars a name of their own; what moves sideways can be reached by the
#: keyboard, and a head that is blank is none.
MENDED = {
    'role="heading">': 'role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="Site">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="This page">',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    '<th class="head"><p></p></th>': '<td class="head"></td>',
}


def mend(app: Sphinx, error: Exception | None) -> None:
    """Rewrite the built pages; a second time changes nothing."""
    for path in () if error else Path(app.outdir).rglob("*.html"):
        text = mended = path.read_text(encoding="utf-8")
        for lacking, with_it in MENDED.items():
            mended = mended.replace(lacking, with_it)
        if mended != text:
            path.write_text(mended, encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", mend)
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", folders_to_pages)
