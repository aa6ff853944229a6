"""What a sweep found: rows one by one, a data frame, and a summary of each cell of the grid."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.files import make_folder
from planner.sweep.cases import Cell, Sweep
from planner.sweep.hands import local, on_cluster, serial
from planner.sweep.ledger import Ledger, Record
from planner.sweep.outcomes import SET_ASIDE, Answered, Outcome, decode
from planner.sweep.run import Hands, Progress, run_sweep

if TYPE_CHECKING:
    import pandas as pd

#: Columns of a row that come after those of the grid.
FOUND = ("stack", "cost", "risk", "objective_value", "proof", "gap", "failure", "message")


@dataclass(frozen=True)
class CellSummary:
    """What the draws of a cell have in common.

    `stacks` are (labels, answers that are this stack), the most frequent first; `risk` the mean of
    R over the answers with its 5% and 95% quantiles, None where there are none; `core_index`
    (technique, share of the answers whose stack holds it) for those held at all. `answered`,
    `failed` and `set_aside` add up to the cases of the cell that are finished.
    """

    cell: Cell
    answered: int
    failed: int
    set_aside: int
    stacks: tuple[tuple[tuple[str, ...], int], ...]
    risk: tuple[float, float, float] | None
    core_index: tuple[tuple[str, float], ...]
    message: str


@dataclass(frozen=True)
class Results:
    """A sweep and the outcome of each of its cases, in order."""

    sweep: Sweep
    records: tuple[Record, ...]

    def outcomes(self) -> Iterator[Outcome]:
        return (decode(text) for _, text in self.records)

    def summary(self) -> tuple[CellSummary, ...]:
        """One entry a cell of the grid, the draws of each taken together."""
        return tuple(summarise(self.sweep, self.records))

    def to_frame(self) -> pd.DataFrame:
        """One row a case: where it stands in the grid, and what came of it."""
        import pandas as pd  # a second of import that `--help` must not pay

        data = [
            [*place, draw, *found_fields(decode(text))]
            for _, place, draw, text in placed(self.sweep, self.records)
        ]
        columns = [*heads(self.sweep), *FOUND]
        frame = pd.DataFrame(data, columns=columns)
        frame.index = pd.Index([number for number, _ in self.records], name="case")
        kinds = {"draw": "Int64", "risk": "float64", "objective_value": "float64"}
        frame = frame.astype({**kinds, "gap": "float64"})
        frame["cost"] = frame["cost"].astype("float64")
        return frame


def sweep_cases(
    sweep: Sweep,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    workers: int = 1,
    cluster: str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Results:
    """Answer every case, and give back what was found.

    With `out` finished cases are kept in a ledger in that folder, and `resume` goes on with one
    that is there. `workers` above 1 are processes of this machine (a script of yours then needs
    the usual `if __name__ == "__main__":`); `cluster` is the address of a Dask scheduler.

    Raises BadInput where the folder holds another sweep, EnvironmentFailed where the disk or the
    executor fails, and MissingExtra where Dask is not installed.
    """
    with open_ledger(sweep, out, resume=resume) as ledger:
        if ledger.finished() < len(sweep):
            with hands(workers, cluster) as found:
                run_sweep(sweep, found, ledger, progress)
        return Results(sweep, tuple(ledger.records()))


def open_ledger(sweep: Sweep, out: str | Path | None, *, resume: bool) -> Ledger:
    """The ledger of a folder, or one in memory."""
    if out is None:
        return Ledger.in_memory(sweep.identity())
    return Ledger.open(make_folder(Path(out)), sweep.identity(), resume=resume)


def hands(workers: int, cluster: str | None) -> AbstractContextManager[Hands]:
    """The executor that was asked for."""
    if cluster is not None:
        return on_cluster(cluster)
    return serial() if workers == 1 else local(workers)


def heads(sweep: Sweep) -> list[str]:
    """Names of the columns that say where a case stands in the grid."""
    axes = [axis.path for axis in sweep.axes]
    return ["scenario", "objective", "expert", "named", *axes, "draw"]


def placed(
    sweep: Sweep, records: Iterable[Record], spell: Callable[[str], str] = str
) -> Iterator[tuple[int, list[str], int | None, str]]:
    """Every record with its place: its number, the fields of its cell, its draw, its text.

    `spell` is how the fields of a cell are written; it is asked once a cell.
    """
    last, fields = -1, list[str]()
    for number, text in records:
        place, draw = divmod(number, sweep.each)
        if place != last:
            last, fields = place, list(map(spell, cell_fields(sweep, sweep.cell(place))))
        yield number, fields, None if sweep.draws is None else draw, text


def cell_fields(sweep: Sweep, cell: Cell) -> list[str]:
    name = sweep.scenarios[cell.scenario].name
    return [name, cell.objective, cell.expert or "", cell.named.name, *cell.values]


def found_fields(outcome: Outcome) -> list[Any]:
    """The fields of FOUND."""
    if isinstance(outcome, Answered):
        numbers = [outcome.risk, outcome.objective_value, outcome.proof, outcome.gap]
        return [",".join(outcome.stack), outcome.cost, *numbers, "", ""]
    return ["", None, None, None, "", None, outcome.kind, outcome.message]


def summarise(sweep: Sweep, records: Iterable[Record]) -> Iterator[CellSummary]:
    """One summary a cell, in order; cells without a finished case are left out."""
    for place, group in groupby(records, key=lambda record: record[0] // sweep.each):
        yield _summary(sweep.cell(place), (text for _, text in group))


def _summary(cell: Cell, texts: Iterable[str]) -> CellSummary:
    stacks: Counter[tuple[str, ...]] = Counter()
    risks: list[float] = []
    failed = aside = 0
    message = ""
    for text in texts:
        outcome = decode(text)
        if isinstance(outcome, Answered):
            stacks[outcome.stack] += 1
            risks.append(outcome.risk)
        else:
            message = message or outcome.message
            aside += outcome.kind == SET_ASIDE
            failed += outcome.kind != SET_ASIDE
    core: Counter[str] = Counter()
    for stack, count in stacks.items():
        core.update({label.partition(":")[0]: count for label in stack})
    ranked = sorted(stacks.items(), key=lambda item: (-item[1], item[0]))
    shares = sorted(core.items(), key=lambda item: (-item[1], item[0]))
    return CellSummary(
        cell=cell,
        answered=len(risks),
        failed=failed,
        set_aside=aside,
        stacks=tuple(ranked),
        risk=_spread(risks),
        core_index=tuple((technique, count / len(risks)) for technique, count in shares),
        message=message,
    )


def _spread(risks: list[float]) -> tuple[float, float, float] | None:
    """Mean, 5% and 95% quantile."""
    if not risks:
        return None
    low, high = np.quantile(np.array(risks), [0.05, 0.95])
    return math.fsum(risks) / len(risks), float(low), float(high)
