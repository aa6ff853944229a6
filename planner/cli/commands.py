"""Every command: what it answers, its options, and the module that runs it.

The modules load only when a command runs, so that help costs nothing. A new command is a module
with `run(arguments) -> int`, a function for its options, and a line in `COMMANDS`.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """`about` completes "planner NAME: ..."; `options` adds what the command takes."""

    about: str
    module: str
    options: Callable[[ArgumentParser], None]


def _scenario(parser: ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        metavar="SCENARIO",
        help="a folder with scenario.yaml, one .yaml file, or an .xlsx workbook",
    )


def _check(parser: ArgumentParser) -> None:
    _scenario(parser)


def _recommend(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument(
        "--budget",
        metavar="B[,B...]",
        help="the budget; several make a table of rank by budget (default: the scenario's)",
    )
    parser.add_argument(
        "--target-risk", metavar="R", help="least cost with the objective at most R"
    )
    parser.add_argument(
        "--objective",
        metavar="O",
        default="expected",
        help="expected, cvar:0.95, worst:1 or depth (default: expected)",
    )
    _search(
        parser, "seconds for all solving, ranking included (default: none; the ranking alone 10)"
    )
    parser.add_argument(
        "--alternatives",
        metavar="K",
        help="also the K best stacks, the best included (2 to 50)",
    )
    parser.add_argument(
        "--differ",
        metavar="D",
        help="any two of them differ in at least D techniques (default: 1)",
    )
    parser.add_argument(
        "--certify",
        action="store_true",
        help="take the time that a certificate needs (with --out it is always taken)",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="the ranking in full: Shapley shares, entry prices, firmness of ranks, the two lists",
    )
    _out(parser)


def _evaluate(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument(
        "--stack",
        metavar="A[,B...]",
        required=True,
        help='the stack to judge, such as rlhf,debate:full ("" for nothing)',
    )
    parser.add_argument("--budget", metavar="B", help="the budget (default: the scenario's)")
    parser.add_argument(
        "--objective",
        metavar="O",
        default="expected",
        help="expected, cvar:0.95, worst:1 or depth (default: expected)",
    )
    _search(parser, "seconds for all solving (default: none)")
    _out(parser)


def _explain(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument(
        "--stack",
        metavar="A[,B...]",
        help="explain this stack, such as rlhf,debate:full (default: the best)",
    )
    parser.add_argument("--budget", metavar="B", help="the budget (default: the scenario's)")
    parser.add_argument(
        "--objective",
        metavar="O",
        default="expected",
        help="what makes a stack best: expected, cvar:0.95, worst:1 or depth (default: expected)",
    )
    _search(parser, "seconds for each solve (default: none)")
    parser.add_argument(
        "--draws",
        metavar="N",
        help="random stacks that the best is compared with, at each budget (default: 200)",
    )
    _out(parser)


def _frontier(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument(
        "--points",
        metavar="N",
        help="a grid of N budgets, each solved to --gap (default: every breakpoint)",
    )
    parser.add_argument(
        "--against",
        metavar="A",
        help="an attribute (such as researchers) against the risk at one budget, instead of cost",
    )
    parser.add_argument(
        "--budget", metavar="B", help="that budget; with --against (default: the scenario's)"
    )
    parser.add_argument("--from", metavar="B", help="the least budget (default: the cheapest)")
    parser.add_argument("--to", metavar="B", help="the largest budget (default: what all cost)")
    parser.add_argument(
        "--objective",
        metavar="O",
        default="expected",
        help="expected, cvar:0.95 or worst:1 (default: expected)",
    )
    _search(parser, "seconds for all solving (default: 60)")
    _out(parser)


def _what_if(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument(
        "--set",
        metavar="PATH=VALUE",
        action="append",
        help="change a field, such as techniques.debate.cost=2; all --set make one case",
    )
    parser.add_argument(
        "--lock-in", metavar="X", action="append", help="buy X, such as rlhf or debate:full"
    )
    parser.add_argument("--lock-out", metavar="X", action="append", help="do not buy X")
    parser.add_argument(
        "--named",
        metavar="NAME",
        action="append",
        help="a named change of the scenario (default with no other case: all of them)",
    )
    parser.add_argument(
        "--vary",
        metavar="PATH=V,V...",
        action="append",
        help="a grid over values, such as joint.modes=0,0.3,0.6 or budget=5:20:1; at most 400 "
        "cells; --set and the locks hold in each",
    )
    parser.add_argument(
        "--objective",
        metavar="O",
        default="expected",
        help="expected, cvar:0.95, worst:1 or depth (default: expected)",
    )
    _search(parser, "seconds for all solving (default: none)")
    _out(parser)


def _robust(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument("--draws", metavar="N", help="how many draws (default: 1000)")
    parser.add_argument("--budget", metavar="B", help="the budget (default: the scenario's)")
    parser.add_argument(
        "--judgement-correlation",
        metavar="R",
        help="how far one expert's errors move all her cells together, 0 to 1 (default: the "
        "scenario's judgement_correlation, or 0)",
    )
    parser.add_argument(
        "--by-confidence",
        action="store_true",
        help="draw plain numbers too, each from an interval as wide as its source's confidence",
    )
    parser.add_argument(
        "--settle",
        metavar="N",
        help="judgements whose worth, if settled, is estimated (default: 6; 0: none)",
    )
    _search(parser, "seconds for each solve (default: none)")
    _out(parser)


def _gaps(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument("--budget", metavar="B", help="the budget (default: the scenario's)")
    parser.add_argument(
        "--objective",
        metavar="O",
        default="expected",
        help="expected, cvar:0.95 or worst:1 (default: expected)",
    )
    parser.add_argument(
        "--cost",
        metavar="C",
        help="what a new technique costs: what must it withstand? (default: the median cost)",
    )
    parser.add_argument(
        "--modes",
        metavar="K",
        help="how many modes the wanted profile withstands (default: the fewest worth that cost)",
    )
    parser.add_argument(
        "--withstands",
        metavar="V",
        help="its vulnerability to those (default: the least of the scale)",
    )
    parser.add_argument(
        "--fails", metavar="V", help="and to the other modes (default: the largest of the scale)"
    )
    parser.add_argument(
        "--success", metavar="S", help="the chance that it delivers (default: the median)"
    )
    _search(parser, "seconds for all solving (default: the plan, then 60)")
    _out(parser)


def _app(parser: ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        metavar="SCENARIO",
        nargs="?",
        help="what to open: a folder with scenario.yaml, or one file (default: upload one)",
    )
    parser.add_argument(
        "--port", metavar="P", help="port of 127.0.0.1 (default: 8321; 0: any that is free)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="do not open the page in a browser"
    )


def _report(parser: ArgumentParser) -> None:
    _scenario(parser)
    parser.add_argument(
        "--out", metavar="FILE", help="the file to write (default: report.html, here)"
    )
    parser.add_argument(
        "--format", metavar="F", help="html, xlsx or md (default: by the file's ending)"
    )
    parser.add_argument("--budget", metavar="B", help="the budget (default: the scenario's)")
    parser.add_argument(
        "--objective",
        metavar="O",
        default="expected",
        help="expected, cvar:0.95, worst:1 or depth (default: expected)",
    )
    _search(parser, "seconds for each part of the report (default: 20)")
    parser.add_argument(
        "--draws",
        metavar="N",
        help="draws from the stated uncertainty, 0 for none (default: as many as go quickly)",
    )


def _sweep(parser: ArgumentParser) -> None:
    parser.add_argument(
        "scenario", metavar="SCENARIO", nargs="*", help="folders with scenario.yaml, or .yaml files"
    )
    parser.add_argument("--draws", metavar="N", help="draws in each cell (default: the means)")
    parser.add_argument("--budget", metavar="B[,B...]", help="budgets, such as 5,9,12 or 5:20:1")
    parser.add_argument(
        "--vary",
        metavar="PATH=V,V...",
        action="append",
        help="an axis of the grid, such as joint.modes=0,0.3,0.6",
    )
    parser.add_argument(
        "--named",
        metavar="NAME",
        action="append",
        help="a named change of the scenario, beside the scenario as written",
    )
    parser.add_argument(
        "--experts",
        metavar="A[,B...]",
        help="experts by name, all, or own for the scenario's table",
    )
    parser.add_argument(
        "--objective",
        metavar="O[,O...]",
        default="expected",
        help="expected, cvar:0.95, worst:1 or depth (default: expected)",
    )
    parser.add_argument(
        "--solver",
        metavar="NAME",
        default="auto",
        help="auto, enumerate, or what `planner solvers` lists (default: auto)",
    )
    parser.add_argument(
        "--gap", metavar="G", help="stop at this relative gap (default: 1e-4; enumeration: 0)"
    )
    parser.add_argument("--seed", metavar="N", help="seed of the draws (default: 0)")
    parser.add_argument(
        "--workers", metavar="N", help="processes of this machine (default: 1, this one)"
    )
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="a Dask scheduler, such as tcp://10.0.0.1:8786"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the sweep in the --out folder, if any"
    )
    parser.add_argument(
        "--status", action="store_true", help="only say how far the sweep in the --out folder is"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="keep every finished case there, and write the tables as files"
    )


def _search(parser: ArgumentParser, limit: str) -> None:
    parser.add_argument(
        "--solver",
        metavar="NAME",
        default="auto",
        help="auto, enumerate, or what `planner solvers` lists (default: auto)",
    )
    parser.add_argument(
        "--gap", metavar="G", help="stop at this relative gap (default: 1e-4; enumeration: 0)"
    )
    parser.add_argument("--time-limit", metavar="S", help=limit)
    parser.add_argument(
        "--seed", metavar="N", help="seed of the draws, where something is drawn (default: 0)"
    )


def _out(parser: ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="also write what was printed as files")


def _verify(parser: ArgumentParser) -> None:
    parser.add_argument("plan", metavar="PLAN.json", help="a plan that `recommend --out` wrote")
    _scenario(parser)
    parser.add_argument(
        "--numbers-only",
        action="store_true",
        help="a proof that cannot be checked is not held against the plan",
    )


def _new(parser: ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="the new .xlsx workbook, or the new folder")
    parser.add_argument(
        "--from",
        metavar="SCENARIO",
        dest="scenario",
        help="a sheet of questions about this scenario instead; PATH ends in .xlsx or .csv",
    )
    parser.add_argument("--expert", metavar="NAME", help="who will answer the questions")
    parser.add_argument(
        "--all", action="store_true", help="ask about every cell, not only those worth asking"
    )


def _import(parser: ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a scenario in another form, a table (.csv, .xlsx), or an expert's filled-in sheet",
    )
    parser.add_argument(
        "--out",
        metavar="PATH",
        required=True,
        help="the new folder, or the new .xlsx or .yaml file",
    )
    parser.add_argument("--map", metavar="FILE", help="a small YAML file: what each column holds")
    parser.add_argument(
        "--from",
        metavar="SCENARIO",
        dest="scenario",
        help="the scenario that the expert's sheet is about",
    )
    parser.add_argument(
        "--expert", metavar="NAME", help="the expert (default: the name in the sheet)"
    )


def _solvers(parser: ArgumentParser) -> None:  # noqa: ARG001 - has none of its own
    return


COMMANDS: dict[str, Command] = {
    "check": Command(
        "is the scenario well formed, what does it hold, what looks odd",
        "planner.cli.check",
        _check,
    ),
    "recommend": Command(
        "which stack, in which order of importance, and how sure",
        "planner.cli.recommend",
        _recommend,
    ),
    "evaluate": Command(
        "my own stack against the best: gap, the best swap, add and drop",
        "planner.cli.evaluate",
        _evaluate,
    ),
    "explain": Command(
        "how failures go together, and what it costs to ignore that",
        "planner.cli.explain",
        _explain,
    ),
    "frontier": Command(
        "every efficient stack, and the budget where each technique enters",
        "planner.cli.frontier",
        _frontier,
    ),
    "what-if": Command(
        "what changes when a number, a rule or the budget does",
        "planner.cli.what_if",
        _what_if,
    ),
    "robust": Command(
        "how far the advice survives what is uncertain",
        "planner.cli.robust",
        _robust,
    ),
    "gaps": Command(
        "what a new technique must withstand, and may cost, to enter",
        "planner.cli.gaps",
        _gaps,
    ),
    "verify": Command(
        "does a saved plan hold: rules, cost, risk, proof; no solver runs",
        "planner.cli.verify",
        _verify,
    ),
    "new": Command(
        "an empty scenario to fill in, or questions for an expert",
        "planner.cli.new",
        _new,
    ),
    "import": Command(
        "a scenario from tables that people have, or in another form",
        "planner.cli.bring",
        _import,
    ),
    "report": Command(
        "one page, workbook or text with all of the above, for a board",
        "planner.cli.report",
        _report,
    ),
    "app": Command(
        "the what-if page in a browser, on this machine",
        "planner.cli.app",
        _app,
    ),
    "sweep": Command(
        "many budgets, changes, experts and draws, resumable, in parallel",
        "planner.cli.sweep",
        _sweep,
    ),
    "solvers": Command(
        "what can solve here, what each reports, how to install the rest",
        "planner.cli.solvers",
        _solvers,
    ),
}
