"""Help and `check` load no heavy library; the public names of the package are all there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import planner
from planner.cli.commands import COMMANDS
from planner.cli.main import main

ROOT = Path(__file__).parents[2]
SOLVING = {"highspy", "ortools", "pulp"}
HEAVY = SOLVING | {"pandas", "scipy", "matplotlib", "numpy", "rich"}


def loaded(code):
    """Modules that a fresh interpreter has loaded after running the code."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr))


@pytest.mark.parametrize("words", [["--help"], ["recommend", "--help"]])
def test_help_loads_nothing_heavy(words):
    assert not HEAVY & loaded(f"from planner.cli.main import main\nmain({words})")


def test_importing_the_package_loads_nothing_heavy():
    assert not HEAVY & loaded("import planner")


def test_check_loads_neither_tables_nor_figures_nor_solvers():
    code = "from planner.cli.main import main\nmain(['check', 'scenarios/dung-mai-2025'])"
    modules = loaded(code)
    assert not (SOLVING | {"pandas", "matplotlib", "scipy.stats"}) & modules
    assert not {"openpyxl", "xlsxwriter"} & modules


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_a_place_in_the_docs(name, capsys):
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: planner {name}")
    assert "--json" in out
    assert f"## {name}" in (ROOT / "docs" / "commands.md").read_text("utf-8")


def test_the_overview_lists_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)
    assert all(len(line) <= 80 for line in out.splitlines())


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"planner {planner.__version__}\n"


def test_every_public_name_is_there():
    assert set(planner.__all__) == set(planner._HOMES) | {"__version__"}
    for name in planner.__all__:
        assert getattr(planner, name) is not None
    assert set(planner.__all__) <= set(dir(planner))
    with pytest.raises(AttributeError):
        _ = planner.no_such_name
