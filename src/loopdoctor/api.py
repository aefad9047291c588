"""The library: what a program that finds failures in logs needs, and nothing that prints.

    from loopdoctor import scan

    for diagnosis in scan("app.log").diagnoses:
        print(diagnosis.incident.first.line, diagnosis.candidates[0].title)

``loopdoctor`` itself gives out these names; they are loaded when the first of them is asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import (
    Candidate,
    ClueResult,
    Diagnosis,
    FixStep,
    Frame,
    Incident,
    Input,
    Line,
    Mark,
    Member,
    Notice,
    Owner,
    Place,
    Record,
    Report,
    Stats,
    Symptom,
    Trace,
    Unexplained,
)
from loopdoctor.settings import Settings
from loopdoctor.sources import Notify, find_sources, unpacked
from loopdoctor.sources import Source as _Source

if TYPE_CHECKING:
    from loopdoctor.catalogue.schema import Catalogue

__all__ = [
    "Candidate",
    "ClueResult",
    "Diagnosis",
    "FixStep",
    "Frame",
    "Incident",
    "Input",
    "Line",
    "LoopdoctorError",
    "Mark",
    "Member",
    "Notice",
    "Owner",
    "Place",
    "Record",
    "Report",
    "Settings",
    "Stats",
    "Symptom",
    "Trace",
    "Unexplained",
    "report_text",
    "scan",
    "to_json",
]

PIECE = 1 << 18
"""Bytes asked of a file at once."""


class Readable(Protocol):
    """A file object that gives bytes or text: an open file, ``Popen.stdout``, a response."""

    def read(self, size: int, /) -> bytes | str:
        """At most ``size`` bytes or characters; nothing at the end."""
        ...


Source = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | Iterable[str] | Iterable[bytes]
"""What can be scanned; ``scan`` says what each of them means."""


def scan(
    source: Source, /, *more: Source, settings: Settings | None = None, rules: Iterable[str | os.PathLike[str]] = ()
) -> Report:
    """Finds the asyncio failures in one source or several, and the mistakes behind them.

    Each source is one of

    - a path (``str`` or ``os.PathLike``): a log, a directory, an archive, a pattern such as ``logs/*.log``, and ``-``
      for standard input, as on the command line. Several paths are several arguments;
    - ``bytes`` (``bytearray``, ``memoryview``): the content of a log;
    - a file object, binary or text: read from where it stands to its end, and left open;
    - an iterable of ``str``: lines, with or without their line ends;
    - an iterable of ``bytes``: chunks, joined as they are, wherever they were cut.

    Compressed bytes, archives and UTF-16 are told by their content. ``settings`` are the limits to keep to, ``rules``
    directories with rules of your own; the configuration of a project is not looked for. Nothing is printed.

    Raises LoopdoctorError for a path that cannot be read or rules that are broken, TypeError for what is no source,
    and whatever a file object or an iterable itself raises. What was skipped or damaged stands in ``Report.notices``.
    """
    from msgspec.structs import replace

    from loopdoctor.catalogue.load import load_catalogue
    from loopdoctor.pipeline import scan_sources

    settings = settings or Settings()
    own = (*settings.rules, *_directories(rules))
    settings = replace(settings, rules=own)
    given = [_Given(number, one) for number, one in enumerate((source, *more), 1)]

    def open_sources(notify: Notify) -> Iterator[_Source]:
        for one in given:
            yield from one.open(settings, notify)

    report = scan_sources(open_sources, settings, catalogue=load_catalogue(own) if own else _built_in())
    for one in given:
        if one.failed is not None:
            raise one.failed
    if report.stats.interrupted:
        raise KeyboardInterrupt
    return report


def report_text(
    report: Report,
    format: str = "json",  # noqa: A002
    *,
    rules: Iterable[str | os.PathLike[str]] = (),
    width: int = 100,
    color: bool = False,
    top: int = 3,
    why: bool = False,
    redact: bool | None = None,
) -> str:
    """A report as the command line would print it in this format (``loopdoctor scan --format``).

    ``rules`` are those of the scan, for the titles of symptoms; ``redact`` masks secrets, where it is None only in
    formats that leave the machine; the rest are the options of the same names. Raises
    ValueError for a format that there is not.
    """
    from loopdoctor.catalogue.load import load_catalogue
    from loopdoctor.render import FORMATS, LEAVES_THE_MACHINE, View, renderer

    if format not in FORMATS:
        raise ValueError(f"{format!r} is not one of {', '.join(FORMATS)}")
    if redact or (redact is None and format in LEAVES_THE_MACHINE):
        from loopdoctor.redaction import redact as masked

        report = masked(report)
    own = _directories(rules)
    catalogue = load_catalogue(own) if own else _built_in()
    titles = {symptom.id: symptom.title for symptom in catalogue.symptoms.values()}
    return "".join(renderer(format)(report, titles, View(width=width, color=color, top=top, why=why)))


def to_json(report: Report, *, rules: Iterable[str | os.PathLike[str]] = (), why: bool = False) -> dict[str, Any]:
    """A report as plain values: what ``json.loads`` makes of ``report_text(report, "json")``."""
    values: dict[str, Any] = json.loads(report_text(report, "json", rules=rules, why=why))
    return values


def _directories(rules: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
    given = (rules,) if isinstance(rules, str | os.PathLike) else rules
    return tuple(os.fspath(one) for one in given)


@lru_cache(maxsize=1)
def _built_in() -> Catalogue:
    """The rules that come with the package: read once, for programs that scan often."""
    from loopdoctor.catalogue.load import load_catalogue

    return load_catalogue()


class _Given:
    """One source as it was given; ``failed`` is what its own code raised while it was read."""

    def __init__(self, number: int, source: Source) -> None:
        self.failed: BaseException | None = None
        self._source = source
        again = "" if number == 1 else f" {number}"
        if isinstance(source, str | os.PathLike):
            self._name = os.fspath(source)
        elif isinstance(source, bytes | bytearray | memoryview):
            self._name = f"<bytes{again}>"
        elif hasattr(source, "read"):
            name = getattr(source, "name", None)
            self._name = name if isinstance(name, str) else f"<file{again}>"
        elif isinstance(source, Iterable):
            self._name = f"<lines{again}>"
        else:
            raise TypeError(f"a {type(source).__name__} is no path, bytes, file object, or iterable of lines")

    def open(self, settings: Settings, notify: Notify) -> Iterator[_Source]:
        """The logs within the source."""
        if isinstance(self._source, str | os.PathLike):
            return find_sources([self._name], settings, notify)
        return unpacked(self._name, self._guarded(), settings, notify)

    def _guarded(self) -> Iterator[bytes]:
        """The pieces, empty ones left out; what breaks them off is kept for the caller, whose code it is."""
        try:
            for piece in self._pieces():
                if piece:
                    yield piece
        except Exception as error:  # noqa: BLE001 - raised again by ``scan``
            self.failed = error

    def _pieces(self) -> Iterator[bytes]:
        source = self._source
        if isinstance(source, bytes | bytearray | memoryview):
            yield bytes(source)
        elif hasattr(source, "read"):
            # read1 gives what has come; read waits until all that was asked for is there.
            read = getattr(source, "read1", None) or source.read
            while data := read(PIECE):
                yield _encoded(data) if isinstance(data, str) else bytes(data)
        else:
            for item in source:  # type: ignore[union-attr] # a path was opened elsewhere
                if isinstance(item, str):
                    yield _encoded(item if item.endswith("\n") else f"{item}\n")
                elif isinstance(item, bytes | bytearray | memoryview):
                    yield bytes(item)
                elif isinstance(item, os.PathLike):
                    raise TypeError("these are paths, not lines: scan(*paths) reads them")
                else:
                    raise TypeError(f"a line is str, a chunk bytes; a {type(item).__name__} is neither")


def _encoded(text: str) -> bytes:
    """UTF-8; bytes that a text file could not decode as they were, if it was opened with ``surrogateescape``."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace")
