"""Numbers and facts of a plan in words. Every sentence here is true of the numbers it is given."""

from __future__ import annotations

from decimal import Decimal

from planner.plan import Plan, Proof, Sampling
from planner.scenario.types import ExplicitWorlds
from planner.scenario.values import format_decimal

#: What every report says.
ASSUMPTION = "Assumes that one surviving technique is enough."

DASH = "–"


def short(number: float | None, digits: int = 4) -> str:
    """Three or four significant digits; a dash for what is not known.

    >>> short(0.176494), short(1.0), short(1e-9), short(None), short(123456.0)
    ('0.1765', '1', '1e-09', '–', '123456')
    """
    if number is None:
        return DASH
    if abs(number) >= 10**digits:
        return f"{number:.0f}" if abs(number) < 1e15 else f"{number:.{digits}g}"
    return f"{number:.{digits}g}"


def digits(number: float | None) -> str:
    """Three significant digits for a column of numbers; a dash for what is not known.

    >>> digits(0.22), digits(0.0), digits(1234.5), digits(1e-9), digits(None)
    ('0.220', '0', '1234', '1.00e-09', '–')
    """
    if number is None or number == 0 or abs(number) >= 1000:
        return short(number)
    return f"{number:#.3g}".rstrip(".")


def percent(share: float) -> str:
    """
    >>> percent(0.176494), percent(0.9999), percent(0.00004), percent(1.0)
    ('17.6%', 'over 99.9%', '0.004%', '100%')
    """
    value = share * 100
    if 99.9 < value < 100:
        return "over 99.9%"
    return f"{value:.3g}%"


def money(amount: Decimal) -> str:
    """An amount exactly, without needless zeros.

    >>> money(Decimal("9.00")), money(Decimal("1E+3"))
    ('9', '1000')
    """
    return format_decimal(amount)


def count(number: int, thing: str, things: str = "") -> str:
    """
    >>> count(1, "mode"), count(2, "mode"), count(2, "technique", "techniques of it")
    ('1 mode', '2 modes', '2 techniques of it')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {things or thing + 's'}"


def judgement(path: str) -> str:
    """What an uncertain number is about, from the path by which `what-if` changes it.

    >>> judgement("vulnerability.debate.collusion"), judgement("techniques.ida.half.cost")
    ('failure of debate under collusion', 'cost of ida:half')
    >>> judgement("groups.oversight"), judgement("techniques.ida.people")
    ('loading on oversight', 'people of ida')
    """
    match path.split("."):
        case ["joint", "modes"]:
            return "correlation of the modes"
        case ["groups", group]:
            return f"loading on {group}"
        case ["techniques", technique, "groups", group]:
            return f"loading of {technique} on {group}"
        case ["vulnerability", technique, mode]:
            return f"failure of {technique} under {mode}"
        case ["failure", technique, world]:
            return f"failure of {technique} in {world}"
        case ["techniques", technique, *level, what]:
            return f"{what} of {':'.join((technique, *level))}"
        case ["modes" | "worlds", one, what]:
            return f"{what} of {one}"
    return path.replace("_", " ")


def cost(plan: Plan) -> str:
    """`9 of 9 USD million`."""
    spent, currency = money(plan.money(plan.cost)), plan.scenario.currency
    if plan.budget is None:
        return f"{spent} {currency}"
    return f"{spent} of {money(plan.money(plan.budget))} {currency}"


def residual(plan: Plan) -> str:
    """The risk left, beside that with nothing funded."""
    left = short(plan.risk)
    if plan.risk_empty <= 0:
        return left
    share = percent(plan.risk / plan.risk_empty)
    return f"{left}, {share} of the {short(plan.risk_empty)} with nothing funded"


def objective(plan: Plan) -> str:
    """The objective that was asked for, its value and its target."""
    if plan.by_depth:
        return f"chosen by depth: {depth_number(plan)}, needs no probability"
    name = plan.question.measure.name
    kind, _, parameter = name.partition(":")
    if kind == "cvar":
        share = percent(float(1 - Decimal(parameter)))
        meaning = f" (mean of the worst {share})"
    elif kind == "worst" and isinstance(plan.scenario.threats, ExplicitWorlds):
        meaning = " (the worst world)"
    elif kind == "worst":
        meaning = f" (an adversary switches on at most {count(int(parameter), 'mode')})"
    else:
        meaning = ""
    text = f"{name} {short(plan.objective_value)}{meaning}"
    return text if plan.target is None else f"{text}, at most {short(plan.target)} was asked for"


def protectors(plan: Plan) -> int:
    """Techniques that stand in the way of harm, with those that others pay for."""
    return len(plan.stack) + len(plan.committed)


def layers(plan: Plan) -> str:
    """Effective layers as a sentence."""
    n = protectors(plan)
    if n == 0:
        return "nothing protects"
    if n == 1:
        return "1 technique is 1 layer"
    if plan.effective_layers is None:
        return f"not defined for these {n} techniques"
    number = short(plan.effective_layers, 3)
    layer = "layer" if number == "1" else "layers"
    return f"{n} techniques protect like {number} independent {layer}"


def depth(plan: Plan) -> str | None:
    """Depth as a sentence; None where the scenario has no modes."""
    if isinstance(plan.scenario.threats, ExplicitWorlds):
        return None
    match plan.depth:
        case None:
            return "no set of modes defeats every technique of the stack"
        case 0:
            return "0: the stack is empty"
        case 1:
            return "1: a single mode defeats every technique of the stack"
        case 2:
            return "2: no single mode defeats the stack, some pair does"
    return (
        f"{plan.depth}: no {plan.depth - 1} modes together defeat the stack, some {plan.depth} do"
    )


def depth_number(plan: Plan) -> str:
    """The depth of the stack, in words where there is no cut set."""
    return "no set of modes defeats the stack" if plan.depth is None else str(plan.depth)


def proof(plan: Plan) -> str:
    """The rung of proof that was reached."""
    text = _rung(plan.proof)
    # A depth is chosen without worlds, drawn or not.
    return text if plan.sampling.exact or plan.by_depth else f"{text}, for these drawn worlds"


def _rung(proof: Proof) -> str:
    if proof.kind == "enumerated":
        return f"every one of the {proof.stacks_tried:,} stacks was tried"
    # A gap of a few rounding errors is none to speak of.
    within = "" if not proof.gap or proof.gap < 1e-12 else f" within {percent(proof.gap)}"
    if proof.kind == "certified":
        return f"certified best{within}: a proof that was checked in exact arithmetic"
    if proof.kind == "bounded" and proof.stop == "proven":
        note = "" if proof.note is None else f" ({proof.note})"
        return f"proven best{within} by {proof.solver}{note}"
    if proof.gap is not None and proof.kind == "bounded":
        better = f"more than {percent(proof.gap)} better" if proof.gap else "better"
        return f"stopped by {_stop(proof)}; no stack is {better}, by the bound of {proof.solver}"
    return f"NOT proven: stopped by {_stop(proof)}; the best found"


def _stop(proof: Proof) -> str:
    return {
        "time limit": "the time limit",
        "interrupted": "an interruption",
        "solver failed": "a failure of the solver",
    }.get(proof.stop, "the search itself")


def worlds(sampling: Sampling) -> str:
    """How the worlds came about."""
    if sampling.exact:
        return f"{sampling.count:,}, exact (none is drawn)"
    text = f"{sampling.count:,} drawn (seed {sampling.seed})"
    text += f", standard error {short(sampling.standard_error, 2)}"
    if sampling.fresh_risk is not None:
        error = short(sampling.fresh_standard_error, 2)
        text += f"; on fresh draws {short(sampling.fresh_risk)} ± {error}"
    return text


def reading(plan: Plan) -> str | None:
    """What each stack is judged by; None for explicit worlds."""
    if isinstance(plan.scenario.threats, ExplicitWorlds):
        return None
    if plan.scenario.reading == "together":
        return "together: a technique must withstand all modes that strike"
    return "by-mode: each mode must be withstood by some technique"


def floor(plan: Plan) -> str | None:
    """The share of the risk that no stack can take away."""
    u = plan.question.settled.unlisted
    if u <= 0:
        return None
    least = u * plan.question.worlds.unlisted_loss
    return f"{short(least)} from causes that nobody listed, which no stack goes below"
