"""What the fuzzer has found stays mended, and each of its targets runs for a moment: see docs/fuzzing.md."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fuzz.targets import TARGETS
from parcel_logs import PAYLOADS

FOUND = Path(__file__).parent / "fuzz" / "found"
CRASHES = sorted(path for path in FOUND.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: f"{path.parent.name}-{path.name[:20]}")
def test_what_was_found_stays_mended(path: Path) -> None:
    """Each input that once broke its target."""
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_failures_in_pieces(name: str) -> None:
    """Sixty mutations of real failures, the same in every run: no guidance, but it needs no atheris."""
    chance = random.Random(name)
    for _ in range(60):
        data = bytearray("".join(chance.choices(PAYLOADS, k=2)).encode())
        for _ in range(chance.randrange(8)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(9)] = chance.randbytes(chance.randrange(5))
        TARGETS[name](bytes(data))
