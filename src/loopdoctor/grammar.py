"""What one line of a Python failure can be, told by its text alone.

Sources: CPython's Lib/traceback.py (3.8-3.14), Lib/warnings.py, Lib/asyncio/base_events.py
(``default_exception_handler``), Lib/unittest/runner.py and pytest's _pytest/_code/code.py.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from loopdoctor.patterns import lazy

Shape = Literal[
    "blank",  # nothing but spaces
    "header",  # Traceback (most recent call last):
    "group",  # + Exception Group Traceback (most recent call last):
    "rail",  # | or + lines of an exception group
    "frame",  # File "x", line 3, in f
    "deep",  # indented four or more: a frame's source, carets, "...<3 lines>..."
    "repeat",  # [Previous line repeated 996 more times]
    "link",  # The above exception was ... / During handling of ...
    "unraisable",  # Exception ignored in ...
    "thread",  # Exception in thread ..., Error in atexit ..., heads that only a traceback follows
    "warning",  # file:line: Category: text
    "detail",  # task: <...>
    "created",  # Coroutine created at / Object allocated at (most recent call last)
    "stack",  # Stack (most recent call last):
    "dump",  # Current thread 0x... (most recent call first):
    "test",  # ____ test_name ____
    "section",  # ==== FAILURES ====
    "captured",  # ---- Captured stderr call ----
    "indented",  # indented by one to three
    "text",
]

HEADER = lazy(r"^(?:[A-Z][\w ]{0,60} )?[Tt]raceback \(most recent call last\):?\s*$")
GROUP_HEADER = lazy(r"^ *\+ Exception Group Traceback \(most recent call last\):\s*$")
RAIL = lazy(r"^ {2,}(?:\|(?: |$)|\+-|\+ )")
SEPARATOR = lazy(r"^ *(?:\+-)?\+-{8,} (?:\d+|\.\.\.) -{8,}\s*$")
RAIL_END = lazy(r"^ *(?:\| .*)?\+-{20,}\s*$")
GLUED = lazy(r"^(?P<rail> +)(?P<note>\| .*\S)(?: {4,})(?P<mark>\+-{16} (?:\d+|\.\.\.) -{16}|\+-{36})$")
"""Notes that are no list end without a line break (CPython 3.11 to 3.13): what follows stands behind them."""

FRAME = lazy(r'^\s*File "(?P<file>[^"]*)", line(?:no)? (?P<line>-?\d+)(?:,? in (?P<function>.+))?\s*$')
PLACELESS = lazy(r'^\s*File (?:"[^"]*"|\?\?\?), line (?:None|\?\?\?|\d+)(?:,? in .+)?\s*$')
"""A frame whose file or line Python did not know."""
MARKED_SOURCE = lazy(r"^--> \d+ +(?P<source>\S.*)$")
REPEAT = lazy(r"^\s*\[Previous line repeated \d+ more times?\]\s*$")
LINK_CAUSE: Final = "The above exception was the direct cause of the following exception:"
LINK_CONTEXT: Final = "During handling of the above exception, another exception occurred:"
LINKS = {
    LINK_CAUSE: "cause",
    LINK_CONTEXT: "context",
    "While handling the above exception, another exception occurred:": "context",  # stackprinter's
}
DJANGO_TYPE = lazy(r"^Exception Type: (?P<type>[^\W\d][\w.]*)(?: at .*)?$")
DJANGO_VALUE = lazy(r"^Exception Value: ?(?P<message>.*)$")
"""How Django's report ends a traceback (django/views/templates/technical_500.txt)."""

UNRAISABLE = lazy(r"^Exception ignored (?:in|while|on)\b")
THREAD_HEAD = lazy(
    r"^(?:Exception in thread .+|Error in (?:atexit|sys)\.\w+:?|Original exception was:|Exception in Tkinter callback"
    r"|Unhandled exception in event loop:?|Exception in callback .+|Fatal (?:read |write )?error.*"
    r"|Fatal Python error: .+|Process \S+:|ERROR: (?:Exception|Traceback).*)$"
)
WARNING = lazy(
    r"^(?P<indent> *)(?:.*?(?:\.\.\. |> ))?(?P<file>[^\s:][^:]*?|[A-Za-z]:[\\/][^:]*):(?P<line>-?\d+): "
    r"(?P<category>[\w.]*Warning): (?P<text>.*)$"
)
TRACEMALLOC = lazy(r"^\s*(?:[\w.]*Warning: )?Enable tracemalloc to get (?:the object allocation )?traceback")
DETAIL = lazy(
    r"^(?P<key>task|future|handle|transport|protocol|connector|connections|client_session|client_response"
    r"|client_connection|asyncgen|socket|server|exception|source_traceback|handle_traceback|loop|conn|connection|pool"
    r"|response|session|consumer|producer|client|websocket|stream): ?(?P<repr>[<\[(].*|None|Object created at .*)$"
)
CREATED = lazy(
    r"^\s*(?:source_traceback: |handle_traceback: )?"
    r"(?:Coroutine created|Object created|Object allocated|Task created|created) at \(most recent call last\):?\s*$"
)
STACK = lazy(r"^Stack \(most recent call last\):\s*$")
DUMP = lazy(
    r"^(?:Stack|(?:Current thread|Thread) 0x[0-9a-fA-F]+(?: \[.*\])?|Current thread's C stack trace)"
    r" \(most recent call first\):\s*$"
)
TEST_HEADER = lazy(r"^(?=_{3,} .* _{3,}$|.{60,}$)_+ (?P<test>\S.*?) _+$")
SECTION = lazy(r"^={3,} .+ =+$|^={60,}$|^-{70}$")
CAPTURED = lazy(r"^-{3,} (?:Captured .+|live log .+|generated .+) -+$")
PROGRESS = lazy(r"^(?:\S+::.* )?(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|RERUN)\b.*\[ *\d+%\]$")
NODE_ID = lazy(r"^(?P<test>[\w./\\-]+\.py::\S+)$")
"""A test's name on a line of its own: above its warnings in pytest's summary of them."""

UNITTEST_HEAD = lazy(r"^(?:ERROR|FAIL): (?P<test>\S+(?: \([\w.]+\))?)")
_PATH = r"(?:[^\W\d]\w*|<unknown>)(?:\.(?:\w+|<locals>|<lambda>))*"
EXCEPTION = lazy(rf"^(?P<type>{_PATH})(?::(?: (?P<message>.*))?)?$")
NAMED_ERROR = lazy(
    rf"^(?:{_PATH}\.)?(?:[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Greenlet|Operation|Mismatch|Failed|Timeout"
    r"|Unavailable|NotFound|Closed|Warning|Group|Iteration)|KeyboardInterrupt|SystemExit|GeneratorExit|StopIteration"
    r"|StopAsyncIteration|CancelledError)(?::|$)"
)

_LETTERS: dict[str, tuple[tuple[Shape, re.Pattern[str]], ...]] = {
    "T": (("header", HEADER), ("dump", DUMP)),
    "E": (("unraisable", UNRAISABLE), ("thread", THREAD_HEAD)),
    "S": (("stack", STACK), ("dump", DUMP), ("header", HEADER)),
    "C": (("dump", DUMP),),
    "_": (("test", TEST_HEADER),),
    "=": (("section", SECTION),),
    "-": (("captured", CAPTURED), ("section", SECTION)),
}


def _indented(text: str, stripped: str) -> Shape:
    """The shape of a line that begins with a space."""
    if RAIL.match(text):
        return "group" if GROUP_HEADER.match(text) else "rail"
    first = stripped[0]
    if first == "F" and stripped.startswith("File "):
        if FRAME.match(text):
            return "frame"
        if PLACELESS.match(text):
            return "deep"
    if first == "[" and REPEAT.match(text):
        return "repeat"
    if stripped in LINKS:
        return "link"
    if first == "T" and HEADER.match(stripped):
        return "header"
    if "Warning: " in text and WARNING.match(text):
        return "warning"
    if stripped.endswith(("last)", "last):")) and CREATED.match(text):
        return "created"
    return "deep" if len(text) - len(text.lstrip(" \t\xa0")) >= 4 or text[0] == "\t" else "indented"


def shape_of(text: str) -> Shape:
    """What this line can be, standing alone."""
    stripped = text.strip()
    if not stripped:
        return "blank"
    if text[0] in " \t\xa0":
        return _indented(text, stripped)
    if stripped in LINKS:
        return "link"
    if "raceback (most recent" in text and HEADER.match(text):
        return "header"
    if text[-2:] == "%]" and PROGRESS.match(text):
        return "section"
    for shape, pattern in _LETTERS.get(text[0], ()):
        if pattern.match(text):
            return shape
    if "Warning: " in text and WARNING.match(text):
        return "warning"
    if ": " in text and DETAIL.match(text):
        return "created" if CREATED.match(text) else "detail"
    if "created at (" in text and CREATED.match(text):
        return "created"
    if "allocated at (" in text and CREATED.match(text):
        return "created"
    if text[0] == "F" and (text.startswith('File "') and FRAME.match(text)):
        return "frame"
    if THREAD_HEAD.match(text):
        return "thread"
    return "text"


MENTION = lazy(
    r"(?<![\w.'\"])(?P<type>(?:[^\W\d][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Mismatch|Greenlet|Operation))"
    r"(?:: (?P<text>\S.*)|\((?P<quote>['\"])(?P<repr>.*?)(?P=quote)[,)])"
)


def mentioned_exception(text: str) -> str | None:
    """``Type: message`` of an exception that a sentence ends with or holds as a repr; None if it names none.

    What ``log.error("job %s failed: %s", job, error)`` and ``... %r`` write.
    """
    match = MENTION.search(text)
    if match is None or match.start() == 0:
        return None
    return f"{match['type']}: {match['text'] or match['repr'] or ''}"


def unlogged_message(text: str) -> list[str] | None:
    """The lines of a message that ``logging`` could not write, from its ``Message: 'repr'`` (Handler.handleError).

    None if the text is no such repr. At interpreter exit asyncio's last reports come to light only so.
    """
    shown = text.removeprefix("Message: ").strip()
    if len(shown) < 2 or shown[0] not in "'\"" or shown[-1] != shown[0]:
        return None
    return [part.replace("\\'", "'").replace('\\"', '"') for part in shown[1:-1].split("\\n")][:40]


def split_exception(text: str) -> tuple[str, str] | None:
    """``Type: message`` -> (type, message); None if no exception line can read so."""
    match = EXCEPTION.match(text)
    if match is None:
        django = DJANGO_TYPE.match(text) if text.startswith("Exception Type: ") else None
        return (django["type"], "") if django else None
    return match["type"], match["message"] or ""
