"""What the fuzzer feeds, stage by stage; each target takes any bytes and must return.

Errors for users (LoopdoctorError) are answers. Anything else that is raised is a finding.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from loopdoctor.carriers import unwrap
from loopdoctor.errors import LoopdoctorError
from loopdoctor.grouping import group
from loopdoctor.model import Line, Record, Window
from loopdoctor.pipeline import scan_sources
from loopdoctor.render import FORMATS, View, renderer
from loopdoctor.reprs import find_objects, parse_object
from loopdoctor.settings import Settings
from loopdoctor.sources import Source, unpacked
from loopdoctor.tracebacks import parse_frames, parse_trace

SETTINGS = Settings(max_unpacked=4 << 20)
WORDS = ("Event loop is closed", "Task was destroyed but it is pending", "was never awaited", "Unclosed")


def _speaks(text: str) -> bool:
    return any(word in text for word in WORDS)


def sources(data: bytes) -> None:
    """Containers, compressions, encodings."""
    for source in unpacked("-", iter([data[:7], data[7:]]), SETTINGS, lambda notice: None):
        for _ in source.blocks():
            pass


def _lines(data: bytes) -> list[Line]:
    return list(unwrap([Window("-", 1, data)], SETTINGS, lambda notice: None))


def carriers(data: bytes) -> None:
    """What stands round lines."""
    _lines(data)


def records(data: bytes) -> None:
    """Lines to records, in streams told by a first byte."""
    lines = [
        Line(number, text[1:], stream=text[:1] if text[:1] in "ab" else "", start=text[:1] == "!")
        for number, text in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1)
    ]
    for _ in group(lines, "-", _speaks, SETTINGS):
        pass


def tracebacks(data: bytes) -> None:
    """Records and their trees of exceptions."""
    for item in group(_lines(b"Traceback (most recent call last):\n" + data), "-", _speaks, SETTINGS):
        if isinstance(item, Record):
            list(item.frames())
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    parse_trace(lines)
    parse_frames(lines)


def reprs(data: bytes) -> None:
    """Tasks, futures, handles, transports as Python prints them."""
    text = data.decode("utf-8", "surrogateescape")
    parse_object(text)
    list(find_objects(text))


def rules(data: bytes) -> None:
    """A rule file by anybody."""
    from loopdoctor.catalogue.load import load_catalogue

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "rule.yaml").write_bytes(data)
        with suppress(LoopdoctorError):
            load_catalogue([folder])


@cache
def _catalogue() -> Any:
    from loopdoctor.catalogue.load import load_catalogue

    return load_catalogue(())


def whole(data: bytes) -> Any:
    """The whole scan; no stage may fail."""
    report = scan_sources(
        lambda notify: [Source("-", None, iter([data[:9], data[9:]]))], SETTINGS, catalogue=_catalogue()
    )
    failed = [notice for notice in report.notices if notice.kind.endswith("-failed")]
    if failed:
        raise AssertionError(failed[0].message)
    return report


FAILURE = (
    b'Traceback (most recent call last):\n  File "/srv/parcel/%s.py", line 3, in go\n    x()\n'
    b"RuntimeError: Event loop is closed %s\n"
)


def renderers(data: bytes) -> None:
    """Every format, of a failure that has the bytes in its texts."""
    report = whole(FAILURE % (data[:40].replace(b"\n", b""), data))
    out = io.BytesIO()
    for name in FORMATS:
        if name != "part":
            for piece in renderer(name)(report, {}, View()):
                out.write(piece.encode())


TARGETS: dict[str, Callable[[bytes], Any]] = {
    "sources": sources,
    "carriers": carriers,
    "records": records,
    "tracebacks": tracebacks,
    "reprs": reprs,
    "rules": rules,
    "renderers": renderers,
    "whole": whole,
}
