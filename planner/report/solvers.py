"""What can solve here, for people and for programs."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table

import planner
from planner.report.screen import plain
from planner.report.wording import DASH
from planner.solve.engine import BACKENDS

#: Backend -> the package that brings it.
PACKAGES = {"highs": "highspy", "cp-sat": "ortools", "pulp": "pulp", "cbc": "pulp"}

#: Routes that ship with the planner.
OWN = {
    "enumerate": "tries every stack: small instances only, gap always 0",
    "core": "core enumeration: dense instances; ships with the planner",
}

_FEATURES = ("bound", "warm_start", "lazy_cuts", "integers_only")


def document() -> dict[str, Any]:
    """One entry a solver; `install` is null where it is there."""
    return {"default": "auto", "solvers": _rows()}


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "version": planner.__version__,
            "installed": True,
            "bound": True,
            "warm_start": False,
            "lazy_cuts": False,
            "integers_only": False,
            "note": note,
            "install": None,
        }
        for name, note in OWN.items()
    ]
    for backend in BACKENDS:
        version = backend.version()
        package = PACKAGES.get(backend.name, backend.name)
        rows.append(
            {
                "name": backend.name,
                "version": version,
                "installed": version is not None,
                **{name: getattr(backend.features, name) for name in _FEATURES},
                "note": backend.features.note,
                "install": None if version is not None else f"python -m pip install {package}",
            }
        )
    return rows


def page() -> list[RenderableType]:
    view = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True)
    view.add_column("solver")
    view.add_column("version")
    for name in _FEATURES:
        view.add_column(name.replace("_", "\n"), justify="center")
    view.add_column("note", overflow="fold", min_width=16)
    missing = []
    for row in _rows():
        marks = [plain("yes" if row[name] else DASH) for name in _FEATURES]
        version = plain(row["version"] or "not installed")
        view.add_row(plain(row["name"], "bold"), version, *marks, plain(row["note"]))
        if row["install"]:
            missing.append(plain(f"To install {row['name']}: {row['install']}"))
    return [
        view,
        *missing,
        plain(
            "--solver auto, the default, tries every stack where there are few enough, takes core "
            f"enumeration for what it fits, and else uses {BACKENDS[0].name}."
        ),
    ]
