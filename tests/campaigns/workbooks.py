"""Damaged workbooks by the thousand: bytes flipped in the archive, parts cut, bent and shortened.

    python -m tests.campaigns.workbooks --count 3000

Whatever the damage, reading gives a scenario or a PlannerError with findings. Exit code 1 where
anything else comes.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for place in (str(ROOT / "tests"), str(ROOT)):
    if place not in sys.path:
        sys.path.insert(0, place)

from books import workbook  # noqa: E402

from planner.errors import PlannerError  # noqa: E402
from planner.scenario.read import read  # noqa: E402

_BYTES = b'<>"/= 0129aZ\xff\x00-.'


def whole() -> bytes:
    """A workbook with a few of everything."""
    rules = [["rule", "technique"], ["fund", "a"]]
    return workbook({"rules": rules, "scale": [["symbol", "value"], ["ok", 0.1]]})


def damaged(seed: int, base: bytes) -> bytes:
    """The workbook with damage that is a function of the seed."""
    rng = random.Random(f"workbook {seed}")
    if seed % 2:
        data = bytearray(base)
        for _ in range(rng.choice((1, 3, 10))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    old = zipfile.ZipFile(io.BytesIO(base))
    parts = {name: old.read(name) for name in old.namelist()}
    name = rng.choice(list(parts))
    parts[name] = _bent(rng, bytearray(parts[name]))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for part, text in parts.items():
            new.writestr(part, text)
    return out.getvalue()


def _bent(rng: random.Random, text: bytearray) -> bytes:
    start, how = rng.randrange(len(text)), rng.random()
    if how < 0.3:
        return bytes(text[:start])
    if how < 0.7:
        for _ in range(rng.choice((1, 2, 5))):
            text[rng.randrange(len(text))] = rng.choice(_BYTES)
        return bytes(text)
    return bytes(text[:start] + text[start + rng.randrange(60) :])


def outcome(data: bytes, path: Path) -> str:
    """`read`, or the name of the error; what is no PlannerError is raised."""
    path.write_bytes(data)
    try:
        read(path)
    except PlannerError as error:
        return type(error).__name__ if error.findings else "an error without findings"
    return "read"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=3000)
    count = parser.parse_args().count
    base, found = whole(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(count):
            try:
                found[outcome(damaged(seed, base), Path(folder) / "book.xlsx")] += 1
            except Exception as error:
                found["faults"] += 1
                print(f"seed {seed}: {type(error).__name__}: {error}")
    print(", ".join(f"{number} {what}" for what, number in sorted(found.items())))
    return 1 if found["faults"] or found["an error without findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
