"""What each sheet of a workbook is for, and what its columns hold: words for people."""

from __future__ import annotations

#: A sentence for each sheet, shown on its first heading and in `how to`.
SHEETS = {
    "scenario": "One value a row: name, budget and how the numbers are read.",
    "techniques": "What money can buy: a row for each technique or research agenda.",
    "levels": "Only for techniques that can be funded at several levels: a row for each level.",
    "modes": "Conditions under which techniques fail: a row for each failure mode.",
    "vulnerability": "The chance that a technique fails when a mode is active: a row for each "
    "technique, a column for each mode.",
    "scale": "Words that may stand in the vulnerability table, and the chance that each means.",
    "rules": "What a stack must obey beside the budget, and what others pay for.",
    "groups": "Common causes: techniques of one group tend to fail together.",
    "what_if": "Named changes, to be compared with the scenario as it stands.",
    "experts": "Experts whose judgements are kept apart, each with a sheet like vulnerability.",
    "sources": "Where the numbers come from: a row for each number.",
    "correlation": "How the modes' activity hangs together: a correlation for each pair.",
    "worlds": "Worlds of your own making, instead of modes.",
    "failure": "The chance that a technique fails in a world.",
}

_VALUE = "A number, or a 90% range such as 0.1 to 0.4."
_CHANCE = f"From 0 to 1. {_VALUE}"

#: What stands in a column of any sheet, unless the sheet has words of its own.
COLUMNS = {
    "id": "A short id of letters, digits, _ and -, such as debate.",
    "name": "Free text, as people call it.",
    "cost": "In the currency of the sheet scenario. A number, or a range such as 1 to 3.",
    "success": f"Chance that the research delivers something deployed. {_CHANCE} Blank: 1.",
    "background": f"Chance of failing though no mode is active. {_CHANCE} Blank: 0.",
    "groups": "Groups of the sheet groups, as in a;b:0.3 (own loading after the colon).",
    "technique": "Id of a technique.",
    "level": "Id of the level, such as pilot or full.",
    "probability": f"Chance that the mode is active. {_CHANCE}",
    "loss": "Loss while the mode is active and all fail; blank: 1.",
    "symbol": "A word for the vulnerability table, such as prone.",
    "value": _VALUE,
    "group": "Id of the group.",
    "loading": "How strongly its members share the cause, from 0 to 0.99.",
    "setting": "What is set.",
    "note": "For people; it is not read.",
    "rule": "fund, exclude, committed, requires, at_most or limit.",
    "of": "Ids with commas between them.",
    "attribute": "cost, or a column of techniques that you added, such as researchers.",
    "at least": "A number.",
    "at most": "A number; for at_most how many of the techniques in `of`.",
    "path": "What changes, such as budget or techniques.debate.cost.",
    "expert": "Name of the expert.",
    "sheet": "Name of the sheet with the expert's table.",
    "weight": "Counts where judgements are pooled; blank: 1.",
    "table": "The sheet that the number stands in.",
    "row": "Id of the number's row.",
    "column": "Mode, or column, of the number.",
    "source": "Where it was read: a title, a page, a link.",
    "judged by": "Who turned the source into a number.",
    "date": "Of the source, such as 2025-10-13.",
    "confidence": "H, M or L.",
    "world": "Id of a world.",
    "failure": f"Chance of failing. {_CHANCE}",
}

#: The settings, each with what it means; the values are those of an empty scenario.
SETTINGS = (
    ("planner", "1", "Version of this format; leave it."),
    ("name", "", "Name of the scenario."),
    ("currency", "USD million", "Label of every amount."),
    ("budget", "", "How much there is to spend."),
    (
        "reading",
        "together",
        "by-mode: every mode must be withstood by some technique. together: a technique counts "
        "only if it withstands all that strikes.",
    ),
    ("joint", "independent", "independent, or one correlation of the modes from 0 to 1."),
    ("unlisted", "0", "Chance of a cause that nobody listed, such as 0.01."),
    ("baseline_loss", "1", "Loss where no mode is active and all fail."),
    ("threshold", "0.5", "From where a cell counts as failing in cut sets."),
    ("samples", "8192", "Draws, where worlds cannot be listed one by one."),
    ("judgement_correlation", "0", "How far one judge errs alike in all cells, from 0 to 1."),
)

#: A row each that shows how a sheet is filled in; it starts with # and is not read.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "techniques": ("# debate", "AI debate", "1.5", "0.6", "0.02", ""),
    "levels": ("# debate", "pilot", "0.5", "0.3"),
    "modes": ("# deceit", "The system plays along", "0.1 to 0.4", "1"),
    "vulnerability": ("# debate", "prone", "ok", "0.3"),
    "rules": ("# requires", "debate", "rlhf, probes", "", "", "", "debate needs both"),
    "groups": ("# pipeline", "0.4", "the same training pipeline"),
    "what_if": ("# half", "budget", "4.5", "half the money"),
    "sources": ("# vulnerability", "debate", "deceit", "Title, page", "", "A. B.", "2025", "M"),
}

HOW_TO = (
    ("What this is", ""),
    (
        "",
        "A workbook in which a funder says what could be funded, what it costs, and how it could "
        "fail. The planner then finds the stack that leaves the least risk within the budget.",
    ),
    ("In five steps", ""),
    ("1", "scenario: give a name and a budget."),
    ("2", "techniques: a row for each technique or agenda, with an id and a cost."),
    ("3", "modes: a row for each way in which techniques fail, with its chance."),
    (
        "4",
        "vulnerability: a row for each technique (its id), a column for each mode (its id in the "
        "first row). In each cell the chance that the technique FAILS when the mode is active: a "
        "word of the sheet scale, a number from 0 to 1, or a range such as 0.1 to 0.4.",
    ),
    (
        "5",
        "Save the workbook, then run:  planner check THIS.xlsx  and  planner recommend THIS.xlsx",
    ),
    ("How to write", ""),
    (
        "",
        "Rows that start with # are examples or remarks. They are not read; leave or delete them.",
    ),
    ("", "Yellow cells are yours. Point at a heading to see what its column holds."),
    ("", "Numbers have a point and no % or currency sign: 0.3, not 30%."),
    ("", "A blank cell means the default where there is one, else the planner asks for it."),
    ("", "Further columns in techniques are attributes, such as researchers, for use in rules."),
    ("", "The sheets levels, rules, groups, what_if and sources may stay empty."),
    ("", "Formulas may be used; save the workbook so that their results are in it."),
)
