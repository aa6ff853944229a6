"""The colours that pages share can be read: contrast as WCAG 2.2 defines it (1.4.3, 1.4.11)."""

from __future__ import annotations

import re

import pytest

from planner.report.style import tokens

PARTS = dict(zip(("light", "dark", "print"), tokens().split(":root {")[1:], strict=True))


def colours(part: str) -> dict[str, str]:
    found = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", PARTS["light"]))
    return found | dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", PARTS[part]))


def luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("part", PARTS)
def test_text_can_be_read_on_every_ground(part: str) -> None:
    c = colours(part)
    grounds = ["ground", "surface", "sunken"]
    pairs = [
        (ink, on) for ink in ("ink", "muted", "accent", "good", "warn", "bad") for on in grounds
    ]
    pairs += [("accent-ink", "accent"), ("accent", "accent-soft"), ("good", "good-soft")]
    pairs += [("warn", "warn-soft"), ("bad", "bad-soft"), ("ink", "accent-soft")]
    if part != "print":
        pairs += [("ink", f"heat-{k}") for k in range(11)]
    assert [pair for pair in pairs if contrast(c[pair[0]], c[pair[1]]) < 4.5] == []


@pytest.mark.parametrize("part", PARTS)
def test_borders_of_fields_and_bars_can_be_seen(part: str) -> None:
    c = colours(part)
    for thing in ("field-line", "bar"):
        assert contrast(c[thing], c["surface"]) >= 3, thing
