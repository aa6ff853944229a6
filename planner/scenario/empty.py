"""An empty scenario to fill in, as a folder."""

from __future__ import annotations

from pathlib import Path

from planner.files import make_folder, write_text

_MAIN = """\
# A scenario to fill in. README.md says how; every key stands in docs/scenario-format.md.
planner: 1
name:                  # free text
currency: USD million  # label of every amount
budget:                # how much there is to spend
reading: together      # or by-mode: every mode must be withstood by some technique
techniques: techniques.csv
modes: modes.csv
vulnerability: vulnerability.csv
scale:                 # words that may stand in vulnerability.csv
  ok: 0.05
  "?": "0.05 to 0.8"
  prone: 0.8
# rules:
#   fund: [debate]
#   at_most: [{of: [rlhf, rlaif], count: 1}]
# sources: sources.csv
"""

_README = """\
# A scenario to fill in

1. `scenario.yaml`: give a name and a budget.
2. `techniques.csv`: a row for each technique or research agenda.
3. `modes.csv`: a row for each way in which techniques fail.
4. `vulnerability.csv`: a row for each technique, a column for each mode. In each cell the chance
   that the technique **fails** when the mode is active.
5. `planner check .` in this folder says what is missing, with file, line and column;
   `planner recommend .` says which stack to fund.

How the tables look when they are filled in:

```csv
id,name,cost
debate,AI debate,1.5
probes,Probes of the insides,1
```

```csv
id,name,probability
deceit,The system plays along,0.1 to 0.4
haste,Development is rushed,0.3
```

```csv
technique,deceit,haste
debate,prone,ok
probes,ok,0.7
```

A cell is a number from 0 to 1, a 90% range such as `0.1 to 0.4`, or a word of the scale. Numbers
have a point and no % or currency sign. Further columns in `techniques.csv` are attributes, such as
`researchers`, for use in rules. For sources, make `sources.csv` with the columns
`table,row,column,source,note,judged by,date,confidence`, and name it in `scenario.yaml`.
"""

FILES = {
    "README.md": _README,
    "techniques.csv": "id,name,cost\n",
    "modes.csv": "id,name,probability\n",
    "vulnerability.csv": "technique\n",
    "scenario.yaml": _MAIN,
}


def write_empty_folder(folder: Path) -> list[Path]:
    """Write the files, the main one last; raises EnvironmentFailed where that fails."""
    make_folder(folder)
    return [write_text(folder / name, text) for name, text in FILES.items()]
