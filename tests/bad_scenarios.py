# ruff: noqa: E501  one case a line reads best as a table
"""Scenarios with one thing wrong: files, and where and what must be said of them."""

from __future__ import annotations

from scenario_files import (
    EXPLICIT,
    FAILURE,
    MAIN,
    MODES,
    TECHNIQUES,
    VULNERABILITY,
    Files,
    base,
    explicit,
)

Y, T, M, V = "scenario.yaml", "techniques.csv", "modes.csv", "vulnerability.csv"
Case = tuple[str, Files, str, int | None, str | None, str, str]


def more(text: str, **changes: str | bytes) -> Files:
    """The base scenario with lines after the sixth of scenario.yaml."""
    return base(main=MAIN + text, **changes)


def worlds_more(text: str, **changes: str | bytes) -> Files:
    return explicit(main=EXPLICIT + text, **changes)


def budget(text: str) -> Files:
    return base(main=MAIN.replace("budget: 3", f"budget: {text}"))


def cost(text: str) -> Files:
    return base(techniques=TECHNIQUES.replace("Alpha,1", f"Alpha,{text}"))


def cell(text: str) -> Files:
    return base(vulnerability=VULNERABILITY.replace("a,0.5", f"a,{text}"))


def matrix(text: str) -> Files:
    return more("joint: {modes: r.csv}\n", r="mode,m,n\n" + text)


THREE: Files = {
    "modes": "id,probability\nm,0.1\nn,0.2\no,0.2\n",
    "vulnerability": "technique,m,n,o\na,0.5,0.1,1\nb,0.2,0.3,1\n",
}

# What is written, and: file, line, column, part of the message, part of the cure.
CASES: list[Case] = [
    # Text and YAML
    ("an empty file", base(main=""), Y, None, None, "empty", "Fill"),
    ("only a comment", base(main="# nothing\n"), Y, None, None, "empty", "planner: 1"),
    ("UTF-16", base(main=MAIN.encode("utf-16")), Y, None, None, "UTF-16", "UTF-8"),
    ("UTF-16 without a mark", base(main=MAIN.encode("utf-16-le")), Y, None, None, "UTF-16", "UTF-8"),
    ("Latin-1", base(main=MAIN.replace("Base", "Bäse").encode("latin-1")), Y, 2, None, "0xE4 at offset 18", "UTF-8"),
    ("a control character", base(main=MAIN.replace("Base", "B\x07se")), Y, 2, None, "U+0007", "Remove"),
    ("a NUL", base(main=MAIN.replace("Base", "B\0se")), Y, 2, None, "NUL", "Remove"),
    ("an escaped control character", base(main=MAIN.replace("Base", '"B\\x1bse"')), Y, 2, None, "U+001B", "Remove"),
    ("an escaped surrogate", base(main=MAIN.replace("Base", '"B\\ud800se"')), Y, 2, None, "U+D800", "Remove"),
    ("an escape beyond Unicode", base(main=MAIN.replace("Base", '"\\UFFFFFFFF"')), Y, None, None, "cannot be read", "escapes"),
    ("an anchor", base(main=MAIN.replace("Base", "&x Base")), Y, 2, None, "&x is an anchor", "write the value"),
    ("an alias", more("currency: *x\n"), Y, 7, None, "*x is an alias", "Write the value"),
    ("a merge key", more("rules: {<<: {fund: [a]}}\n"), Y, 7, None, "merge key", "Write the values"),
    ("a recursive anchor", more("rules: &r {fund: *r}\n"), Y, 7, None, "*r is an alias", "Write the value"),
    ("a tag", base(main=MAIN.replace("3", "!!int 3")), Y, 3, None, "is a tag", "Remove"),
    ("a Python tag", more("currency: !!python/object/apply:os.system [ls]\n"), Y, 7, None, "is a tag", "Remove"),
    ("a duplicate key", more("name: Other\n"), Y, 7, "name", "on lines 2 and 7", "Keep one"),
    ("thousands", budget("1_000"), Y, 3, "budget", "1_000, which is not a number", "Write 1000."),
    ("a leading zero", budget("010"), Y, 3, "budget", "needless zero", "Write 10."),
    ("a time", budget("1:30"), Y, 3, "budget", "1:30", "time"),
    ("a date", budget("2025-01-01"), Y, 3, "budget", "2025-01-01", "date"),
    (".nan", budget(".nan"), Y, 3, "budget", ".nan", "finite"),
    (".inf", budget(".inf"), Y, 3, "budget", ".inf", "finite"),
    ("a percentage", more("unlisted: 30%\n"), Y, 7, "unlisted", "30%, which is not a number", "Write 0.3."),
    ("a currency sign", budget("$1,000"), Y, 3, "budget", "$1,000", "Write 1000,"),
    ("a decimal comma", budget('"1,5"'), Y, 3, "budget", "1,5, which is not a number", "Write 1.5."),
    ("a grouping comma", budget('"1,000"'), Y, 3, "budget", "1,000", "Write 1000, or 1.000"),
    ("thousands of digits", budget("9" * 5000), Y, 3, "budget", "5000 digits", "fewer"),
    ("deep nesting", more("rules: " + "[" * 5000 + "]" * 5000), Y, 7, None, "more than 50", "brackets"),
    ("deep nesting without an end", more("rules: " + "{a: " * 5000), Y, 7, None, "more than 50", "brackets"),
    ("deep nesting by indents", more("rules:\n" + "".join(" " * k + "a:\n" for k in range(1, 80))), Y, 57, None, "more than 50", "indents"),
    ("several documents", more("---\nplanner: 1\n"), Y, 7, None, "several documents", "---"),
    ("a tab", more("rules:\n\tfund: [a]\n"), Y, 8, None, "tab", "spaces"),
    ("null", base(main=MAIN.replace("Base", "null")), Y, 2, "name", "blank", "Write a value"),
    ("nothing after a key", budget(""), Y, 3, "budget", "blank", "remove the line"),
    ("an unknown key", more("bugdet: 4\n"), Y, 7, "bugdet", "not a known key", "Did you mean budget?"),
    ("a strange key", more("xyzzy: 4\n"), Y, 7, "xyzzy", "not a known key", "write one of"),
    ("an unknown rule", more("rules: {funds: [a]}\n"), Y, 7, "rules.funds", "not a known key", "fund?"),
    ("an unknown key of joint", more("joint: {mode: 0.3}\n"), Y, 7, "joint.mode", "not a known key", "modes?"),
    ("a list at the top", base(main="- a\n"), Y, 1, None, "not a mapping", "planner: 1"),
    ("an unclosed quote in YAML", more('currency: "USD\n'), Y, 7, None, "never closed", "Close"),
    ("a second colon", more("currency: a: b\n"), Y, 7, None, "`:`", "quotes"),
    ("a reserved character", more("currency: @home\n"), Y, 7, None, "reserves", "quotes"),
    ("a missing bracket", more("rules: {fund: [a}\n"), Y, 7, None, "cannot be read as YAML", "brackets"),
    ("no version", base(main=MAIN.replace("planner: 1\n", "")), Y, 1, "planner", "no key planner", "Add planner: 1"),
    ("a newer version", base(main=MAIN.replace("planner: 1", "planner: 2")), Y, 1, "planner", "made for a newer planner", "Update"),
    ("a version that is none", base(main=MAIN.replace("planner: 1", "planner: one")), Y, 1, "planner", "not a number", "planner: 1"),
    ("no name", base(main=MAIN.replace("name: Base\n", "")), Y, None, "name", "no name", "Add name"),
    ("no techniques", base(main=MAIN.replace("techniques: techniques.csv\n", "")), Y, None, "techniques", "names no techniques", "Add techniques"),
    ("no modes", base(main=MAIN.replace("modes: modes.csv\n", "")), Y, None, "modes", "no modes", "Add modes"),
    ("a list for a value", budget("[3]"), Y, 3, "budget", "list or a mapping", "single value"),
    ("a value for a list", more("rules: {fund: a}\n"), Y, 7, "rules.fund", "should hold a list", "[a, b]"),
    ("a value for a mapping", more("rules: a\n"), Y, 7, "rules", "should hold a mapping", "rules: {"),
    ("an empty inline table", base(main=MAIN.replace("modes.csv", "[]")), Y, 5, "modes", "empty", "Add a row"),
    ("a row that is no mapping", base(main=MAIN.replace("modes.csv", "[m]")), Y, 5, "modes", "not a mapping", "{id: a"),
    ("techniques as a mapping", base(main=MAIN.replace("techniques.csv", "{a: {cost: 1}}")), Y, 4, "techniques", "list of rows", "file name"),
    ("a column under two spellings", base(main=MAIN.replace("modes.csv", "[{id: m, ID: n, probability: 1}]")), Y, 5, "modes.ID", "name the same column", "Keep one"),
    ("a duplicate key but for quotes", base(main=MAIN.replace("vulnerability.csv", "{a: {m: 1, n: 1}, ' a': {m: 0, n: 0}, b: {m: 1, n: 1}}")), Y, 6, "a", "given twice", "Keep one"),
    # CSV
    ("an empty table", base(techniques=""), T, None, None, "empty", "Fill"),
    ("a header alone", base(techniques="id,cost\n"), T, None, None, "no rows", "Add a row"),
    ("semicolons", base(techniques=TECHNIQUES.replace(",", ";")), T, 1, None, "semicolons", "commas"),
    ("tabs between columns", base(techniques=TECHNIQUES.replace(",", "\t")), T, 1, None, "tabs", "commas"),
    ("a duplicate header", base(techniques="id,cost,cost\na,1,2\n"), T, 1, "cost", "twice", "Keep one"),
    ("a header doubled but for case", base(techniques="id,cost,Co st\na,1,2\n"), T, 1, "Co st", "cost and Co st", "Keep one"),
    ("an extra field", base(techniques=TECHNIQUES + "c,Gamma,1,5\n"), T, 4, None, "4 fields, the header has 3", "comma"),
    ("a missing field", base(techniques=TECHNIQUES + "c,Gamma\n"), T, 4, None, "2 fields, the header has 3", "missing field"),
    ("an unclosed quote", base(techniques=TECHNIQUES + 'c,"Gamma,1\n'), T, 4, None, "never closed", "Close"),
    ("a quote inside a cell", base(techniques=TECHNIQUES + 'c,"Ga"mma",1\n'), T, 4, None, "quote", "twice"),
    ("a long field", base(techniques=TECHNIQUES + f"c,{'x' * 10_001},1\n"), T, 4, None, "10,000 characters", "Shorten"),
    ("a huge field", base(techniques=TECHNIQUES + f"c,{'x' * 200_000},1\n"), T, 4, None, "10,000 characters", "Shorten"),
    ("Latin-1 in a table", base(techniques=TECHNIQUES.replace("Beta", "Bêta").encode("latin-1")), T, 3, None, "0xEA at offset 26", "UTF-8"),
    ("NUL in a table", base(techniques=TECHNIQUES.replace("Beta", "B\0ta")), T, 3, None, "NUL", "Remove"),
    ("a column without heading", base(techniques="id,cost,\na,1,2\nb,2,\n"), T, 1, None, "Column 3 has no heading", "Give"),
    # Meaning: numbers
    ("a negative cost", cost("-1"), T, 2, "cost", "negative", "positive"),
    ("an over-precise cost", cost("0.1234567891"), T, 2, "cost", "over-precise", "9 decimals"),
    ("a blank cost", cost(""), T, 2, "cost", "blank", "Write a number"),
    ("a cost with a currency", cost("3 USD"), T, 2, "cost", "3 USD", "Write 3, in the one unit"),
    ("another currency", cost("€3"), T, 2, "cost", "€3", "Write 3, in the one unit"),
    ("percent in a table", cell("30%"), V, 2, "m", "30%", "Write 0.3."),
    ("probability above 1", cell("1.5"), V, 2, "m", "outside 0 to 1", "0.015"),
    ("probability below 0", cell("-0.1"), V, 2, "m", "outside 0 to 1", "from 0 to 1"),
    ("NaN", cell("nan"), V, 2, "m", "nan, which is not a number", "finite"),
    ("a denormal", cell("1e-310"), V, 2, "m", "too close to zero", "Write 0"),
    ("a denormal by little", cell("0.1e-300"), V, 2, "m", "too close to zero", "Write 0"),
    ("a mode without probability", base(modes="id,probability\nm,\nn,0.1\n"), M, 2, "probability", "blank", "Write a number"),
    ("a negative loss", base(modes="id,probability,loss\nm,0.1,-1\nn,0.1,\n"), M, 2, "loss", "negative", "positive"),
    ("a negative budget", budget("-1"), Y, 3, "budget", "negative", "zero or"),
    ("an amount too large to count", cost("1e14"), T, None, "cost", "too large to count", "larger unit"),
    ("a budget too large to count", budget("1e14"), Y, 3, "budget", "too large to count", "larger unit"),
    ("an attribute that is no number", base(techniques="id,cost,staff\na,1,ten\nb,2,\n"), T, 2, "staff", "ten, which is not", "plain number"),
    ("an over-precise attribute", base(techniques="id,cost,staff\na,1,1e-12\nb,2,\n"), T, 1, "staff", "over-precise", "9 decimals"),
    ("a certain unlisted cause", more("unlisted: 1\n"), Y, 7, "unlisted", "is 1", "below 1"),
    ("a threshold of zero", more("threshold: 0\n"), Y, 7, "threshold", "is 0", "above 0"),
    ("too few samples", more("samples: 8\n"), Y, 7, "samples", "outside 64", "from 64"),
    ("half a sample", more("samples: 100.5\n"), Y, 7, "samples", "not a whole number", "whole number"),
    ("an unknown reading", more("reading: both\n"), Y, 7, "reading", "both", "together or by-mode"),
    # Meaning: the matrix
    ("a blank cell", cell(""), V, 2, "m", "of a to m is blank", "from 0 to 1"),
    ("a missing row", base(vulnerability="technique,m,n\na,0.5,0.1\n"), V, None, "technique", "no row for the technique b", "starts with b"),
    ("a missing column", base(vulnerability="technique,m\na,0.5\nb,0.1\n"), V, 1, "n", "no column for the mode n", "headed n"),
    ("an unknown row", base(vulnerability=VULNERABILITY + "alpha,1,1\n"), V, 4, "technique", "alpha is not a known technique", "one of: a, b"),
    ("an unknown column", base(modes="id,probability\ndeceit,1\n", vulnerability="technique,deciet\na,1\nb,1\n"), V, 1, "deciet", "not a known mode", "Did you mean deceit?"),
    ("a transposed matrix", base(vulnerability="mode,a,b\nm,0.5,0.1\nn,0.1,0.2\n"), V, 1, None, "transposed", "row for each technique"),
    ("a double row", base(vulnerability=VULNERABILITY + "a,1,1\n"), V, 4, "technique", "two rows, on lines 2 and 4", "Keep one"),
    ("an unknown symbol", base(main=MAIN + "scale: {prone: 0.8}\n", vulnerability=VULNERABILITY.replace("0.5", "pron")), V, 2, "m", "not a symbol", "Did you mean prone? The scale has: prone"),
    ("a symbol that is a number", more("scale: {1: 0.8}\n"), Y, 7, "scale.1", "reads as a number", "word"),
    ("two symbols alike", more("scale: {ok: 0.1, OK: 0.2}\n"), Y, 7, "scale.OK", "looks the same", "Keep one"),
    # Meaning: names
    ("an id with a space", base(techniques=TECHNIQUES + "AI debate,,1\n"), T, 4, "id", "not an id", "Write AI-debate."),
    ("a blank id", base(techniques=TECHNIQUES + ",x,1\n"), T, 4, "id", "blank", "short id"),
    ("a long id", base(techniques=TECHNIQUES + f"{'x' * 101},x,1\n"), T, 4, "id", "101 characters", "at most 100"),
    ("a double id", base(techniques=TECHNIQUES + "a,x,1\n"), T, 4, "id", "on lines 2 and 4", "Remove one"),
    ("a double id but for case", base(techniques=TECHNIQUES + "A,x,1\n"), T, 4, "id", "there as a, which looks the same", "rename"),
    ("a double id but for space", base(techniques=TECHNIQUES + "a\u00a0,x,1\n"), T, 4, "id", "on lines 2 and 4", "Remove one"),
    ("a double id but for Unicode", base(techniques=TECHNIQUES + "ａ,x,1\n"), T, 4, "id", "on lines 2 and 4", "Remove one"),
    ("a double mode", base(modes=MODES + "M,0.1\n"), M, 4, "id", "on lines 2 and 4", "Remove one"),
    ("a name that turns text", base(techniques=TECHNIQUES.replace("Beta", "B\u202eta")), T, 3, "name", "U+202E", "Remove"),
    ("a name of two lines", base(techniques=TECHNIQUES.replace("Beta", '"Be\nta"')), T, 3, "name", "U+000A", "one line"),
    ("a name of 10,000 characters", base(main=MAIN.replace("Base", "x" * 10_000)), Y, 2, "name", "10000 characters", "at most 200"),
    ("a blank name", base(main=MAIN.replace("Base", '" "')), Y, 2, "name", "blank", "Write"),
    ("a near miss of a column", base(techniques="id,cost,sucess\na,1,1\nb,2,1\n"), T, 1, "sucess", "not a known column", "Did you mean success?"),
    ("an unknown column of modes", base(modes="id,probability,wieght\nm,1,1\nn,1,1\n"), M, 1, "wieght", "not a known column of modes", "one of: id"),
    ("a missing column of modes", base(modes="id\nm\nn\n"), M, 1, "probability", "no column probability", "Add a column"),
    ("an unknown group", base(main=MAIN + "groups: {pipe: 0.4}\n", techniques="id,cost,groups\na,1,pip\nb,2,\n"), T, 2, "groups", "pip is not a known group", "pipe?"),
    ("a group that nothing declares", base(techniques="id,cost,groups\na,1,pipe\nb,2,\n"), T, 2, "groups", "pipe is not a known group", "Add groups"),
    ("loadings above 0.99", base(main=MAIN + "groups: {p: 0.6, q: 0.4}\n", techniques="id,cost,groups\na,1,p;q\nb,2,\n"), T, 2, "groups", "add up to 1", "0.99"),
    ("a loading in percent", base(main=MAIN + "groups: {p: 0.6}\n", techniques="id,cost,groups\na,1,p:30%\nb,2,\n"), T, 2, "groups", "30%", "Write 0.3."),
    # Meaning: levels and rules
    ("a level of no technique", more("levels: levels.csv\n", levels="technique,level,cost\nc,half,1\n"), "levels.csv", 2, "technique", "c is not a known technique", "one of: a, b"),
    ("a double level", more("levels: levels.csv\n", levels="technique,level,cost\na,half,1\na,Half,2\n"), "levels.csv", 3, "level", "on lines 2 and 3", "Remove one"),
    ("an unknown technique in a rule", more("rules: {fund: [aa]}\n"), Y, 7, "rules.fund", "aa is not a known technique", "Did you mean a?"),
    ("an unknown level in a rule", more("rules: {fund: ['a:half']}\n"), Y, 7, "rules.fund", "half is not a known level of a", "one of: full"),
    ("a rule that lists twice", more("rules: {exclude: [a, a]}\n"), Y, 7, "rules.exclude", "listed twice", "Keep it once"),
    ("a prerequisite of itself", more("rules: {requires: {a: [a]}}\n"), Y, 7, "rules.requires.a", "requires itself", "Remove"),
    ("a cycle of prerequisites", more("rules: {requires: {a: [b], b: [a]}}\n"), Y, 7, "rules.requires.a", "cycle: a -> b -> a", "Remove one"),
    ("a level in a count", more("rules: {at_most: [{of: ['a:full'], count: 1}]}\n"), Y, 7, "rules.at_most.of", "names a level", "Write a."),
    ("a negative count", more("rules: {at_most: [{of: [a], count: -1}]}\n"), Y, 7, "rules.at_most.count", "outside 0", "whole number"),
    ("no count", more("rules: {at_most: [{of: [a]}]}\n"), Y, 7, "rules.at_most.count", "no count", "Add count"),
    ("an unknown key of a limit", more("rules: {limits: [{attribute: cost, at_mst: 1}]}\n"), Y, 7, "rules.limits.at_mst", "not a known key", "at_most?"),
    ("a limit without bound", more("rules: {limits: [{attribute: cost}]}\n"), Y, 7, "rules.limits", "no bound", "at_most"),
    ("a limit on nothing", more("rules: {limits: [{at_most: 1}]}\n"), Y, 7, "rules.limits.attribute", "no attribute", "attribute: cost"),
    ("a limit on an unknown attribute", more("rules: {limits: [{attribute: costs, at_most: 1}]}\n"), Y, 7, "rules.limits.attribute", "costs is not a known attribute", "cost?"),
    ("an unknown committed technique", more("committed: [z]\n"), Y, 7, "committed", "z is not a known technique", "one of: a, b"),
    ("a technique committed twice", more("committed: [a, 'a:full']\n"), Y, 7, "committed", "listed twice", "one level"),
    # Meaning: correlation
    ("an asymmetric correlation", matrix("m,1,0.2\nn,0.3,1\n"), "r.csv", None, None, "n, m is 0.3 but m, n is 0.2", "same number"),
    ("a diagonal that is off", matrix("m,0.9,0.2\nn,0.2,1\n"), "r.csv", 2, "m", "0.9, not 1", "Write 1"),
    ("a correlation above 1", matrix("m,1,1.2\nn,1.2,1\n"), "r.csv", 2, "n", "outside -1 to 1", "from -1 to 1"),
    ("a correlation matrix that cannot be", more("joint: {modes: {m: {n: 0.9, o: 0.9}, n: {o: -0.9}}}\n", **THREE), Y, None, "joint.modes", "smallest eigenvalue is -0.8", "Multiply all correlations off the diagonal by 0.555"),
    ("a pair without correlation", more("joint: {modes: {m: {n: 0.9}}}\n", **THREE), Y, None, "joint.modes", "of o and m is not given", "as 0"),
    ("a mode missing in the matrix", matrix("m,1,0.2\n"), "r.csv", None, "mode", "no row for the mode n", "starts with n"),
    ("a factor above 1", more("joint: {modes: 1.5}\n"), Y, 7, "joint.modes", "outside 0 to 1", "0 to 1"),
    ("an unknown joint", more("joint: dependent\n"), Y, 7, "joint", "dependent", "independent"),
    # Explicit worlds
    ("weights that are all zero", explicit(worlds="world,weight\ncalm,0\nstorm,0\n"), Y, 5, "worlds", "are 0", "weight"),
    ("a mix of both forms", worlds_more("modes: modes.csv\n"), Y, 5, "worlds", "both modes and worlds", "Keep"),
    ("worlds without failure", explicit(main=EXPLICIT.replace("failure: failure.csv\n", "")), Y, None, "failure", "no failure", "Add failure"),
    ("joint with worlds", worlds_more("joint: {modes: 0.3}\n"), Y, 7, "joint", "does not apply", "Remove joint"),
    ("groups with worlds", worlds_more("groups: {p: 0.3}\n"), Y, 7, "groups", "does not apply", "Remove groups"),
    ("by-mode with worlds", worlds_more("reading: by-mode\n"), Y, 7, "reading", "does not apply", "Remove"),
    ("background with worlds", explicit(techniques="id,cost,background\na,1,0\nb,2,0.1\n"), T, 3, "background", "does not apply", "Blank"),
    ("a loss in some worlds", explicit(worlds="world,weight,loss\ncalm,1,2\nstorm,1,\n"), "worlds.csv", 3, "loss", "blank", "Write a number"),
    ("an unknown world", explicit(failure=FAILURE + "a,strom,1\n"), "failure.csv", 5, "world", "strom is not a known world", "storm?"),
    ("a pair given twice", explicit(failure=FAILURE + "a,storm,1\n"), "failure.csv", 5, "world", "on lines 3 and 5", "Keep one"),
    ("worlds transposed", explicit(failure="world,a,b\ncalm,1,1\nstorm,1,1\n"), "failure.csv", 1, None, "transposed", "row for each technique"),
    ("a wide table with a gap", explicit(failure="technique,calm,storm\na,1,\nb,1,1\n"), "failure.csv", 2, "storm", "of a in storm is blank", "Write a number"),
    # Files and the rest
    ("a file that is not there", base(main=MAIN.replace("modes.csv", "mode.csv")), Y, 5, "modes", "no file mode.csv", "Did you mean modes.csv?"),
    ("a way out", base(main=MAIN.replace("modes.csv", "../modes.csv")), Y, 5, "modes", "leads out", "Name a file"),
    ("an absolute path", base(main=MAIN.replace("modes.csv", "/etc/passwd.csv")), Y, 5, "modes", "absolute", "Name a file"),
    ("a drive letter", base(main=MAIN.replace("modes.csv", "'C:\\modes.csv'")), Y, 5, "modes", "drive letter", "Name a file"),
    ("a folder for a table", base(main=MAIN.replace("modes.csv", "x.csv")) | {"x.csv/y": ""}, Y, 5, "modes", "is a folder", "regular file"),
    ("a workbook for a table", base(main=MAIN.replace("modes.csv", "modes.xlsx")), Y, 5, "modes", "not the name of a CSV file", "Save the table as CSV"),
    ("an expert without file", more("experts: {anna: anna.csv}\n"), Y, 7, "experts.anna", "no file anna.csv", "add the file"),
    ("a change of two values", more("what_if: {x: {rules.fund: [a]}}\n"), Y, 7, "what_if.x.rules.fund", "list or a mapping", "single value"),
    ("a source without source", more("sources: s.csv\n", s="table,row,column,source\nvulnerability,a,m,\n"), "s.csv", 2, "source", "blank", "where it comes from"),
]  # fmt: skip
