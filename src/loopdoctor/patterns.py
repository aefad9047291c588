"""Regular expressions that are compiled when first used: to compile one takes as long as to search a log of 100 KB.

The carriers have some 150, the rules some 700; a short log needs ten of each.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, AnyStr, cast


class _Lazy:
    """Stands in for a ``re.Pattern``; what was asked for once is found directly the next time."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags
        self._compiled: re.Pattern[Any] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self._compiled is None:
            self._compiled = re.compile(self._source, self._flags)
        value = getattr(self._compiled, name)
        setattr(self, name, value)
        return value


def lazy(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A pattern that is compiled at its first use; a mistake in it shows only then (the tests use each)."""
    return cast("re.Pattern[AnyStr]", _Lazy(source, flags))


_ZERO_WIDTH = frozenset("^$")
_LONG_ESCAPES = frozenset("xuUN0123456789")
_ENDS_RUN = frozenset(".()[]|")
_OPTIONAL = frozenset("?*{")


@lru_cache(maxsize=4096)
def needed(source: str) -> str:
    """The longest piece of text that whatever matches the pattern must hold; "" if none can be told at a glance.

    Only what stands outside of groups and classes is looked at, and nothing of patterns with flags or alternatives
    outside of groups.
    """
    runs, run, depth, at = [""], "", 0, 0
    if source.startswith("(?") and source[2:3].isalpha() and source[2] != "P":
        return ""
    while at < len(source):
        char, size = source[at], 1
        literal = char
        if char == "\\":
            size = 2
            escaped = source[at + 1 : at + 2]
            if escaped in _LONG_ESCAPES:
                return ""
            literal = "" if escaped.isalnum() or not escaped else escaped
        elif char == "[":
            size, literal = _class_size(source, at), ""
        elif char == "|" and depth == 0:
            return ""
        elif char in _ENDS_RUN or char in _ZERO_WIDTH or char in _OPTIONAL or char == "+":
            depth += (char == "(") - (char == ")")
            literal = ""
        if literal and depth == 0 and not _OPTIONAL & {*source[at + size : at + size + 1]}:
            run += literal
        else:
            runs.append(run)
            run = ""
        if char == "{":
            size = max(source.find("}", at) - at + 1, 1)
        at += size
    return max((*runs, run), key=len)


def _class_size(source: str, at: int) -> int:
    """The length of the character class that begins there."""
    end = at + 2 if source[at + 1 : at + 2] == "^" else at + 1
    end += source[end : end + 1] == "]"
    while end < len(source) and source[end] != "]":
        end += 2 if source[end] == "\\" else 1
    return end + 1 - at
