"""The carriers that cut a prefix off one line, in the order in which they are asked.

The order matters where two could claim a line: the more particular stands first, and a logging head is looked for
before a bare time is taken off. ``first`` narrows by the line's first character, so that most lines ask few.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from loopdoctor.carriers import ci, cloud, containers, process_managers, syslog, timestamps
from loopdoctor.carriers.wrapping import Cut

DIGITS = "0123456789"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTERS = CAPITALS + CAPITALS.lower() + "_"


class Carrier(Struct, frozen=True):
    """One kind of prefix: the characters that a line of it can begin with, what must stand in it, who reads it."""

    first: str
    holds: str
    cut: Callable[[str], Cut | None]


CARRIERS = (
    Carrier(DIGITS, " std", containers.cut_cri),
    Carrier(DIGITS + "<", ">1 ", syslog.cut_rfc5424),
    Carrier(DIGITS, "Z ", ci.cut_actions),
    Carrier(DIGITS, "Z ", ci.cut_gitlab),
    Carrier(DIGITS, "]: ", process_managers.cut_heroku),
    Carrier(DIGITS, "] ", process_managers.cut_fly),
    Carrier("#", " ", ci.cut_buildkit),
    Carrier("[", "\t", ci.cut_teamcity),
    Carrier("[", "] [", process_managers.cut_apache),
    Carrier(DIGITS + "[<" + CAPITALS, ":", syslog.cut_syslog),
    Carrier(DIGITS, "} ", cloud.cut_logcli),
    Carrier(DIGITS, "+", cloud.cut_aws_tail),
    Carrier(DIGITS, " |", process_managers.cut_procfile),
    Carrier(DIGITS, ": ", process_managers.cut_colon_time),
    Carrier(DIGITS + LETTERS, " |", containers.cut_bar),
    Carrier("[", "[pod/", containers.cut_kubectl),
    Carrier(DIGITS + LETTERS + "(", "\t", ci.cut_gh_run),
    Carrier(DIGITS + LETTERS.lower(), "-", containers.cut_stern),
)
LAST = Carrier(DIGITS + "[" + CAPITALS, "", timestamps.cut_timestamp)

BY_FIRST: dict[str, tuple[tuple[str, Callable[[str], Cut | None]], ...]] = {
    first: tuple((carrier.holds, carrier.cut) for carrier in CARRIERS if first in carrier.first)
    for first in DIGITS + LETTERS + "[<(#"
}


def cut_transport(text: str) -> Cut | None:
    """The prefix of a transport, if the line opens with one."""
    for holds, cut in BY_FIRST.get(text[:1], ()):
        if holds in text and (found := cut(text)) is not None:
            return found
    return None


def cut_bare_time(text: str) -> Cut | None:
    """A bare time before the line: asked for only when it is no logging head."""
    return LAST.cut(text) if text[:1] in LAST.first else None
