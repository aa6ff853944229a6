"""Correlation of failures on the page: the most correlated pairs, and the clusters."""

from __future__ import annotations

from rich.console import RenderableType

from planner.report import wording
from planner.report.screen import plain
from planner.report.simple_table import section, table
from planner.risk.correlation import Correlation
from planner.study.explain import Explanation


def correlation_section(explanation: Explanation) -> RenderableType:
    """Of all techniques: a stack shows less than the field it was chosen from."""
    found = explanation.everything.correlation
    if len(found.labels) < 2:
        text = "There are no two techniques to compare."
        return section("Correlation of failures", plain(text))
    heads = ["technique", "with", "phi", "tetrachoric"]
    if found.jaccard is not None:
        heads += ["shared\nmodes", "Jaccard"]
    return section(
        "Correlation of failures, all techniques",
        table(heads, _pairs(found), words=(0, 1), what="pairs"),
        plain(clusters_sentence(found)),
    )


def _pairs(found: Correlation) -> list[list[str]]:
    n = len(found.labels)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    pairs.sort(key=lambda p: (found.phi[p[0]][p[1]] is None, -(found.phi[p[0]][p[1]] or 0.0), p))
    rows = []
    for i, j in pairs:
        row = [
            found.labels[i],
            found.labels[j],
            wording.digits(found.phi[i][j]),
            wording.digits(found.tetrachoric[i][j]),
        ]
        if found.jaccard is not None and found.shared is not None and found.union is not None:
            row += [f"{found.shared[i][j]} of {found.union[i][j]}", _jaccard(found.jaccard[i][j])]
        rows.append(row)
    return rows


def _jaccard(share: float | None) -> str:
    return wording.DASH if share is None else f"{share:.2f}"


def clusters_sentence(found: Correlation) -> str:
    """The clusters of more than one technique, and how many stand apart."""
    groups = [cluster for cluster in found.clusters if len(cluster) > 1]
    cut = f"cut at phi {1 - found.cut:g} on average"
    if not groups:
        return f"Clusters ({cut}): none; every technique stands apart."
    text = "; ".join("{" + ", ".join(cluster) + "}" for cluster in groups)
    alone = len(found.clusters) - len(groups)
    rest = (
        f"; {wording.count(alone, 'technique stands', 'techniques stand')} apart" if alone else ""
    )
    return f"Clusters ({cut}): {text}{rest}."
