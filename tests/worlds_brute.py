"""A plain second builder for the tests: itertools and math alone, nothing of the planner's."""

from itertools import product
from math import prod


def residual_risk(worlds, stack):
    """R of a list of (probability, loss, [failure])."""
    return sum(p * loss * prod(f[i] for i in stack) for p, loss, f in worlds)


def of_worlds(worlds, stack):
    """R of `Worlds`, by a loop."""
    return sum(
        p * loss * prod(worlds.failure[i][s] for i in stack)
        for s, (p, loss) in enumerate(zip(worlds.probability, worlds.loss, strict=True))
    )


def failures(v, b, s, active):
    return [1 - s[i] * (1 - b[i]) * prod(1 - row[j] for j in active) for i, row in enumerate(v)]


def together(v, pi, loss, b, s, u=0.0, baseline=1.0):
    """Worlds of independent modes."""
    worlds = []
    for bits in product([False, True], repeat=len(pi)):
        active = [j for j, bit in enumerate(bits) if bit]
        p = prod(x if bit else 1 - x for x, bit in zip(pi, bits, strict=True))
        worst = max((loss[j] for j in active), default=baseline)
        worlds.append(((1 - u) * p, worst, failures(v, b, s, active)))
    worlds.append((u, max([*loss, baseline]), [1.0] * len(v)))
    return worlds


def by_mode(v, pi, loss, b, s, u=0.0, baseline=1.0):
    """Weights w0 (they need not sum to 1) of each mode alone and of none."""
    worlds = [((1 - u) * p, loss[j], failures(v, b, s, [j])) for j, p in enumerate(pi)]
    worlds.append(((1 - u) * prod(1 - p for p in pi), baseline, failures(v, b, s, [])))
    worlds.append((u, max([*loss, baseline]), [1.0] * len(v)))
    return worlds


def random_numbers(rng, n, m):
    """Keyword arguments of `factory.scenario`, rounded so that both sides see the same numbers;
    0 and 1 occur often."""

    def draw(*shape):
        return rng.choice([0.0, 1.0, *rng.random(6).round(3)], size=shape).tolist()

    return {
        "v": draw(n, m), "pi": draw(m), "loss": rng.integers(0, 5, m).tolist(),
        "background": (rng.random(n) / 2).round(3).tolist(), "success": draw(n),
        "unlisted": float(rng.choice([0, 0.05])), "baseline_loss": float(rng.choice([0, 1, 2.5])),
    }  # fmt: skip


def plain(kw):
    return (kw["v"], kw["pi"], kw["loss"], kw["background"], kw["success"],
            kw["unlisted"], kw["baseline_loss"])  # fmt: skip
