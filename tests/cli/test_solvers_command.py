"""`planner solvers`: what can solve here."""

import json

from planner.cli.main import main
from planner.solve.engine import BACKENDS, SOLVERS


def test_every_backend_and_every_route_of_our_own_is_listed(capsys):
    assert main(["solvers", "--json"]) == 0
    solvers = json.loads(capsys.readouterr().out)["solvers"]
    assert [s["name"] for s in solvers] == ["enumerate", "core", *(b.name for b in BACKENDS)]
    assert {s["name"] for s in solvers} == set(SOLVERS) - {"auto"}
    for solver in solvers:
        assert isinstance(solver["bound"], bool)
        assert (solver["install"] is None) == solver["installed"]


def test_a_missing_backend_says_how_to_install_it(capsys, monkeypatch):
    monkeypatch.setattr(type(BACKENDS[0]), "version", lambda self: None)  # noqa: ARG005
    assert main(["solvers"]) == 0
    out = capsys.readouterr().out
    assert "not installed" in out
    assert "python -m pip install highspy" in out
