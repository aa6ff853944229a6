"""`robust` for people, as JSON and as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from planner.files import write_bytes, write_text
from planner.report import wording
from planner.report.drawing import png, svg
from planner.report.figures_judgements import more_drawings
from planner.report.figures_robust import drawings
from planner.report.plan_page import facts, title
from planner.report.robust_more_page import flip_sentence, panel_sentence, sections
from planner.report.screen import as_json, plain
from planner.report.simple_table import section, table
from planner.report.tables import frame_csv
from planner.report.warnings import warnings_of
from planner.study.robust import Robust
from planner.study.robust_more import More
from planner.study.robust_stacks import ROLES, Judged, Role

#: Rows of the table of techniques that a page shows.
MOST_TECHNIQUES = 30

#: A stack that is the best in less than this share of the draws, where there are more different
#: best stacks than one in so many draws, says little by how often it is the best.
RARELY, MANY = 0.1, 4
#: A stack that is nothing but the best of some draws is shown from this share of them on.
SEEN = 0.01

ROLE_WORDS: dict[Role, str] = {
    "central": "central values",
    "mean": "least mean risk",
    "cvar": "least mean of the worst 5%",
    "regret": "least worst regret",
    "often": "often the best",
}


def page(found: Robust, width: int, more: More | None = None) -> list[RenderableType]:
    """What was drawn, who is core, which stack is best in which sense, and the selection bias;
    then the judgements, the experts, and what needs no probability."""
    decimals = found.draws.scenario.decimals
    return [
        title(found.draws.scenario.name),
        plain(sentence(found), "bold"),
        Text(),
        facts(_facts(found)),
        section("Techniques over the draws", *_techniques(found, width)),
        section("Stacks over the draws", *_stacks(found)),
        section("How much better a chosen stack looks than it is", plain(bias_sentence(found))),
        *(() if more is None else sections(more, decimals, width)),
        Text(),
        plain(f"Amounts are in {found.draws.scenario.currency}. {wording.ASSUMPTION}"),
    ]


def document(found: Robust, more: More | None = None) -> dict[str, Any]:
    """What `robust --json` prints, and its file."""
    notes = [sentence(found), bias_sentence(found)]
    if more is not None and more.flips is not None:
        notes.append(flip_sentence(more.flips))
    if more is not None and more.panel is not None:
        notes.append(panel_sentence(more.panel))
    return {
        **found.to_dict(),
        **({} if more is None else more.to_dict(found.draws.scenario.decimals)),
        "notes": notes,
        "assumption": wording.ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of([found.plan])],
    }


def write(folder: Path, found: Robust, more: More | None = None) -> list[Path]:
    """The document, its tables and its figures; the files written."""
    written = [
        write_text(folder / "robust.json", as_json(document(found, more)) + "\n"),
        write_text(folder / "core-index.csv", frame_csv(found.to_frame())),
        write_text(folder / "robust-stacks.csv", frame_csv(found.stacks_frame())),
    ]
    if more is not None and more.flips is not None:
        written.append(write_text(folder / "judgements.csv", frame_csv(more.flips.to_frame())))
    if more is not None and more.panel is not None:
        written.append(write_text(folder / "disagreements.csv", frame_csv(more.panel.to_frame())))
    figures = [*drawings(found), *(() if more is None else more_drawings(more))]
    for drawing in figures:
        written.append(write_bytes(folder / f"{drawing.name}.png", png(drawing)))
        written.append(write_bytes(folder / f"{drawing.name}.svg", svg(drawing)))
    return written


def sentence(found: Robust) -> str:
    """How far the recommendation survives, in one sentence."""
    if not found.draws.numbers:
        return "Nothing is uncertain: every number of the scenario is plain, and all draws agree."
    central = found.field.of("central")
    share = wording.percent(central.best_share)
    core = [row.technique for row in found.rows if row.status == "core"]
    held = [row.technique for row in found.rows if row.central]
    text = f"The stack of the central values is the best one in {share} of the draws"
    kept = [id for id in held if id in core]
    if len(kept) == len(held) and held:
        text += "; each of its techniques is in the best stack of every draw"
    elif kept:
        text += f"; {len(kept)} of its {len(held)} techniques are in the best stack of every draw"
    else:
        text += "; none of its techniques is in the best stack of every draw"
    regret = central.regret
    if regret[2] == 0:
        return f"{text}. It is never worse than the best."
    more = f" ({wording.percent(regret[0] / central.mean)})" if central.mean > 0 else ""
    text += (
        f". It leaves {wording.short(regret[0], 3)}{more} more risk than the draw's best stack on "
        f"average, {wording.short(regret[2], 3)} at worst."
    )
    kinds = len({stack for stack in found.best.stacks if stack is not None})
    if central.best_share < RARELY and kinds > found.count / MANY:
        own = [row.core_index for row in found.rows if row.central]
        text += (
            f" The {found.count:,} draws have {kinds:,} different best stacks, so that none is "
            f"often the very best; on average a draw's best stack holds "
            f"{wording.percent(sum(own) / max(len(own), 1))} of the techniques of this one. Judge "
            "it by the risk it adds, not by how often it wins."
        )
    return text


def bias_sentence(found: Robust) -> str:
    """The note on selection bias."""
    bias = found.bias
    one = (
        f"The chosen stack is said to leave {wording.short(bias.claimed)} (central values); over "
        f"the draws it leaves {wording.short(bias.expected)} on average."
    )
    optimism = bias.optimism
    if optimism <= 1e-9 * max(bias.turns_out, 1e-300):
        return (
            f"{one} Choosing from one draw instead would not make a stack look better than it is."
        )
    share = wording.percent(optimism / bias.turns_out) if bias.turns_out > 0 else "0%"
    return (
        f"{one} Whoever takes one draw for the truth chooses a stack that promises "
        f"{wording.short(bias.looks)} and turns out at {wording.short(bias.turns_out)} over all "
        f"draws: it looks {share} better than it is, because errors that flatter a stack get it "
        f"chosen."
    )


def _facts(found: Robust) -> list[tuple[str, RenderableType]]:
    draws, best = found.draws, found.best
    kinds = wording.count(len(draws.numbers), "number is", "numbers are")
    rows: list[tuple[str, RenderableType]] = [
        ("Draws", plain(f"{draws.count:,} (seed {draws.seed}); {kinds} uncertain"))
    ]
    if draws.correlation > 0:
        rows.append(("Judgement", plain(f"cells move together, correlation {draws.correlation:g}")))
    if draws.scenario is not found.plan.scenario:
        text = "plain numbers are drawn too, as wide as their sources are confident"
        rows.append(("Widened", plain(text)))
    gap = float(best.gap[best.solved].max())
    every = "every one of" if found.proven == found.count else f"{found.proven:,} of"
    kind = "every stack was tried" if best.table is not None else f"within {wording.percent(gap)}"
    text = f"{every} {found.count:,} best stacks is proven ({kind})"
    rows.append(("Proof", plain(text, "" if found.proven == found.count else "bold yellow")))
    if found.count < draws.count:
        missing = draws.count - found.count
        rows.append(("No stack", plain(f"in {missing:,} draws, which are left out", "bold yellow")))
    ties = int(best.tied.sum())
    if ties:
        rows.append(("Ties", plain(f"in {ties:,} draws several stacks are equally good")))
    central = found.field.of("central")
    span = f"{wording.short(central.low)} to {wording.short(central.high)}"
    rows.append(
        (
            "Risk of the stack",
            plain(f"{span} in 90% of the draws, {wording.short(central.mean)} on average"),
        )
    )
    return rows


def _techniques(found: Robust, width: int) -> list[RenderableType]:
    heads = ["technique", "", "core\nindex", "status", "mean\nrank", "likeliest ranks"]
    rows = []
    for row in found.rows:
        rows.append(
            [
                row.technique if width < 110 else f"{row.technique}  {row.name}",
                "in" if row.central else "",
                wording.digits(row.core_index) if 0 < row.core_index < 1 else f"{row.core_index:g}",
                row.status,
                f"{row.mean_rank:.3g}",
                _ranks(row.acceptability),
            ]
        )
    note = (
        '"in": in the stack of the central values. Core index: share of the draws whose best stack '
        "holds the technique. Ranks: the stack first, by what dropping costs; then the rest, by "
        "what adding brings; ties share their ranks."
    )
    return [
        table(heads, rows, words=(0, 1, 3, 5), most=MOST_TECHNIQUES, what="techniques"),
        plain(note, "dim"),
    ]


def _ranks(shares: tuple[float, ...]) -> str:
    likely = sorted(range(len(shares)), key=lambda k: (-shares[k], k))[:3]
    return ", ".join(f"{k + 1}: {shares[k] * 100:.0f}%" for k in likely if shares[k] >= 0.005)


def _stacks(found: Robust) -> list[RenderableType]:
    heads = ["best by", "mean\nrisk", "90% of draws", "worst\n5%", "mean\nregret", "worst\nregret"]
    varies = not found.place.same_money
    if varies:
        heads.append("bought\nwhole")
    heads.append("stack")
    least = max(SEEN, 1.5 / found.count)  # one draw is no share
    shown = [
        one for one in found.field.judged if one.roles != ("often",) or one.best_share >= least
    ]
    rows = [_stack(found, judged, varies) for judged in shown]
    parts: list[RenderableType] = [
        table(heads, rows, words=(0, len(heads) - 1), most=8, what="stacks")
    ]
    if rest := len(found.field.judged) - len(shown):
        few = f"under {wording.percent(SEEN)} of the draws" if least == SEEN else "a single draw"
        more = wording.count(rest, "more stack")
        parts.append(plain(f"and {more}, each the best in {few} (all in --json / --out)"))
    told = "; ".join(
        f"{ROLE_WORDS[role]}: {found.field.found[role]}" for role in ROLES if role != "central"
    )
    parts.append(plain(f"How they were found: {told}.", "dim"))
    if varies:
        parts.append(
            plain(
                "Where a draw makes a stack too dear, its techniques are bought in the order of "
                'importance as far as the money goes; "bought whole" is the share of the draws in '
                "which all of it fits. A stack dearer than the budget at central costs is a "
                "list of priorities: it is shown, and never the best by mean, tail or regret.",
                "dim",
            )
        )
    return parts


def _stack(found: Robust, judged: Judged, varies: bool) -> list[str]:
    roles = [ROLE_WORDS[role] for role in judged.roles if role != "often"]
    share = f"best in {wording.percent(judged.best_share)}"
    central = found.field.of("central")
    bought = [wording.percent(judged.bought)] if varies else []
    return [
        "; ".join([*roles, share]),
        wording.short(judged.mean),
        f"{wording.short(judged.low, 3)}..{wording.short(judged.high, 3)}",
        wording.short(judged.cvar),
        wording.short(judged.regret[0], 3),
        wording.short(judged.regret[2], 3),
        *bought,
        _difference(judged, central),
    ]


def _difference(judged: Judged, central: Judged) -> str:
    """A short stack in full, a long one by what differs from the central one."""
    if len(judged.labels) <= 8:
        return ", ".join(judged.labels) or "nothing"
    if judged is central:
        return f"{len(judged.labels)} techniques"
    gains = [label for label in judged.labels if label not in central.labels]
    loses = [label for label in central.labels if label not in judged.labels]
    parts = [f"+{label}" for label in gains] + [f"-{label}" for label in loses]
    more = f" and {len(parts) - 4} more" if len(parts) > 4 else ""
    return f"central, but {' '.join(parts[:4])}{more}"
