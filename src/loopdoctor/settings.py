"""One frozen value for all that can be set: every limit with its reason stands here and nowhere else."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Span(Struct, frozen=True):
    """From when to when, in seconds since 1970 UTC; ``now`` is when the scan began, ``ahead`` local time minus UTC."""

    since: float
    until: float
    now: float
    ahead: float


class Settings(Struct, frozen=True):
    """What a scan was asked to do, and the limits it keeps to.

    ``rules``          directories with a team's own rules; they join the built-in ones and override them by id
    ``span``           judge only records of this time; None: all of them
    ``jobs``           processor cores to use: processes for several files, threads for one; 0: all there are
    ``full``           parse every line instead of only windows round the catalogue's literals (slow reference)
    ``whole_below``    sources smaller than this many bytes are parsed whole: a window saves nothing there
    ``margin``         lines kept before and after a hit, so that a record and its neighbours are seen whole
    ``max_line``       bytes kept of one line; a longer line is cut and a notice says so
    ``max_record``     lines kept of one record; a traceback without end must not fill memory
    ``max_suspended``  unfinished records that wait in one stream while others are written into them
    ``max_unpacked``   bytes that one compressed input may grow to
    ``max_ratio``      how many times its size a compressed input may grow (beyond the first 64 MiB)
    ``max_incidents``  distinct incidents kept; more are counted only
    ``pattern_timeout`` seconds that one pattern of a rule may run on one piece of text
    """

    rules: tuple[str, ...] = ()
    jobs: int = 0
    full: bool = False
    span: Span | None = None
    whole_below: int = 1 << 20
    margin: int = 40
    max_line: int = 256 << 10
    max_record: int = 4000
    max_suspended: int = 4
    max_unpacked: int = 64 << 30
    max_ratio: int = 2000
    max_incidents: int = 2000
    pattern_timeout: float = 0.1


class Held(Struct, frozen=True):
    """What holds for one option: ``origins`` says where it was set, ``file:line`` or variables; empty: nowhere."""

    name: str
    value: Any
    default: Any
    origins: tuple[str, ...]
    variable: str
    meaning: str
