"""A plan with a certificate that was checked before anybody calls it one."""

from __future__ import annotations

from dataclasses import replace

from planner.plan import Plan
from planner.proof import verify_plan
from planner.solve.certify import FULL, QUICK, Effort, NotCertified, certify
from planner.solve.search import ProofKind


def certified(plan: Plan, gap: float, effort: Effort = QUICK, seconds: float | None = None) -> Plan:
    """The plan with a certificate that `planner.proof.verify_plan` accepts; where there is none the
    plan as it was, its proof with a note that says why.

    The certificate shows that nothing is better by more than `gap` (after enumeration: at all).
    A plan that was enumerated stays that; one that was bounded becomes certified.
    """
    try:
        if plan.by_depth:
            raise NotCertified("a depth has no lower bound")
        if plan.proof.stop != "proven":
            raise NotCertified("the search was stopped before it had a proof")
        return _certified(plan, gap, effort, seconds)
    except NotCertified as reason:
        return replace(plan, proof=replace(plan.proof, note=f"not certified: {reason}"))


def certified_for(plan: Plan, gap: float, *, kept: bool, seconds: float | None) -> Plan:
    """The plan as it is shown, or (`kept`) written to a file. What is only shown gets the effort of
    a few seconds, and none where every stack was tried."""
    if not kept and plan.proof.kind == "enumerated":
        return plan
    return certified(plan, gap, FULL if kept else QUICK, seconds)


def _certified(plan: Plan, gap: float, effort: Effort, seconds: float | None) -> Plan:
    program, proof = plan.program, plan.proof
    options, techniques = plan.question.settled.options, plan.scenario.techniques
    named = {k: (techniques[o.technique].id, o.level) for k, o in enumerate(options)}
    enumerated = proof.kind == "enumerated"
    certificate = certify(
        program,
        [named[k] for k in program.option],
        [named[k] for k in program.committed],
        plan.columns,
        0.0 if enumerated else gap,
        plan.scenario.decimals,
        effort,
        seconds,
    )
    reached = plan.objective_value or 0.0
    bound = reached if certificate.bound == "value" else float(certificate.bound)
    if program.target is not None:
        reached = float(plan.money(plan.cost))
        bound = float(plan.money(int(certificate.bound)))
    left = 1 - bound / reached if reached > 0 else 0.0
    kind: ProofKind = "enumerated" if enumerated else "certified"
    shown = replace(proof, kind=kind, lower_bound=bound, gap=left)
    done = replace(plan, certificate=certificate, proof=shown)
    try:
        verify_plan.check({**done.to_dict(), "certificate": certificate.to_dict()})
    except verify_plan.Rejected as reason:
        raise NotCertified(f"the verifier did not accept it ({reason})") from None
    return done
