"""Scenarios from plain Python lists, for the tests.

    scenario([[0.05, 0.8], [0.4, 0.4]], [0.25, 0.1], costs=[1, 3], groups={"g": [0.5, 0.5]})

Techniques are called t01, t02, ..., modes m01, ..., worlds w01, ... unless `ids` and the like say
otherwise. Numbers may be str, int, float, Decimal, or a `Value` as the scenario's types have it.
A list that speaks of techniques (`costs`, `background`, ...) may be one number for all, one item a
technique in the order of the rows, or a dict from id (missing ids take the default).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from planner.scenario.settle import Settled, settle
from planner.scenario.types import (
    FULL,
    Cell,
    Choice,
    Expert,
    ExplicitWorlds,
    FailureModes,
    Joint,
    Level,
    Mode,
    Reading,
    Rules,
    Scenario,
    Technique,
    World,
)
from planner.scenario.values import Beta, Interval, Mixture, Number, Pert, Uniform, Value


def value(x: Any) -> Value:
    """A `Value`: as it is, or a plain number exactly as it prints (0.1 is 1/10)."""
    if isinstance(x, (Number, Interval, Pert, Beta, Uniform, Mixture)):
        return x
    return Number(Decimal(str(x)))


def choice(x: str | Choice) -> Choice:
    """`t01` or `t01:level`."""
    if isinstance(x, Choice):
        return x
    technique, _, level = x.partition(":")
    return Choice(technique, level or None)


def names(prefix: str, count: int) -> list[str]:
    digits = max(2, len(str(count)))
    return [f"{prefix}{k + 1:0{digits}d}" for k in range(count)]


def spread(given: Any, ids: Sequence[str], default: Any) -> list[Any]:
    """One item an id: from None, one number, a list, or a dict by id."""
    if given is None:
        return [default] * len(ids)
    if isinstance(given, Mapping):
        assert set(given) <= set(ids), f"unknown ids {set(given) - set(ids)}"
        return [given.get(id, default) for id in ids]
    if isinstance(
        given, (str, int, float, Decimal, Number, Interval, Pert, Beta, Uniform, Mixture)
    ):
        return [given] * len(ids)
    items = list(given)
    assert len(items) == len(ids), f"{len(items)} items for {len(ids)} ids"
    return items


def scenario(
    v: Sequence[Sequence[Any]] | None = None,
    pi: Any = None,
    *,
    costs: Any = None,
    ids: Sequence[str] | None = None,
    mode_ids: Sequence[str] | None = None,
    loss: Any = None,
    success: Any = None,
    background: Any = None,
    levels: Any = None,
    groups: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
    factor: Any = None,
    matrix: Sequence[Sequence[float]] | None = None,
    symbols: Sequence[Sequence[str | None]] | None = None,
    unlisted: Any = 0,
    baseline_loss: Any = 1,
    threshold: Any = "0.5",
    reading: Reading = "together",
    rules: Rules | None = None,
    committed: Sequence[str | Choice] = (),
    weights: Sequence[Any] | None = None,
    failure: Sequence[Sequence[Any]] | None = None,
    world_ids: Sequence[str] | None = None,
    budget: Any = None,
    decimals: int = 0,
    currency: str = "USD",
    samples: int = 8192,
    name: str = "test",
    **more: Any,
) -> Scenario:
    """A `Scenario` of failure modes (`v`, `pi`) or of explicit worlds (`weights`, `failure`).

    v             one row a technique, one column a mode: vulnerabilities
    pi            probabilities of the modes (default 0.25 each)
    loss          of the modes (default 1), or of the explicit worlds (default: no loss column)
    costs         of the techniques (default 1), for techniques without funding levels
    success       of the techniques (default 1), for techniques without funding levels
    levels        for each technique None or a dict {level: cost} or {level: (cost, success)}
    groups        {group: loadings of the techniques}; 0 or None: not in the group
    attributes    {attribute: amounts of the techniques}; None: the technique has none
    factor        correlation of the one shared factor; `matrix`: a correlation matrix of the modes
    weights       weights of explicit worlds; `failure` has one row a technique, one column a
                  world, None where the cell is not there (fails with 1)
    more          any other field of `Scenario`, as it is

    Rows may come in any order of ids: techniques, modes and worlds are sorted, as reading does.
    """
    table = failure if v is None else v
    assert table is not None, "either v or failure"
    ids = names("t", len(table)) if ids is None else list(ids)
    group_names = sorted(groups or {})
    loadings = {g: spread((groups or {})[g], ids, None) for g in group_names}
    amounts = {a: spread(xs, ids, None) for a, xs in sorted((attributes or {}).items())}
    funding = spread(levels, ids, None)
    cost, succeeds = spread(costs, ids, 1), spread(success, ids, 1)
    fails = spread(background, ids, 0)
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    techniques = tuple(
        Technique(
            id=ids[i],
            name=ids[i].upper(),
            levels=_levels(funding[i], cost[i], succeeds[i]),
            background=value(fails[i]),
            loadings=tuple(
                (g, value(loadings[g][i]))
                for g in group_names
                if loadings[g][i] is not None and value(loadings[g][i]).mean > 0
            ),
            attributes=tuple((a, value(xs[i])) for a, xs in amounts.items() if xs[i] is not None),
        )
        for i in order
    )
    threats: FailureModes | ExplicitWorlds
    if v is None:
        threats = _worlds(table, order, weights, loss, world_ids)
    else:
        threats = _modes(table, order, pi, loss, mode_ids, factor, matrix, symbols)
    return Scenario(
        name=name,
        currency=currency,
        decimals=decimals,
        budget=None if budget is None else value(budget),
        techniques=techniques,
        threats=threats,
        rules=rules or Rules(),
        committed=tuple(sorted(map(choice, committed), key=str)),
        reading=reading,
        groups=tuple((g, value("0.5")) for g in group_names),
        unlisted=value(unlisted),
        baseline_loss=value(baseline_loss),
        threshold=value(threshold),
        samples=samples,
        **more,
    )


def settled(*args: Any, **kwargs: Any) -> Settled:
    """`settle(scenario(...))`."""
    return settle(scenario(*args, **kwargs))


def _levels(given: Any, cost: Any, success: Any) -> tuple[Level, ...]:
    if given is None:
        return (Level(FULL, value(cost), value(success)),)
    found = []
    for level in sorted(given):
        pair = given[level] if isinstance(given[level], tuple) else (given[level], success)
        found.append(Level(level, value(pair[0]), value(pair[1])))
    return tuple(found)


def _modes(
    v: Sequence[Sequence[Any]],
    order: list[int],
    pi: Any,
    loss: Any,
    mode_ids: Sequence[str] | None,
    factor: Any,
    matrix: Sequence[Sequence[float]] | None,
    symbols: Sequence[Sequence[str | None]] | None,
) -> FailureModes:
    ids = names("m", len(v[0]) if v else 0) if mode_ids is None else list(mode_ids)
    probability, losses = spread(pi, ids, "0.25"), spread(loss, ids, 1)
    columns = sorted(range(len(ids)), key=lambda j: ids[j])
    return FailureModes(
        modes=tuple(
            Mode(ids[j], ids[j].upper(), value(probability[j]), value(losses[j])) for j in columns
        ),
        cells=tuple(
            tuple(Cell(value(v[i][j]), None if symbols is None else symbols[i][j]) for j in columns)
            for i in order
        ),
        joint=Joint(
            factor=None if factor is None else value(factor),
            matrix=None
            if matrix is None
            else tuple(tuple(float(matrix[j][k]) for k in columns) for j in columns),
        ),
    )


def _worlds(
    failure: Sequence[Sequence[Any]],
    order: list[int],
    weights: Sequence[Any] | None,
    loss: Any,
    world_ids: Sequence[str] | None,
) -> ExplicitWorlds:
    assert weights is not None, "explicit worlds need weights"
    ids = names("w", len(weights)) if world_ids is None else list(world_ids)
    losses = spread(loss, ids, None)
    columns = sorted(range(len(ids)), key=lambda s: ids[s])
    return ExplicitWorlds(
        worlds=tuple(
            World(
                ids[s],
                ids[s].upper(),
                value(weights[s]),
                None if losses[s] is None else value(losses[s]),
            )
            for s in columns
        ),
        failure=tuple(
            (row, column, value(failure[i][s]))
            for row, i in enumerate(order)
            for column, s in enumerate(columns)
            if failure[i][s] is not None
        ),
    )


def expert(name: str, cells: Any, weight: Any = 1) -> Expert:
    """An expert's table, of cells."""
    return Expert(name, cells, value(weight))
