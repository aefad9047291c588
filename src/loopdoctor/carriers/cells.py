r"""A learned wrapping of lines: what stands before the program's text, how the text is quoted, what stands behind.

``worker 3 > ``, ``{"n": 7, "line": "`` ... ``"}``, ``<td>10:00</td><td>`` ... ``</td>``, ``| 12 | `` ... `` |``: none
of it is known beforehand. Numbers, hexadecimal ids and levels are left open, so that ``worker 3 > `` and
``worker 12 > `` are the same wrapping and two writers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from loopdoctor.carriers.levels import UPPER
from loopdoctor.carriers.quoting import QUOTES, end_of, unquoted
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

CLOCK = lazy(r"\d+(?:[:./hms,-]\d+)+[ms]?|\d{10,19}")
"""Numbers that tell a time and not which of several writers it is."""

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_HEX = r"0x[0-9a-fA-F]+|(?<=@)[0-9a-f]{24}(?![0-9a-z])|(?<![\w-])(?=[a-f]*\d)[0-9a-f]{7,64}(?![\w-])"
OPEN = lazy(
    rf"(?P<uuid>{_UUID})|(?P<hex>{_HEX})|(?P<number>\d+)"
    rf"|(?<![A-Za-z])(?P<level>{UPPER}|{UPPER.lower()}|{UPPER.title()})(?![\w.])(?P<pad> *)"
)
GREP = lazy(r"(?P<mark>> |  )?(?P<file>\S*[^\s\d:-])?(?P<one>[:-])?\d+(?P<two>[:-])$")
TAIL = lazy(r"[ \t]*[|│┃║+$][ \t]*$|(?:</[\w:-]+>)+\s*$")
LEVEL = rf"(?:{UPPER}|{UPPER.lower()}|{UPPER.title()})"

Waiting = tuple[int, str, str | None]
"""A line that waits to be understood: number, text, time."""


class Learned(Struct, frozen=True):
    """A wrapping of lines, learned from a line of which the program's own text was known.

    ``quote`` opens the text, ``tail`` follows it (with ``quote``: follows its closing quote). ``bare`` says that a text
    may also stand without the quotes: a table quotes only those cells that need it. ``open`` says for each
    group of the pattern what it stands for. ``counters`` are those groups that count or differ from line to line: they
    name no writer.
    """

    pattern: re.Pattern[str]
    quote: str = ""
    bare: bool = False
    tail: re.Pattern[str] | None = None
    open: tuple[str, ...] = ()
    counters: frozenset[int] = frozenset()

    def cut(self, text: str) -> Cut | None:
        """The program's text of a line, in the lane of this wording of the wrapping; None if it is not so wrapped."""
        match = self.pattern.match(text)
        if match is None:
            return None
        at = match.end()
        if self.bare and text[at : at + 1] != self.quote:
            found = self.tail.search(text, at) if self.tail is not None else None
            return Cut("prefix", text[at : found.start()], self._key(match)) if found is not None else None
        return Cut("prefix", self._inner(text, at + self.bare), self._key(match))

    def _inner(self, text: str, at: int) -> str:
        rest = text[at:]
        if self.quote:
            rest = rest.rstrip()
            end = end_of(rest, self.quote)
            if self.tail is not None and (end < 0 or not self.tail.match(rest[end + 1 :].lstrip())):
                end = max(end, self._last_quote(rest))
            return unquoted(rest[:end] if end >= 0 else rest, self.quote).removesuffix("\n").removesuffix("\r")
        if self.tail is not None and (found := self.tail.search(rest.rstrip())) is not None:
            rest = rest[: found.start()].rstrip()
        if rest[:1] == '"' and rest[-1:] == '"' and text[at - 1 : at] in (",", ";", "\t") and len(rest) > 1:
            return rest[1:-1].replace('""', '"')  # a table quotes only those cells that need it
        return rest

    def _last_quote(self, rest: str) -> int:
        """The quote that the learned tail follows: for a writer that escapes nothing."""
        found = self.tail.search(rest) if self.tail is not None else None
        return rest.rfind(self.quote, 0, found.start()) if found is not None else -1

    def _key(self, match: re.Match[str]) -> str:
        key = match[0]
        for place in range(len(self.open), 0, -1):
            if place in self.counters or self.open[place - 1] == "level":
                begin, end = match.span(place)
                key = key[:begin] + key[end:]
        return CLOCK.sub("", key).strip(" \t[](){}<>|:-=│┃›»,;\"'`")

    def compared(self, lines: Iterable[Waiting]) -> Learned:
        """The same wrapping, once some lines of it have told which of its numbers name no writer."""
        found = [(at, match.groups()) for at, text, _ in lines if (match := self.pattern.match(text)) is not None]
        if len(found) < 2:
            return self
        counters = set()
        for place, values in enumerate(zip(*(groups for _, groups in found), strict=True), 1):
            if self.open[place - 1] == "level" or len({*values}) < len(values):
                continue
            if self.open[place - 1] == "number" and len(values) < 4:
                offsets = {int(value) - at for value, (at, _) in zip(values, found, strict=True)}
                if len(offsets) > 1 or found[0][0] == found[-1][0]:
                    continue
            counters.add(place)
        return replace(self, counters=frozenset(counters))


@lru_cache(maxsize=256)
def learned(prefix: str, suffix: str = "") -> Learned:
    """The wrapping that stands around the text of a line: ``prefix`` and, where it is known, ``suffix``."""
    quote = prefix[-1:] if prefix[-1:] in QUOTES else ""
    closing = _tail(suffix)
    bare = bool(quote) and closing is not None and (prefix == quote or prefix[-2] in ",;\t")
    if bare:
        prefix = prefix[:-1]
    if (grep := GREP.match(prefix)) is not None:
        return Learned(re.compile(_grep(grep)), open=("number",))
    end = len(prefix.rstrip(" \t"))
    parts: list[str] = []
    kinds: list[str] = []
    at = 0
    for match in OPEN.finditer(prefix):
        kind = match.lastgroup if match.lastgroup != "pad" else "level"
        if kind is None or (match.start() >= end and kind != "level"):
            continue
        parts += [_literal(prefix[at : match.start()], before=kind), _opened(match, kind)]
        kinds.append(kind)
        at = match.end()
    rest = prefix[at:]
    body, tail = rest.rstrip(" \t"), rest[len(rest.rstrip(" \t")) :]
    pattern = "".join(parts) + re.escape(body)
    if tail:
        pattern += f"(?:{re.escape(tail)}|{re.escape(tail).rstrip(' ').rstrip(chr(92))}$|$)"
    return Learned(re.compile(pattern), quote, bare, closing, tuple(kinds))


def _grep(match: re.Match[str]) -> str:
    """grep marks lines round a hit by another sign than the hit."""
    mark = "(?:> |  )" if match["mark"] else ""
    return mark + re.escape(match["file"] or "") + ("[:-]" if match["one"] else "") + r"(\d{1,18})[:-]"


def _literal(text: str, *, before: str) -> str:
    """What stands between open parts; blanks that pad a number to a width are left open with it."""
    bare = text.rstrip(" ")
    blanks = len(text) - len(bare)
    padded = before == "number" and blanks and (blanks > 1 or not bare or bare[-1] in "[(<|")
    return re.escape(bare) + " *" if padded else re.escape(text)


def _opened(match: re.Match[str], kind: str) -> str:
    """A group for an id, a number, or a level in a column as wide as it is."""
    if kind == "uuid":
        return f"({_UUID})"
    if kind == "hex":
        return r"(0x[0-9a-fA-F]+)" if match[0].startswith("0x") else r"([0-9a-f]{6,64})"
    if kind == "number":
        size = len(match[0])
        return rf"([0-9a-f]{{{size}}})" if size in (8, 16, 32) else r"(\d{1,20})"
    blanks = len(match["pad"])
    if blanks < 2 and len(match["level"]) < 7:
        return f"({LEVEL})" + " " * blanks
    return f"((?={LEVEL})[A-Za-z ]{{{len(match[0])}}})"


def _tail(suffix: str) -> re.Pattern[str] | None:
    """What closes a line, numbers and blanks left open; none of it begins with a blank, so a search stays linear."""
    if not suffix.strip():
        return None
    parts = [re.sub(r"(?:\\ )+", " *", re.escape(part)) for part in re.split(r"\d+", suffix.strip())]
    return re.compile(r"\d{1,20}".join(parts) + "$")
