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
    (
        VERIFIER,
        "-        self.others = sorted((one for one in others if floor + one[0] <= 0), key=lambda one: one[:2])",
        "+        self.others = sorted((one for one in others if floor - one[0] <= 0), key=lambda one: one[:2])",
    ): "keeps all (floor <= 0 <= penalty); every bound in check() is at least the floor, and it breaks at the first penalty that is too large: what is tried is the same",
    (
        VERIFIER,
        "-            self._quotients[k] = [(a << up) // (b << new_bits) if b else 0 for a, b in zip(new, old, strict=True)]",
        "+            self._quotients[k] = [(a << up) // (b << new_bits) if b else 0 for a, b in zip(new, old, strict=False)]",
    ): "both have one number a world: Instance refuses other failures, and nothing bought is made so",
    (
        VERIFIER,
        "-            losses = [x * y >> self.RATIO for x, y in zip(losses, self._quotient(k), strict=True)]",
        "+            losses = [x * y >> self.RATIO for x, y in zip(losses, self._quotient(k), strict=False)]",
    ): "both have one number a world: Instance refuses losses and failures of other lengths",
    (
        VERIFIER,
        "-            by_state = dict(zip(states, shares, strict=True))",
        "+            by_state = dict(zip(states, shares, strict=False))",
    ): "two lines above, other lengths are refused",
    (
        VERIFIER,
        "-    RATIO = 64",
        "+    RATIO = 65",
    ): "quotient and shift both use it, each product is rounded down: a lower bound with any; what it leaves open is evaluated exactly, so that the verdict is the same",
    (
        VERIFIER,
        "-MOST_LISTED = 5000000",
        "+MOST_LISTED = 5000001",
    ): "a round number against endless lists (those that are made have 2,000): each stack on them is tried all the same",
    (
        VERIFIER,
        "-MOST_LISTED = 5000000",
        "+MOST_LISTED = 4999999",
    ): "a round number against endless lists (those that are made have 2,000): a longer one is refused, not believed",
    (
        "planner/program/build.py",
        "-        context.prec = 400",
        "+        context.prec = 401",
    ): "more digits than any amount has",
    (
        "planner/scenario/numbers.py",
        "-        context.prec = MOST_DIGITS + 5",
        "+        context.prec = MOST_DIGITS + 4",
    ): "more digits than are read",
    (
        "planner/scenario/numbers.py",
        "-        if 1 < number <= 100:",
        "+        if 1 <= number <= 100:",
    ): "1 is a probability: one line above, only what is below 0 or above 1 comes here",
    (
        "planner/scenario/numbers.py",
        "-        if 1 < number <= 100:",
        "+        if 0 < number <= 100:",
    ): "0 to 1 are probabilities: one line above, only what is below 0 or above 1 comes here",
}
