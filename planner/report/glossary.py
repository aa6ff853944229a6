"""The words of the pages, each with its one sense; docs/glossary.md says the same."""

from __future__ import annotations

from typing import Final

GLOSSARY: Final[dict[str, str]] = {
    "background": "probability that a technique fails though no mode is active",
    "band, dependence band": "the risk of one stack if techniques failed independently; with "
    "shared modes only; as the model says; and in the worst case",
    "budget": "the most that the stack may cost",
    "committed": "a technique that others pay for; it protects, and costs this funder nothing",
    "cut set": "a set of modes that defeats every technique of the stack; *minimal* when no part "
    "of it does",
    "depth": "size of the smallest cut set",
    "effective layers": "how many independent layers, each as strong as the stack's average "
    "technique, would leave the same risk",
    "failure mode, mode": "a condition under which techniques fail",
    "gap": "1 − lower bound / value of the objective; 0 where proven best",
    "level": "one way to fund a technique, with its cost and success; `full` where there is only "
    "one",
    "objective": "what a recommendation makes best: a measure, or `depth`",
    "reading": "how modes strike: `together` or `by-mode`",
    "replacement cost": "rise of the best reachable risk when the technique is locked out",
    "residual risk R(x)": "expected loss left with stack x",
    "scale": "symbols for vulnerability cells and the values that they stand for",
    "stack, portfolio": "the chosen techniques",
    "success": "probability that the research delivers something that is deployed",
    "technique": "an asset that money can buy: RLHF, AI debate, a research agenda",
    "threshold": 'from where a cell counts as "fails" in cut sets',
    "unlisted": "a cause that is in no table and defeats every technique; its probability",
    "vulnerability v[i,j]": "probability that technique i fails to protect when mode j is active; "
    "1 = certainly fails",
    "world": "one way things may turn out: the active modes and the state of the common causes, "
    "with a probability and a loss",
}


def meaning(word: str) -> str:
    """What a word means, without marks of Markdown; KeyError for one that is not explained."""
    return GLOSSARY[word].replace("*", "").replace("`", "")
