"""Correlation of failures between techniques: phi, tetrachoric, shared modes, clusters.

Over the listed worlds (the cause that nobody listed is left out) with their loss weights
w = p l and W0 = sum w, the same weights that define the marginals m of docs/model.md, "What
correlation costs": a world counts by what is lost in it. Given the world techniques fail
independently, so for i != j

    P(i fails) = m[i],   P(i and j fail) = sum_s w[s] F[i,s] F[j,s] / W0
    phi[i,j]   = (P(i and j fail) - m[i] m[j]) / sqrt(m[i] (1 - m[i]) m[j] (1 - m[j]))

Phi is the correlation of the two yes-or-no events; its largest value is below 1 where m[i] and
m[j] differ. The tetrachoric correlation is the Gaussian one behind the same joint probability,
and has no such limit (planner.risk.tetrachoric). Shared modes come from the matrix alone: Jaccard
= modes that defeat both / modes that defeat one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from planner.risk.cutsets import defeating
from planner.risk.stack import listed, marginals
from planner.risk.tetrachoric import tetrachoric
from planner.scenario.settle import Settled
from planner.worlds.types import Floats, Worlds

if TYPE_CHECKING:
    import pandas as pd

#: (n, n) table; None where a number is not defined.
Table: TypeAlias = tuple[tuple[float | None, ...], ...]
Counts: TypeAlias = tuple[tuple[int, ...], ...]
Kind: TypeAlias = Literal["phi", "tetrachoric", "jaccard", "joint"]

#: Average-linkage distance 1 - phi at which the tree is cut into clusters.
CUT = 0.5
#: Correlations below this are rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Correlation:
    """Correlation of failures of n techniques (each at one option).

    labels       option labels, the order of every table
    techniques   their technique ids
    failure      m, probability of failing, by loss weight
    joint        P(i and j fail), i != j; the diagonal is m
    phi          -1..1, diagonal 1; None where either m is 0 or 1
    tetrachoric  -1..1, diagonal 1; None where either m is 0 or 1
    jaccard      share of the defeating modes that both have, 0..1; None where no mode defeats
                 either; the whole table None for explicit worlds, and so are the two counts
    shared       number of modes that defeat both
    union        number of modes that defeat one or both
    order        numbers of the techniques in the order of the dendrogram's leaves
    linkage      the dendrogram, (left, right, distance, size) a row as scipy has it; n - 1 rows
    clusters     labels by cluster, in the order of the leaves
    cut          distance 1 - phi at which the tree was cut
    """

    labels: tuple[str, ...]
    techniques: tuple[str, ...]
    failure: tuple[float, ...]
    joint: Table
    phi: Table
    tetrachoric: Table
    jaccard: Table | None
    shared: Counts | None
    union: Counts | None
    order: tuple[int, ...]
    linkage: tuple[tuple[float, float, float, float], ...]
    clusters: tuple[tuple[str, ...], ...]
    cut: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "labels": list(self.labels),
            "techniques": list(self.techniques),
            "weights": "loss",
            "failure": list(self.failure),
            "joint": _lists(self.joint),
            "phi": _lists(self.phi),
            "tetrachoric": _lists(self.tetrachoric),
            "jaccard": _lists(self.jaccard),
            "shared_modes": _lists(self.shared),
            "union_modes": _lists(self.union),
            "order": [self.labels[i] for i in self.order],
            "linkage": _lists(self.linkage),
            "cut": self.cut,
        }

    def to_frame(self, kind: Kind = "phi") -> pd.DataFrame:
        """One table: `technique`, then one column a technique, in the order of the leaves."""
        import pandas as pd  # a second of import that `--help` must not pay

        table: Table | None = getattr(self, kind)
        rows = [
            {"technique": self.labels[i]}
            | {self.labels[j]: None if table is None else table[i][j] for j in self.order}
            for i in self.order
        ]
        return pd.DataFrame(rows, columns=["technique", *(self.labels[j] for j in self.order)])

    def pairs_frame(self) -> pd.DataFrame:
        """One row a pair: phi, tetrachoric, joint, shared modes, union, Jaccard."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = []
        for i in range(len(self.labels)):
            for j in range(i + 1, len(self.labels)):
                rows.append(
                    {
                        "technique": self.labels[i],
                        "other": self.labels[j],
                        "phi": self.phi[i][j],
                        "tetrachoric": self.tetrachoric[i][j],
                        "joint": self.joint[i][j],
                        "shared_modes": None if self.shared is None else self.shared[i][j],
                        "union_modes": None if self.union is None else self.union[i][j],
                        "jaccard": None if self.jaccard is None else self.jaccard[i][j],
                    }
                )
        names = ["technique", "other", "phi", "tetrachoric", "joint"]
        return pd.DataFrame(rows, columns=[*names, "shared_modes", "union_modes", "jaccard"])


def correlation(
    settled: Settled, worlds: Worlds, options: Sequence[int], *, cut: float = CUT
) -> Correlation:
    """Correlation between options (rows of `worlds.failure`), in the order given."""
    chosen = list(options)
    failure = marginals(worlds)[chosen]
    covariance = covariances(worlds, chosen)
    joint = covariance + np.outer(failure, failure)
    np.fill_diagonal(joint, failure)
    phi = phis(failure, covariance)
    order, linkage, number = _clusters(phi, cut)
    masks = defeating(settled)
    ids = [settled.options[k].technique for k in chosen]
    shared = union = jaccard = None
    if masks is not None:
        own = [masks[i] for i in ids]
        shared = tuple(tuple((a & b).bit_count() for b in own) for a in own)
        union = tuple(tuple((a | b).bit_count() for b in own) for a in own)
        jaccard = tuple(
            tuple(s / u if u else None for s, u in zip(*rows, strict=True))
            for rows in zip(shared, union, strict=True)
        )
    labels = tuple(settled.options[k].label for k in chosen)
    return Correlation(
        labels=labels,
        techniques=tuple(settled.scenario.techniques[i].id for i in ids),
        failure=tuple(failure.tolist()),
        joint=_table(joint),
        phi=_table(phi),
        tetrachoric=_table(_tetrachorics(failure, covariance, phi)),
        jaccard=jaccard,
        shared=shared,
        union=union,
        order=order,
        linkage=linkage,
        clusters=tuple(
            tuple(labels[i] for i in order if number[i] == c)
            for c in dict.fromkeys(number[i] for i in order)
        ),
        cut=cut,
    )


def covariances(worlds: Worlds, options: Sequence[int]) -> Floats:
    """(n, n) covariance of failures for i != j; the diagonal is that of two techniques alike."""
    weight = listed(worlds)
    total = float(weight.sum())
    if total == 0:
        return np.zeros((len(options), len(options)))
    share = weight / total
    failure = worlds.failure[list(options)]
    centred = failure - (failure @ share)[:, None]
    found: Floats = (centred * share) @ centred.T
    return (found + found.T) / 2  # rounding leaves the two halves a digit apart


def phis(failure: Floats, covariance: Floats) -> Floats:
    """(n, n) phi from marginals (n,) and covariances (n, n); NaN where a marginal is 0 or 1."""
    spread = failure * (1 - failure)
    defined = (failure > 0) & (1 - failure > ROUNDING)
    scale = np.sqrt(np.where(defined, spread, 1.0))
    # Dividing twice keeps marginals of 1e-200 from underflowing.
    phi = np.clip(covariance / scale[:, None] / scale[None, :], -1.0, 1.0)
    phi[np.abs(phi) < ROUNDING] = 0.0
    np.fill_diagonal(phi, 1.0)
    phi[~defined, :] = np.nan
    phi[:, ~defined] = np.nan
    return phi


def _tetrachorics(failure: Floats, covariance: Floats, phi: Floats) -> Floats:
    result = np.full_like(phi, np.nan)
    rows, columns = np.triu_indices(len(failure), 1)
    kept = ~np.isnan(phi[rows, columns])
    rows, columns = rows[kept], columns[kept]
    pairs = np.where(phi[rows, columns] == 0, 0.0, covariance[rows, columns])
    result[rows, columns] = tetrachoric(failure[rows], failure[columns], pairs)
    result[columns, rows] = result[rows, columns]
    np.fill_diagonal(result, np.diag(phi))
    return result


def _clusters(
    phi: Floats, cut: float
) -> tuple[tuple[int, ...], tuple[tuple[float, float, float, float], ...], list[int]]:
    """Leaves in order, linkage, and the cluster of each technique.

    Average linkage on 1 - phi; a technique without phi is as far from all others as one that
    fails independently. Distances are rounded, so that rounding decides no tie.
    """
    n = len(phi)
    if n < 2:
        return tuple(range(n)), (), [1] * n
    from scipy.cluster import hierarchy  # only where a tree is wanted

    distance = np.round(1 - np.nan_to_num(phi, nan=0.0), 10)
    condensed = distance[np.triu_indices(n, 1)]
    tree = hierarchy.linkage(condensed, method="average", optimal_ordering=True)
    number = hierarchy.fcluster(tree, cut, criterion="distance").tolist()
    order = tuple(int(i) for i in hierarchy.leaves_list(tree))
    linkage = tuple((float(a), float(b), float(d), float(size)) for a, b, d, size in tree)
    return order, linkage, number


def _table(matrix: Floats) -> Table:
    return tuple(tuple(None if x != x else x for x in row) for row in matrix.tolist())


def _lists(table: Sequence[Sequence[Any]] | None) -> list[list[Any]] | None:
    return None if table is None else [list(row) for row in table]
