r"""Lines that a terminal, a mail program or a form broke at a column, joined again.

A frame that ends in ``File "/usr/lib/pyth`` and goes on in the next line, or a ``task: <Task`` whose bracket the next
line closes, shows it. How long that line is, and what it ends in, tells where others were broken: at exactly that
column, before the first word that went beyond it, or with a mark (``=`` of quoted-printable, a backslash).
"""

from __future__ import annotations

import quopri
import re

from loopdoctor.carriers.times import ISO
from loopdoctor.patterns import lazy

NARROWEST = 40
WIDEST = 300
LONGEST_WORD = 16
"""By so much may a line be shorter than the column: a word that did not fit any more."""

MAX_PIECES = 200
MAX_TRIED = 2000

FRAME = lazy(r'File "[^"]+", line \d+, in \S')
UNFINISHED = lazy(
    r'File "(?:[^"]*|[^"]+"(?:,?|, (?:l|li|lin|line)?|, line |, line \d+,(?: (?:in?)?)?|, line \d+, in ))[=\\]?$'
)
DETAIL = lazy(r"(?:\S.{0,80} )?(?:task|future|coro): <[^<>]*(?:<[^<>]*>[^<>]*)*(?:<[^<>]*)?$")
RULE = lazy(r"[=_]{5,}.*[=_]{5,}$|[_ ]{20,}$")
BEGINS = lazy(
    rf"\[?{ISO}|[=_]{{5,}}[ =_]|E   |>   |The above exc|During hand|Traceback \(most recent|  File \""
    r"|(?:task|future|client_session|connector): "
)

Numbered = list[tuple[int, str]]


def rejoined(lines: list[str], first: int) -> Numbered | None:
    """The lines with those joined that were one; None if nothing shows that any was broken."""
    sizes = [*map(len, lines)]
    width = max(sizes)
    if not NARROWEST <= width <= WIDEST:
        return None
    full = width - LONGEST_WORD
    place = _shown(lines, [place for place, size in enumerate(sizes[:-1]) if size > full])
    if place < 0:
        return None
    mark = lines[place][-1] if lines[place][-1] in "=\\" else ""
    words = not mark and sizes[place] < width
    found: Numbered = []
    pieces = 0
    for number, line in enumerate(lines, first):
        joint = _joint(found[-1][1] if found else "", lines[number - first - 1], line, mark, width, words=words)
        if found and joint is not None and pieces < MAX_PIECES:
            begin, whole = found[-1]
            found[-1] = (begin, (whole.removesuffix(mark) if mark else whole) + joint + line)
            pieces += 1
        else:
            found.append((number, line))
            pieces = 0
    if mark == "=":
        return [(number, quopri.decodestring(line.encode()).decode("utf-8", "replace")) for number, line in found]
    return found


def _shown(lines: list[str], places: list[int]) -> int:
    """The first of some full lines that the next one shows to be broken; -1 if there is none."""
    tried = 0
    for place in places:
        line = lines[place]
        if line.endswith("=") and "=3D" in line:
            return place
        if 'File "' in line:
            match = UNFINISHED.search(line)
            if match is not None and _completes(line[match.start() :], lines[place + 1]):
                return place
        elif ": <" in line and DETAIL.match(line):
            joined = line.rstrip("=\\") + lines[place + 1]
            if joined.count("<") == joined.count(">") and ">" in lines[place + 1]:
                return place
        else:
            continue
        tried += 1
        if tried > MAX_TRIED:
            break
    return -1


def _completes(frame: str, following: str) -> bool:
    bare = frame.rstrip("=\\")
    return bool(FRAME.match(bare + following) or FRAME.match(f"{bare} {following}"))


def _joint(whole: str, before: str, line: str, mark: str, width: int, *, words: bool) -> str | None:
    """What stood where a line was broken: nothing, or a blank; None if ``line`` is one of its own."""
    if mark:
        return "" if whole.endswith(mark) else None
    if not before or not line or BEGINS.match(line) or RULE.match(before):
        return None
    if len(before) == width or (before.endswith(" ") and len(before) + len(_word(line)) > width):
        return ""
    if words and line[0] != " " and len(before) + 1 + len(_word(line)) > width:
        return " "
    return None


def _word(line: str) -> str:
    return re.split(r" ", line, maxsplit=1)[0]
