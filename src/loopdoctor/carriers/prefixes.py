"""What stands before the program's text on a line, where nobody knows it: found by the text itself.

A traceback's header, a report's first line, a frame, pytest's rules and a full logging head can each be recognised
further right. Whatever stands before them is a prefix if it looks like one (short, with a mark at its end) or if the
next lines have it too and go on behind it with what can only be the next lines of the same text.
"""

from __future__ import annotations

from loopdoctor.carriers.cells import TAIL, Learned, Waiting, learned
from loopdoctor.carriers.logging_heads import logging_head
from loopdoctor.carriers.quoting import QUOTES, end_of
from loopdoctor.carriers.times import ISO
from loopdoctor.patterns import lazy

# A header ends its line, or something that closes what wraps it stands behind.
_ENDS = r"(?=\s*$|(?:\\[rn])+[\"']|[\"'`$|│║<,;\t]|[ \t]+[|│║+])"
_TRACE = (
    rf"Traceback \(most recent call last\):{_ENDS}"
    rf"|  \+ Exception Group Traceback \(most recent call last\):{_ENDS}"
    r"|Exception ignored (?:in:?|while) \S"
)
# What opens a report and must be followed, behind the same prefix, by what can only be its second line.
_REPORT = (
    rf"Task was destroyed but it is pending!{_ENDS}|(?<!\w)[A-Z]\w* exception was never retrieved{_ENDS}"
    r"|(?:(?<=[^\w./\\])(?:[A-Za-z]:\\|[/<.~])|(?<=\s)\w)[\w./\\-]{0,200}\.py:\d+: \w*Warning: "
    rf"|={{5,}} (?:test session starts|FAILURES|ERRORS) ={{5,}}{_ENDS}|_{{5,}} \S.{{0,200}} _{{5,}}{_ENDS}"
)
UNKNOWN = lazy(
    rf"(?P<trace>{_TRACE})|(?P<report>{_REPORT})"
    rf"|(?P<frame>  File \\?\"{{1,2}}[^\"]+\"{{1,2}}, line \d+, in \S)|\[?(?P<time>{ISO})"
)
PREFIX = lazy(
    r"[ \t]*\d+(?:\t|  ?|[:.|][ \t]?)$"
    r"|(?!E {2,})[ \t]*[^\s#+*/\\'\"=>|~-][^\"']{0,98}?(?:[\]|>:)}»›•│┃]|\t|\d-|(?:\s[-=]+>?))[ \t]?$"
)
# What opens an exception's last line, whose message may well begin with a time.
EXCEPTION_NAME = lazy(r"(?:[\w<>]+\.)*(?:[^\W\da-z_]\w*|[\w<>]+\.\w+): $")
# Anything may be a prefix that stands before two lines of which the second can only go on with the first: but for the
# rails of a group, blanks, and a quote that indented source code begins with.
ANY_PREFIX = lazy(r"(?!  +[|+] | +[\"']?$|E +$).{1,120}$")
SECOND = lazy(
    r"  File \"|  \| |  \+ |Traceback \(most recent|[\w.]+(?:Error|Exception|Exit)(?:: |$)"
    r"|(?:task|future|source_traceback): |Coroutine created at |platform |cachedir: |rootdir: |collect(?:ed|ing) "
    r"|[_=]{3,} \S.* [_=]{3,}\s*$|={10,}$|Task was destroyed but|\w+ exception was never|Exception ignored "
)
SIGNS = ("Exception ignored", "raceback (most", "pending!", "retrieved", "Warning: ", "_____ ", "===== ")
MAX_PREFIX = 160
MAX_LEARNED = 32
MAX_WORDS = 12
MAX_TRIED = 4


def prefix_before(text: str) -> tuple[str, str] | None:
    """The unknown prefix of a line and why it was believed; None if there is none.

    "time" and "frame" can be believed at once; after "trace" the next lines must bear it out, after "report" and "any"
    the very next one.
    """
    if text.count(":") < 2 and not any(sign in text for sign in SIGNS):
        return None
    at = 1
    for _ in range(MAX_TRIED):
        match = UNKNOWN.search(text, at, MAX_PREFIX + 80)
        if match is None or match.start() > MAX_PREFIX:
            return None
        reason = match.lastgroup or ""
        head = logging_head(text[match.start() :]) if reason == "time" else None
        if reason != "time" or (head is not None and head.time and head.level):
            return _judged(text[: match.start()], reason)
        at = match.end()
    return None


def _judged(prefix: str, reason: str) -> tuple[str, str] | None:
    shaped = PREFIX.match(prefix) is not None and len(prefix.split()) <= MAX_WORDS // 2
    if len(prefix.split()) > MAX_WORDS or not (shaped or ANY_PREFIX.match(prefix)):
        return None
    if reason == "frame":
        return (prefix, reason) if shaped else None
    if reason == "report" or (shaped and not EXCEPTION_NAME.match(prefix)):
        return prefix, reason
    return prefix, "any"


def borne_out(rest: str, reason: str) -> bool:
    """Whether what stands behind a supposed prefix in the next line tells that it is one."""
    if SECOND.match(rest) or (rest[:1] in (" ", "|") and reason in ("trace", "report")):
        return True
    head = logging_head(rest) if reason == "any" and rest[:1].isdigit() else None
    return head is not None and head.time is not None and head.level is not None


def believed(waiting: list[Waiting]) -> Learned | None:
    """The wrapping of the first of these lines, if the others bear it out."""
    text = waiting[0][1]
    prefix, reason = prefix_before(text) or ("", "")
    if not prefix:
        return None
    pattern = learned(prefix, _behind(text, prefix, [line for _, line, _ in waiting[1:]]))
    if reason not in ("time", "frame"):
        following = waiting[1:] if reason == "trace" else waiting[1:2]
        cuts = [cut for _, line, _ in following if (cut := pattern.cut(line)) is not None]
        if not any(borne_out(cut.rest, reason) for cut in cuts):
            return None
    return pattern.compared(waiting)


def _behind(text: str, prefix: str, others: list[str]) -> str:
    """What closes the program's text on a line, where that can be told."""
    at = len(prefix)
    last = prefix[-1]
    if last in QUOTES:
        end = end_of(text, last, at)
        return text[end + 1 :] if end >= 0 else ""
    if last in ",;\t":  # further cells of a table's row: what the lines have in common
        shared = _common_end([line[at:] for line in (text, *others) if last in line[at:]])
        return shared[shared.index(last) :] if last in shared and len(others) > 1 else ""
    found = TAIL.search(text, at)
    if found is None:
        return ""
    mark = found[0].strip()
    return found[0] if mark[0] == "<" or mark in prefix or mark == "$" else ""


def _common_end(texts: list[str]) -> str:
    """The longest end that all texts share."""
    shared = min(texts, key=len, default="")
    while shared and not all(text.endswith(shared) for text in texts):
        shared = shared[1:]
    return shared
