"""Run a campaign, and write the figure that it reached into the table of docs/trust.md.

    python -m tests.campaigns.figures campaign-brute -- python -m tests.campaigns.brute --count 300

Every campaign ends with one line that says what was reached; that line goes, whatever it says, into
the row whose first cell names the campaign, with the command, the day and the code's commit (`+`:
with changes that were not committed). `make campaign-... WRITE=yes` does this. A campaign that
does not end by itself leaves the table as it was. The exit code is the campaign's.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from planner.files import write_text

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "trust.md"


def with_figure(page: str, name: str, command: str, day: str, commit: str, figure: str) -> str:
    """The page with another figure in the row of that name. Raises LookupError without one."""
    lines = page.splitlines()
    found = [k for k, line in enumerate(lines) if line.startswith(f"| [{name}](#")]
    if len(found) != 1:
        raise LookupError(f"docs/trust.md has {len(found)} rows of {name!r}; it needs one.")
    first = lines[found[0]].split("|")[1].strip()
    cells = (first, _cell(figure), f"`{_cell(command)}`", day, commit)
    lines[found[0]] = "| " + " | ".join(cells) + " |"
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")


def shown(words: Sequence[str]) -> str:
    """The command as a reader would type it."""
    python = [os.path.basename(word).startswith("python") for word in words]
    at = python.index(True) if True in python else 0
    name = "python" if any(python) else os.path.basename(words[at])
    return " ".join([*words[:at], name, *words[at + 1 :]])


def code() -> str:
    """The commit that is checked out, with a `+` where files but the page differ from it."""
    try:
        commit = _git("rev-parse", "--short=7", "HEAD").strip()
        changed = _git("status", "--porcelain", "--", ".", f":!{PAGE.relative_to(ROOT)}")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main(words: Sequence[str]) -> int:
    if len(words) < 3 or words[1] != "--":
        print((__doc__ or "").split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    name, command, commit = words[0], words[2:], code()
    with_figure(PAGE.read_text(), name, "", "", "", "")  # a name without a row fails at once
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    if process.returncode < 0 or not last:
        return 1
    day = datetime.date.today().isoformat()
    figure = last.strip("= ")
    write_text(PAGE, with_figure(PAGE.read_text(), name, shown(command), day, commit, figure))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
