"""``${name:-default}`` in a rule's texts and code: names found in a log, or words that read well without them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from loopdoctor.patterns import lazy

NAMES = frozenset(
    {"object", "coroutine", "task", "client", "library", "file", "line"}
    | {"function", "thread", "test", "pid", "count", "fixture", "class"}
)
"""Every name that a text may ask for."""

LONGEST = 120
"""Characters kept of a value: a repr of some kilobytes would bury the sentence that it stands in."""

_PLACEHOLDER = lazy(r"\$\{(?P<name>\w+)(?::-(?P<default>[^{}\n]*))?\}")
# "${{ ... }}" is GitHub's own and "$name" the shell's: both may stand in a step's code.
_OPENING = lazy(r"\$\{(?!\{)")


def placeholders(text: str) -> Iterator[tuple[str, str | None]]:
    """Each placeholder's name and default, in order; the default is ``None`` where none is given.

    What opens like a placeholder and is none (``${name:-`` without an end, a default with braces) comes as
    ``("", None)``.
    """
    end = 0
    for opening in _OPENING.finditer(text):
        if opening.start() < end:
            continue
        found = _PLACEHOLDER.match(text, opening.start())
        if found is None:
            yield "", None
        else:
            end = found.end()
            yield found["name"], found["default"]


def fill(text: str, names: Mapping[str, str]) -> str:
    """The text with each placeholder replaced by its value in ``names``, or by its default.

    Values come out of a log and are data: they are cleaned (``clean``) and never expanded again.
    """

    def value(found: re.Match[str]) -> str:
        return clean(names.get(found["name"], "")) or found["default"] or ""

    return _PLACEHOLDER.sub(value, text)


def clean(value: str) -> str:
    """A log's value as one short line: no control or invisible characters, at most ``LONGEST`` characters."""
    # Cut first: a value may be a line of megabytes, and no more than this can be shown in any case.
    shown = " ".join("".join(map(_visible, value[: LONGEST * 8])).split())
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    match unicodedata.category(character):
        case "Cc" | "Cf":
            return ""
        case "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return character
