"""Log text inside Markdown: whatever it says, it comes out as text or as code, never as markup.

Two readers are in mind: CommonMark (https://spec.commonmark.org/0.31.2/), in which any ASCII punctuation is literal
behind a backslash and a fence is closed only by a run of its own sign that is as long; and the forges, which make
mentions, issue references, commit links, bare links and emoji of rendered *text*. No backslash stops those; code does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from loopdoctor.patterns import lazy
from loopdoctor.render.escape import visible

_TICKS = lazy("`+")
_SPECIAL = lazy(r"[\\`*_\[\]<>|#&~$]")
_BLOCK = lazy(r"^(?:[-+=]|\d{1,9}(?=[.)]))")
_WORD = lazy(r"\S+")
_ACTIVE = lazy(
    r"[@#!~%&$^_]\w|\w@|://|www\.|\w#|(?i:mailto|xmpp|gh-\d)|:[\w+-]+:|(?<![0-9a-zA-Z])[0-9a-f]{7,40}(?![0-9a-zA-Z])"
)
_COMMAND = lazy(r"^(\s*)(::|##\[)")
"""What the runners of GitHub and Azure take for a command of theirs wherever it stands in a step's output."""

_TRAILING = ".,;:!?"


def code(text: str) -> str:
    """``text`` as a code span that nothing in it can close; "" for nothing but blanks."""
    inside = visible(text).replace("\t", " ").strip()
    if not inside:
        return ""
    ticks = "`" * (max((len(run) for run in _TICKS.findall(inside)), default=0) + 1)
    pad = " " if inside[0] == "`" or inside[-1] == "`" else ""
    return f"{ticks}{pad}{inside}{pad}{ticks}"


def prose(text: str) -> str:
    """A sentence of the catalogue, names from the log filled in: `code` stays code, all else is text."""
    parts = visible(text.strip()).replace("\t", " ").split("`")
    if len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):  # those are no pairs round code
        parts = ["`".join(parts)]
    done = [code(part) if index % 2 else _WORD.sub(_word, part) for index, part in enumerate(parts)]
    return _BLOCK.sub(_opening, _apart(done).strip(), count=1)


def _apart(parts: list[str]) -> str:
    """The parts in a row; spans that touch would read as one with a longer fence, so a blank goes between them."""
    out = ""
    for part in filter(None, parts):
        out += f" {part}" if out.endswith("`") and part.startswith("`") else part
    return out


def _opening(match: re.Match[str]) -> str:
    """What would open a list, a heading or a quote at the beginning of a paragraph."""
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def _word(match: re.Match[str]) -> str:
    """A word as text; as code if a forge would make something of it."""
    word = match[0]
    if not _ACTIVE.search(word):
        return _SPECIAL.sub(r"\\\g<0>", word)
    core = word.rstrip(_TRAILING) or word
    return code(core) + word[len(core) :]


def fenced(lines: Iterable[str], language: str = "text", indent: int = 0) -> str:
    """Lines as a fenced block, ``indent`` columns in (for a list item); nothing in them can end it."""
    # A line break of another kind would be one for the reader too, and start a line that is not indented.
    shown = [_COMMAND.sub(r"\1\\\2", visible(line).rstrip()) for line in lines]
    longest = max((len(run) for line in shown for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    pad = " " * indent
    return "\n".join([f"{pad}{fence}{language}", *(f"{pad}{line}".rstrip() for line in shown), f"{pad}{fence}"])
