"""From rows to one line a method and instance family: medians, ratios to the planner, agreement."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.families import FAMILIES
from benchmarks.methods import METHODS

Row = dict[str, Any]
Group = tuple[str, str, float]  # family, size, share

#: Values of two proven stacks may differ by the gap of either.
SAME = 1e-9


@dataclass(frozen=True)
class Ratio:
    """Median (least, most) of seconds over the planner's; `sign` is ">=" where the peer was still
    open in half of the seeds, "<=" where the planner was."""

    median: float
    least: float
    most: float
    sign: str
    seeds: int

    def __str__(self) -> str:
        sign = {">=": "≥ ", "<=": "≤ "}.get(self.sign, "")
        return f"{sign}{number(self.median)} ({number(self.least)}, {number(self.most)})"


@dataclass(frozen=True)
class Line:
    """One method on one family, size and share."""

    family: str
    size: str
    share: float
    method: str
    group: str
    shown: bool  # the best variant of its group here
    seeds: int
    seconds: float | None
    ratio: Ratio | None
    proven: int
    false_claims: int
    failures: int
    gap: float | None  # the widest, by the evaluator
    excess: float | None  # median of value over the best known, less 1
    best: int  # seeds where its value is the best known, within the gap
    nodes: float | None
    memory: float | None  # MiB


def judge(rows: Iterable[Row]) -> list[Row]:
    """The rows with `best_known`, and with bounds above it marked false."""
    by_instance: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if "method" in row and row["status"] != "skipped":
            name = (row["family"], row["size"], row["share"], row["seed"])
            by_instance[name].append(dict(row))
    result = []
    for group in by_instance.values():
        values = [r["value"] for r in group if r.get("value") is not None and _legal(r)]
        best = min(values, default=None)
        for row in group:
            row["best_known"] = best
            bound = row.get("bound")
            if best is not None and bound is not None and bound > best * (1 + SAME) + 1e-300:
                row["status"] = "bound is false"
            result.append(row)
    return result


def _legal(row: Row) -> bool:
    return row["status"] not in ("breaks a rule", "failed")


def lines(rows: Sequence[Row]) -> list[Line]:
    """Every method of every family, size and share, in the registry's order."""
    judged = judge(rows)
    by_group: dict[Group, dict[str, dict[int, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in judged:
        known = by_group[row["family"], row["size"], row["share"]][row["method"]]
        old = known.get(row["seed"])
        # The longer cap of the two counts, where a case was run with both.
        if old is None or row["cap"] >= old["cap"]:
            known[row["seed"]] = row
    result = []
    for (family, size, share), methods in sorted(by_group.items(), key=_order):
        made = [
            _line(family, size, share, name, methods[name], methods.get("planner", {}))
            for name in METHODS
            if name in methods
        ]
        result += _show_best(made)
    return result


def _order(item: tuple[Group, Any]) -> tuple[int, int, int, float]:
    family, size, share = item[0]
    options, _, worlds = size.partition("x")
    return (list(FAMILIES).index(family), int(worlds), int(options), share)


def _line(
    family: str, size: str, share: float, name: str, mine: dict[int, Row], planner: dict[int, Row]
) -> Line:
    rows = [mine[seed] for seed in sorted(mine)]
    timed = [row for row in rows if row.get("seconds") is not None]
    excess = [
        row["value"] / row["best_known"] - 1
        for row in rows
        if row.get("value") is not None and row["best_known"]
    ]
    gaps = [row["gap_reached"] for row in rows if row.get("gap_reached") is not None]
    asked = rows[0]["gap"]
    return Line(
        family=family,
        size=size,
        share=share,
        method=name,
        group=METHODS[name].group,
        shown=True,
        seeds=len(rows),
        seconds=_median(row["seconds"] for row in timed),
        ratio=None if name in ("planner", "greedy") else ratio(mine, planner),
        proven=sum(row["status"] == "proven" for row in rows),
        false_claims=sum(
            row["status"] in ("claimed, not reached", "bound is false") for row in rows
        ),
        failures=sum(row["status"] in ("failed", "breaks a rule") for row in rows),
        gap=max(gaps) if gaps else None,
        excess=_median(excess),
        best=sum(one <= asked for one in excess),
        nodes=_median(row["nodes"] for row in timed if row.get("nodes") is not None),
        memory=_median(row["memory"] / 2**20 for row in timed if "memory" in row),
    )


def ratio(mine: dict[int, Row], planner: dict[int, Row]) -> Ratio | None:
    """Seed by seed. A side that is still open counts with the seconds that it had."""
    pairs = [
        (mine[seed], planner[seed])
        for seed in sorted(mine.keys() & planner.keys())
        if mine[seed].get("seconds") and planner[seed].get("seconds")
    ]
    if not pairs:
        return None
    ratios = [peer["seconds"] / ours["seconds"] for peer, ours in pairs]
    peer_open = sum(peer["status"] != "proven" for peer, _ in pairs)
    ours_open = sum(ours["status"] != "proven" for _, ours in pairs)
    if ours_open * 2 >= len(pairs) and peer_open * 2 >= len(pairs):
        return None  # both open: the gaps tell, not the seconds
    sign = ">=" if peer_open * 2 >= len(pairs) else "<=" if ours_open * 2 >= len(pairs) else ""
    return Ratio(statistics.median(ratios), min(ratios), max(ratios), sign, len(ratios))


def _show_best(made: list[Line]) -> list[Line]:
    """Of the variants of one peer, the best is shown: proven most, then fastest."""
    from dataclasses import replace

    def key(line: Line) -> tuple[float, float]:
        return (-line.proven / max(line.seeds, 1), line.seconds or 1e9)

    best = {}
    for line in made:
        if line.group not in best or key(line) < key(best[line.group]):
            best[line.group] = line
    return [replace(line, shown=best[line.group] is line) for line in made]


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


def number(value: float | None) -> str:
    """Two or three figures, without exponents where that is short."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.0f}" if size >= 20 else f"{value:.1f}"
    if size >= 1:
        return f"{value:.1f}"
    if size >= 1e-4:
        return f"{value:.2g}"
    return f"{value:.1e}"
