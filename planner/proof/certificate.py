"""A certificate as data, and as the plain JSON that `verify_plan.py` reads.

Numbers of worlds are doubles in hexadecimal, so that what is proven is about these very doubles;
money, amounts and weights are whole numbers. Long rows stand in one text each, between blanks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from planner.proof.verify_plan import FORMAT

#: Doubles, one a world.
Numbers: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class CertifiedOption:
    """One option for sale (`cost` in units of account), or one that others pay for (None)."""

    technique: str
    level: str
    failure: Numbers
    cost: int | None = None

    def to_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {"technique": self.technique, "level": self.level}
        if self.cost is not None:
            row["cost"] = self.cost
        return {**row, "failure": _doubles(self.failure)}


@dataclass(frozen=True)
class CertifiedRule:
    """lower <= sum of amount * x <= upper; `terms` are (option, amount)."""

    rule: str
    where: str
    terms: tuple[tuple[int, int], ...]
    lower: int | None
    upper: int | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "where": self.where,
            "terms": " ".join(f"{column}:{amount}" for column, amount in self.terms),
            "lower": self.lower,
            "upper": self.upper,
        }


@dataclass(frozen=True)
class Instance:
    """What the choice is about. `state` numbers the worlds of a worst case, None elsewhere."""

    decimals: int
    measure: str
    options: tuple[CertifiedOption, ...]
    committed: tuple[CertifiedOption, ...]
    rules: tuple[CertifiedRule, ...]
    probability: Numbers
    loss: Numbers
    state: tuple[int, ...] | None = None
    target: float | None = None

    def to_dict(self) -> dict[str, Any]:
        worlds = {"probability": _doubles(self.probability), "loss": _doubles(self.loss)}
        if self.state is not None:
            worlds["state"] = _wholes(self.state)
        return {
            "decimals": self.decimals,
            "measure": {"name": self.measure},
            "target": None if self.target is None else self.target.hex(),
            "worlds": worlds,
            "options": [option.to_dict() for option in self.options],
            "committed": [option.to_dict() for option in self.committed],
            "rows": [rule.to_dict() for rule in self.rules],
        }


@dataclass(frozen=True)
class WorldWeights:
    """lam of each world times 2^30; for `cvar` the share of each world's probability, for `worst`
    of each state, times 2^30 (None for the expectation)."""

    worlds: tuple[int, ...]
    shares: tuple[int, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        row = {"worlds": _wholes(self.worlds)}
        if self.shares is not None:
            row["shares"] = _wholes(self.shares)
        return row


@dataclass(frozen=True)
class Branch:
    """What follows: first all nodes with the option in, then all without it."""

    option: int

    def to_dict(self) -> dict[str, Any]:
        return {"branch": self.option}


@dataclass(frozen=True)
class Leaf:
    """`weights` is a number in the list of weights (None: the rules alone, or nothing but a list
    of stacks); `prices` one a rule, with a target one more for "costs less than the bound"."""

    weights: int | None
    prices: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"weights": self.weights, "prices": " ".join(_double(x) for x in self.prices)}


@dataclass(frozen=True)
class Tree:
    """Nodes in the order in which they are checked. `level` replaces a target that is no more than
    what no option changes: any larger number, that all of these stacks are shown to surpass."""

    weights: tuple[WorldWeights, ...]
    nodes: tuple[Branch | Leaf, ...]
    level: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "level": None if self.level is None else self.level.hex(),
            "weights": [one.to_dict() for one in self.weights],
            "nodes": [node.to_dict() for node in self.nodes],
        }


@dataclass(frozen=True)
class Certificate:
    """The instance, the stack (option numbers), its cost, and the bound: "value" where nothing is
    better than the stack, a double below its value, or (with a target) units of account."""

    instance: Instance
    stack: tuple[int, ...]
    cost: int
    bound: str | float | int
    tree: Tree | None

    def to_dict(self) -> dict[str, Any]:
        bound = self.bound.hex() if isinstance(self.bound, float) else self.bound
        return {
            "format": FORMAT,
            "claim": {"stack": list(self.stack), "cost": self.cost, "bound": bound},
            **self.instance.to_dict(),
            "tree": None if self.tree is None else self.tree.to_dict(),
        }


def _double(x: float) -> str:
    return "0" if x == 0 else x.hex()


def _doubles(numbers: Sequence[float]) -> str:
    return " ".join(map(_double, numbers))


def _wholes(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))
