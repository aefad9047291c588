"""Knows the logs in which one entry spans lines in a way that only the entry's beginning tells.

A window cut out of the middle of such a log could not be read. They are therefore parsed whole.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from loopdoctor.patterns import lazy

SNIFFED = 64 << 10
"""Bytes of a log's beginning that are looked at."""

# Colours and links that a program writes for a terminal.
_TERMINAL = lazy(rb"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\]8;[^\x07\x1b\n]*(?:\x07|\x1b\\)")


class Sniffer(NamedTuple):
    """A kind of log, what shows it (``least`` times), and why no window may be cut out of it."""

    name: str
    shows: re.Pattern[bytes]
    why: str
    least: int = 1


SNIFFERS = (
    Sniffer(
        "XML",
        re.compile(rb"\A\s*<(?:\?xml|testsuites?)\b"),
        "text stands inside elements, and attributes, that may be many lines away",
    ),
    Sniffer(
        "journal export",
        re.compile(rb"^(?:__CURSOR=|__REALTIME_TIMESTAMP=\d)", re.MULTILINE),
        "a field may hold binary lines whose number only the field's head tells",
    ),
    Sniffer(
        "journal verbose",
        re.compile(rb"^\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \S+ \[s=[0-9a-f]+;i=", re.MULTILINE),
        "the unit and the process of a message stand in lines of their own",
    ),
    Sniffer(
        "JSON over several lines",
        re.compile(rb"\A\s*[\[{][ \t]*\r?\n"),
        "an object ends where its last brace is (journalctl -o json-pretty, cloud exports, notebooks)",
    ),
    Sniffer(
        "rich console",
        re.compile(
            rb"^.*\[\d\d[^\]\n]*\d\d\] +(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) .*\S+\.\w+:\d+[ \t\r]*$", re.MULTILINE
        ),
        "a message is broken to the width of the terminal, and the catalogue's words with it",
        3,
    ),
)


def reason_for_full(head: bytes) -> str:
    """The name of the kind of log that ``head`` is the beginning of, if that must be parsed whole; else ``""``."""
    plain = _TERMINAL.sub(b"", head)
    for sniffer in SNIFFERS:
        found = sniffer.shows.finditer(plain)
        if all(next(found, None) for _ in range(sniffer.least)):
            return sniffer.name
    return ""
