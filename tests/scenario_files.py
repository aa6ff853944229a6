"""A small scenario as files, and ways to change one thing in it."""

from __future__ import annotations

from pathlib import Path

MAIN = """\
planner: 1
name: Base
budget: 3
techniques: techniques.csv
modes: modes.csv
vulnerability: vulnerability.csv
"""
TECHNIQUES = "id,name,cost\na,Alpha,1\nb,Beta,2\n"
MODES = "id,probability\nm,0.1\nn,0.2\n"
VULNERABILITY = "technique,m,n\na,0.5,0.1\nb,0.2,0.3\n"
EXPLICIT = """\
planner: 1
name: Base
budget: 3
techniques: techniques.csv
worlds: worlds.csv
failure: failure.csv
"""
WORLDS = "world,weight\ncalm,0.7\nstorm,0.3\n"
FAILURE = "technique,world,failure\na,calm,0.1\na,storm,0.9\nb,storm,0.5\n"

Files = dict[str, str | bytes]


def base(**changes: str | bytes) -> Files:
    """Files of the scenario of failure modes; `main`, `techniques`, ... replace one."""
    files: Files = {
        "scenario.yaml": changes.pop("main", MAIN),
        "techniques.csv": TECHNIQUES,
        "modes.csv": MODES,
        "vulnerability.csv": VULNERABILITY,
    }
    return files | {f"{name}.csv": content for name, content in changes.items()}


def explicit(**changes: str | bytes) -> Files:
    """Files of the scenario of explicit worlds."""
    files: Files = {
        "scenario.yaml": changes.pop("main", EXPLICIT),
        "techniques.csv": TECHNIQUES,
        "worlds.csv": WORLDS,
        "failure.csv": FAILURE,
    }
    return files | {f"{name}.csv": content for name, content in changes.items()}


def write(folder: Path, files: Files) -> Path:
    """Write the files; return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
