"""A stack as a person writes it: labels of options, read into columns; and in words."""

from __future__ import annotations

from collections.abc import Sequence

from planner.errors import BadInput, Finding
from planner.plan import Question
from planner.program.types import Program
from planner.scenario.notes import nearest

#: Options that a sentence names; a longer stack goes by its size.
MOST_NAMED = 8


def in_words(stack: Sequence[str]) -> str:
    """A stack in a sentence.

    >>> in_words([]), in_words(["debate", "re:half"]), in_words(list("abcdefghi"))
    ('nothing', 'debate, re:half', 'a stack of 9')
    """
    if len(stack) > MOST_NAMED:
        return f"a stack of {len(stack)}"
    return ", ".join(stack) or "nothing"


def read_stack(question: Question, program: Program, stack: Sequence[str]) -> tuple[int, ...]:
    """Column numbers of a stack of labels, rising. `re:full` may be written for `re`.

    Raises BadInput (option --stack) with a finding for every label that is no option, is named
    twice, is a second level of one technique, or belongs to a technique that others pay for.
    """
    settled, techniques = question.settled, question.scenario.techniques
    paid = {techniques[settled.options[k].technique].id for k in program.committed}
    columns = {label: j for j, label in enumerate(program.labels)}
    written = dict(columns)
    for j, k in enumerate(program.option):
        option = settled.options[k]
        written[f"{techniques[option.technique].id}:{option.level}"] = j
    taken: dict[int, str] = {}
    chosen: list[int] = []
    findings = []
    for label in stack:
        if label in written:
            column = written[label]
            other = taken.get(program.technique[column])
            if column in chosen:
                findings.append(_finding(f"{label} is named twice.", "Name it once."))
            elif other is not None:
                message = f"{label} and {other} are two levels of one technique."
                findings.append(_finding(message, "Keep one of them."))
            else:
                taken[program.technique[column]] = label
                chosen.append(column)
        elif label in paid or label.partition(":")[0] in paid:
            findings.append(_finding(f"Others pay for {label} already.", "Leave it out."))
        else:
            findings.append(_finding(f"{label!r} is no option here.", _suggest(label, columns)))
    if findings:
        raise BadInput.of(findings)
    return tuple(sorted(chosen))


def _finding(message: str, cure: str) -> Finding:
    return Finding("--stack", None, None, message, cure)


def _suggest(label: str, known: dict[str, int]) -> str:
    levels = [name for name in known if name.startswith(f"{label}:")]
    if not levels:
        id = label.partition(":")[0]
        levels = [name for name in known if name.startswith(f"{id}:")] if ":" in label else []
        if id in known and ":" in label:
            return f"It has no levels: write {id}."
    if levels:
        return f"Name a level: {', '.join(levels)}."
    close = nearest(label, known)
    if close is not None:
        return f"Did you mean {close}?"
    return f"Write labels such as {', '.join(sorted(known)[:3])}." if known else "Nothing is sold."
