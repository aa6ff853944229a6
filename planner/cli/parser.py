"""Words of a command line -> a command with its arguments, or findings about them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import planner
from planner.cli.commands import COMMANDS, Command
from planner.errors import BadInput, Finding
from planner.scenario.notes import nearest, shown

_NUMBER = re.compile(r"-[0-9.]")


@dataclass(frozen=True)
class Asked:
    """What a command line asks for: a command with its arguments, or (`text`) just a text."""

    command: str = ""
    arguments: argparse.Namespace = field(default_factory=argparse.Namespace)
    text: str | None = None


def parse(words: Sequence[str]) -> Asked:
    """The command and its arguments. Raises BadInput with every finding about the words."""
    if not set(words) - {"--json"}:
        raise _refused("No command is given.", f"Write planner COMMAND: {_choices()}.", "planner")
    name, *rest = words
    if name in ("-h", "--help"):
        return Asked(text=_overview())
    if name == "--version":
        return Asked(text=f"planner {planner.__version__}\n")
    if name.startswith("-"):
        raise _refused(
            f"{shown(name)} stands before the command.",
            f"Write the command first: {_choices()}.",
            "planner",
        )
    if name not in COMMANDS:
        raise _refused(f"{shown(name)} is not a command.", _instead(name), "planner")
    parser = _parser(name, COMMANDS[name])
    if any(word in ("-h", "--help") for word in rest):
        return Asked(name, text=parser.format_help())
    _check_options(parser, rest)
    return Asked(name, parser.parse_args(rest))


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are findings."""

    def error(self, message: str) -> NoReturn:
        message = message[:1].upper() + message[1:].rstrip(".") + "."
        raise _refused(message, f"See {self.prog} --help.", self.prog)


class _Once(argparse.Action):
    """An option that may be given once."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse passes it
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        seen = vars(namespace).setdefault("given", set())
        if option_string is not None and self.dest in seen:
            raise _refused("is given twice.", "Leave one of the two out.", option_string)
        seen.add(self.dest)
        setattr(namespace, self.dest, values)


def _parser(name: str, command: Command) -> _Parser:
    parser = _Parser(
        prog=f"planner {name}",
        description=f"{command.about[:1].upper()}{command.about[1:]}.",
        allow_abbrev=False,
        add_help=False,
    )
    parser.register("action", None, _Once)
    parser.register("action", "store", _Once)
    command.options(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document, and nothing else"
    )
    parser.add_argument("-h", "--help", action="store_true", help="show these options")
    return parser


def _check_options(parser: _Parser, words: Sequence[str]) -> None:
    """A finding for every word that looks like an option and is none."""
    known = [string for action in parser._actions for string in action.option_strings]
    findings = []
    for word in words:
        if word == "--":
            break
        option = word.partition("=")[0]
        if len(word) < 2 or word[0] != "-" or _NUMBER.match(word) or option in known:
            continue
        close = nearest(option, [k for k in known if k.startswith("--")])
        cure = f"Did you mean {close}?" if close else f"See {parser.prog} --help."
        findings.append(
            Finding(parser.prog, None, None, f"{shown(option)} is not an option.", cure)
        )
    if findings:
        raise BadInput.of(findings)


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {command.about}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: planner COMMAND SCENARIO [options]",
            "",
            "Which AI-safety research to fund together: the stack that leaves the least",
            "correlated risk under a budget, with its proof.",
            "",
            "commands:",
            *lines,
            "",
            "Every command takes --json (one JSON document on stdout) and --help.",
            "planner --version prints the version.",
            "",
        ]
    )


def _instead(word: str) -> str:
    close = nearest(word, COMMANDS)
    if close:
        return f"Did you mean {close}?"
    if len(word) < 4096 and "\0" not in word and Path(word).exists():
        return f"Put a command before it: planner recommend {shown(word)}."
    return f"Write one of: {_choices()}."


def _choices() -> str:
    return ", ".join(COMMANDS)


def _refused(message: str, cure: str, where: str) -> BadInput:
    return BadInput.of((Finding(where, None, None, message, cure),))
