# ruff: noqa: E501  the lines are those of the mutated file
"""Mutants that no test can tell from the original, one by one, each with the reason.

The key is the file and the lines that differ, as `tests/campaigns/mutants.py` prints them.
"""

from __future__ import annotations

VERIFIER = "planner/proof/verify_plan.py"

EQUIVALENT: dict[tuple[str, ...], str] = {
    (
        VERIFIER,
        "-        with open(words[0], 'rb') as file:",
        "+        with open(words[-1], 'rb') as file:",
    ): "there is exactly one word here",
    (
        VERIFIER,
        "-_TABLE = [_atanh_series(_ratio(c - 128, c + 128)) for c in range(128, 257)]",
        "+_TABLE = [_atanh_series(_ratio(c - 128, c + 128)) for c in range(128, 258)]",
    ): "the last entries are never looked up: z is below 2",
    (
        VERIFIER,
        "-            small = max(value.denominator.bit_length() - value.numerator.bit_length(), 0)",
        "+            small = max(value.denominator.bit_length() + value.numerator.bit_length(), 0)",
    ): "more bits than are needed, for a look that is never wrong with fewer",
    (
        VERIFIER,
        "-            self._scale = 128 + small",
        "+            self._scale = 129 + small",
    ): "one bit more than is needed",
    (VERIFIER, "-_LOST = 32", "+_LOST = 31"): "the margin stays above every error (2^28 units)",
    (
        VERIFIER,
        "-            side = row.upper if price > 0 else row.lower",
        "+            side = row.upper if price >= 0 else row.lower",
    ): "a price of 0 is on neither side; it is asked first, or multiplies the side",
    (
        "planner/scenario/checks.py",
        "-    most = max((decimals(v.value) for v in found if isinstance(v, Number)), default=0)",
        "+    most = max((decimals(v.value) for v in found if isinstance(v, Number)), default=-1)",
    ): "the larger of it and 2 counts",
    (
        "planner/scenario/settle.py",
        "-        context.prec = 400",
        "+        context.prec = 401",
    ): "more digits than any double has",
    (
        "planner/scenario/checks.py",
        "-        exact.prec = 400",
        "+        exact.prec = 399",
    ): "more digits than any amount has",
    (
        "planner/program/build.py",
        "-        kept = [(j, c) for j, c in zip(columns, coefficients, strict=True) if c]",
        "+        kept = [(j, c) for j, c in zip(columns, coefficients, strict=False) if c]",
    ): "the two lists are made side by side; strict guards against a slip of ours",
    (
        "planner/scenario/numbers.py",
        "-                context.prec = MOST_DIGITS + 5",
        "+                context.prec = MOST_DIGITS + 4",
    ): "more digits than are read",
    (
        "planner/scenario/settle.py",
        "-        context.prec = 60",
        "+        context.prec = 59",
    ): "more digits than an amount has that is not too large",
    (
        "planner/program/types.py",
        "-        return float(self.measure.values(self.worlds, self.losses(stack)[None, :])[0])",
        "+        return float(self.measure.values(self.worlds, self.losses(stack)[None, :])[-1])",
    ): "one stack is asked about: the first value is the last",
}
