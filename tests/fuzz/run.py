"""Coverage-guided fuzzing with atheris: ``python tests/fuzz/run.py TARGET [-max_total_time=60 -seed=1 ...]``.

Options are libFuzzer's (https://llvm.org/docs/LibFuzzer.html#options); it begins with real failures, plain and packed.
A finding is written as ``crash-...``: move it into ``tests/fuzz/found/TARGET/``, and tests/test_fuzz.py keeps it.
``pip install "loopdoctor[fuzz]"`` gives atheris (Linux).
"""

from __future__ import annotations

import bz2
import gzip
import sys
import tempfile
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
with atheris.instrument_imports(include=["loopdoctor"]):
    from targets import TARGETS

    from parcel_logs import PAYLOADS


def main() -> None:
    """Fuzzes one target until it is told to stop."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: run.py {'|'.join(TARGETS)} [libFuzzer options]")
    with tempfile.TemporaryDirectory() as seeds:
        texts = [payload.encode() for payload in PAYLOADS]
        words = [line for text in texts for line in text.splitlines() if b"<" in line]
        for number, data in enumerate([*texts, *words, gzip.compress(texts[0]), bz2.compress(texts[0])]):
            Path(seeds, str(number)).write_bytes(data)
        atheris.Setup([sys.argv[0], *sys.argv[2:], seeds], TARGETS[sys.argv[1]])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
