"""The command in a process of its own, to which something happens."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parcel_logs import CLOSED, calm

ROOT = Path(__file__).parents[1]
DEADLINE = 60


@pytest.fixture(name="log")
def short_log_fixture(tmp_path: Path) -> Path:
    """A short log with one failure."""
    path = tmp_path / "app.log"
    path.write_text(calm(30) + CLOSED)
    return path


@pytest.fixture(name="long_log")
def long_log_fixture(tmp_path: Path) -> Path:
    """A log that takes about a second: every entry stands near a failure, and is parsed."""
    path = tmp_path / "long.log"
    path.write_text(CLOSED + "".join(calm(3) + CLOSED.replace("parcel", f"parcel{n}") for n in range(4_000)))
    return path


def start(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
    """``python -m loopdoctor`` with these arguments; its output goes into pipes unless said otherwise."""
    dropped = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONPATH", "GITHUB_ACTIONS"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    variables = {**kept, "PYTHONPATH": str(ROOT / "src"), **(env or {})}
    return subprocess.Popen([sys.executable, "-m", "loopdoctor", *arguments], env=variables, **pipes)


def ended(process: subprocess.Popen[bytes], data: bytes | None = None) -> tuple[int, bytes, bytes]:
    """Exit status, output and messages of a process; never a traceback among them, nor a word of the interpreter."""
    out, err = process.communicate(data, timeout=DEADLINE)
    out, err = out or b"", err or b""
    for words in (b"Traceback (most recent", b"Exception ignored", b"Fatal Python", b"loopdoctor itself failed"):
        assert words not in err, err.decode()
    return process.returncode, out, err


def run(*arguments: str, data: bytes | None = None, **options: Any) -> tuple[int, bytes, bytes]:
    """A whole run."""
    if data is not None:
        options["stdin"] = subprocess.PIPE
    return ended(start(*arguments, **options), data)


def leftovers(directory: Path, *wanted: Path) -> list[str]:
    """What stands in a directory besides what is wanted there."""
    return sorted(path.name for path in directory.iterdir() if path not in wanted)


def bounded(**limits: int) -> Callable[[], None]:
    """To be done in the process before it begins: sets limits of the system, as ``ulimit`` does."""

    def limit() -> None:
        for name, size in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (size, size))

    return limit
