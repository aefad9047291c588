"""What several test modules need: a quick way from text to records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loopdoctor import pipeline as scanning
from loopdoctor.grouping import group
from loopdoctor.model import Line, Record
from loopdoctor.settings import Settings

WORDS = ("Event loop is closed", "Task was destroyed but it is pending", "was never awaited", "Unclosed client session")


def lines_of(text: str) -> list[Line]:
    """Bare lines, numbered; ``@LEVEL message`` stands for the head of a log entry."""
    lines = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.startswith("@"):
            level, _, message = raw[1:].partition(" ")
            lines.append(Line(number, message, start=True, level=level, time="12:00:00"))
        else:
            lines.append(Line(number, raw))
    return lines


def group_text(text: str) -> list[Record]:
    """The records in a text of bare lines and ``@LEVEL`` heads."""
    flow = group(lines_of(text), "test", lambda line: any(word in line for word in WORDS), Settings())
    return [item for item in flow if isinstance(item, Record)]


@pytest.fixture
def grouped() -> Callable[[str], list[Record]]:
    """``group_text`` as a fixture."""
    return group_text


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes a log (text or bytes, and its name) and gives its path."""

    def write_log(data: str | bytes, name: str = "app.log") -> str:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return str(path)

    return write_log


@pytest.fixture(scope="module")
def rules_once() -> Iterator[None]:
    """For many scans: the built-in rules are read from YAML once, not for each; a team's own are read as ever."""
    load = scanning.load_catalogue
    built_in = load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "load_catalogue", lambda rules: load(rules) if rules else built_in)
        yield
