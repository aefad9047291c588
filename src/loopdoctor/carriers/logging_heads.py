"""The head that a logging library puts before a message: time, level, logger, process and thread, in any order.

Reads ``2026-01-31 10:00:00,123 ERROR app.db: lost``, ``[2026-01-31 10:00:00 +0000] [77] [INFO] ready``,
``ERROR:app:lost``, ``INFO:     ready``, ``2026-01-31 10:00:00.123 | ERROR    | app:main:12 - lost`` and what lies
between them: the parts are recognised, not the formats. The shapes are those of logging.Formatter's attributes and of
the default formats of uvicorn, gunicorn, celery, Django, Airflow, Home Assistant, loguru, structlog and absl.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.levels import LEVELS, LOWER, UPPER
from loopdoctor.carriers.times import TIME, TIME_LEAD
from loopdoctor.carriers.wrapping import Head
from loopdoctor.patterns import lazy

# Fields between the time and the level: bracketed ones, identifiers, separators. Each ends in white space or is
# followed by a bracket, so no text can be split in two ways and matching stays linear.
_FIELD = (
    r"(?:\[(?!(?:" + UPPER + "|" + LOWER + r") *\])[^\[\]]{0,60}\]:?|\([^()]{1,60}\)|\{[^{}]{1,80}\}"
    r"|(?!\d{4}-\d\d|(?:" + UPPER + r")\b)[A-Za-z_\d<][\w.@:$<>#+-]{0,79}|[-|:,])(?:[ \t]+|(?=[\[({]))"
)
TIMED = lazy(
    rf"[ \t]*(?:[-|:,][ \t]+)?(?P<fields>(?:{_FIELD}){{0,7}}?)"
    rf"(?:(?P<bracket>[\[(<])(?P<any>{UPPER}|{LOWER}) *[\])>]|(?P<level>{UPPER})(?![\w.])"
    rf"|(?P<lower>{LOWER})(?= *[-|:] ))"
)
COLONS = lazy(rf"[:,] ?(?:(?P<before>[\w.]+):)?(?P<level>{UPPER}):(?:(?P<after>[\w.]+):)?")
CELERY = lazy(rf"\[(?P<time>{TIME}): (?P<level>{UPPER})/(?P<process>[^\]]{{1,60}})\] ")
CELERY_TASK = lazy(r"(?P<logger>[\w.]+)\[(?P<id>[\w-]{8,40}|\?{3})\]: ")
LEVELLED = lazy(rf"\[?(?P<level>{UPPER})(?![\w.=(/])")
UNITTEST = lazy(r"ERROR: \w+ \(\w+(?:\.\w+)+\)(?: \[.*\])?(?: \(.*\))?$")
"""What unittest sets above a test's traceback."""

ABSL = lazy(r"(?P<level>[DIWEF])(?P<time>\d{4} \d\d:\d\d:\d\d\.\d{6}) +(?P<key>\d+) (?P<file>[\w.-]+):\d+\] ")

EXCEPTION_NAME = lazy(r"[\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Group|Iteration|Cancelled|Timeout)$")
DETAILS = frozenset(
    {
        "task", "future", "handle", "transport", "protocol", "connector", "connections", "client_session",
        "client_response", "client_connection", "asyncgen", "socket", "server", "source_traceback", "handle_traceback",
    }
)  # fmt: skip
"""What asyncio and its libraries put before a colon on further lines of a report: no names of loggers."""

WORKER = lazy(
    r"(?:Main|Dummy|Pool|Worker|Fork|Spawn|Sync|Async|Thread|Process|ThreadPool|asyncio|ASGI|waitress|uvicorn|gunicorn)"
    r"[\w.:-]*(?:[-_ ]\d+|Thread|Process|Worker|Executor)[\w.()<> -]*$|\w*(?:Thread|Process)\w*[-_ ]?[\w()-]*$|gw\d+$"
)
NUMBER = lazy(r"(?:pid[=:])?\d+(?::\d+)?$")
PLACE = lazy(r"[\w./<>-]+(?:\.py)?:\d+$")

# What follows the level, most particular first. Message text must start exactly where the format's separator ends:
# its own leading blanks may be the indentation of a traceback.
_AFTER = (
    lazy(r"[ \t]*\| (?P<logger>[\w.<>]+):(?P<place>[\w.<>]+:\d+)(?: \| .*?)? - "),  # loguru
    lazy(r"[ \t]*\| (?P<logger>[A-Za-z_][\w.]*)(?::\d+)? +[|-] "),
    lazy(r"[ \t]+\((?P<thread>[^()]{1,60})\) \[(?P<logger>[\w.-]+)\] "),  # Home Assistant
    lazy(r"[ \t]+\[(?P<thread>[^\[\]]{1,60})\] \[(?P<logger>[A-Za-z_][\w.-]*)\]:? "),
    lazy(r"[ \t]*\[(?P<logger>[A-Za-z_][\w.-]*)(?::[\w.<>-]+)?\](?: [-:]|:)? "),
    lazy(r" in (?P<logger>[A-Za-z_][\w.]*): "),  # Flask
    lazy(r"[ \t]+\((?P<logger>[A-Za-z_][\w.]*)\):? "),
    lazy(r"[ \t]+(?P<logger>[A-Za-z_][\w.]*):[\w/.-]+\.py:\d+ "),  # pytest's live log
    lazy(r"[ \t]+(?P<logger>[a-z_][\w.-]*|[A-Za-z_]\w*(?:\.\w+)+)(?::\d+)?(?:(?: \([^()]*\))?:| -| \|| >) "),
    lazy(r" (?P<module>[a-z_]\w*) (?P<key>\d+ \d{5,}) "),  # Django's verbose format
    lazy(r"[ \t]+(?P<logger>[a-z_]\w*(?:\.\w+)+|asyncio|root) (?![=:-])"),
    lazy(r" ?(?:->|[-|:]) ?"),
)
_PADDED = lazy(r"[ \t]{0,9}")
_BASIC = lazy(r":(?P<logger>[A-Za-z_][\w.-]*):")
_CLOSING = lazy(r" *\](?=[ \t])")
_THREAD = lazy(r"[ \t]+\[(?P<thread>[^\[\]]{1,60})\](?=[ \t])")
LETTER = lazy(r"[ \t]*\[?(?P<level>[DIWECF])\]?(?: \| |[ /])[ \t]*(?P<logger>[A-Za-z_][\w.-]*)(?:: | - | \| )")
"""A level of one letter, and the logger: only behind a time, where nothing else looks like it."""

TORNADO = lazy(rf"\[(?P<level>[DIWEC]) (?P<time>{TIME})(?: (?P<logger>[\w.:]+))?\] ")


def _key_of(fields: str) -> tuple[str | None, str]:
    """The logger, and the process and thread, that the fields before a level name."""
    words: list[str] = []
    parts: list[str] = []
    logger = None
    for field in re.findall(r"\[([^\[\]]*)\]|\(([^()]*)\)|\{([^{}]*)\}|([^\s\[({]+)", fields):
        bracketed = field[0] or field[1]
        word = (bracketed or field[3]).strip(":,| -")
        if not word or field[2] or PLACE.match(word):
            continue
        if NUMBER.match(word) or WORKER.match(word) or (bracketed and not re.match(r"[a-z_][\w.]*$", word)):
            parts.append(word)
        else:
            words.append(word)
    if words:
        logger = words.pop()
    return logger, "/".join([*words, *parts]) if words or parts else ""


def _message(text: str, at: int, level: str, *, bracketed: bool = False) -> tuple[str, str | None, str, int]:
    """The message, logger and lane key behind a level that ends at ``at``, and the blanks if only they part them."""
    if text[at : at + 1] == ":" and not bracketed:
        match = _BASIC.match(text, at)
        if match and match["logger"] not in DETAILS and not EXCEPTION_NAME.match(match["logger"]):
            return text[match.end() :], match["logger"], "", 0
        end = at + 1
        message = text[end:].lstrip(" ")  # uvicorn pads the colon's right side to the widest level
        return message, None, "", len(text) - end - len(message)
    thread = _THREAD.match(text, at)
    if thread is not None and (NUMBER.match(thread["thread"]) or WORKER.match(thread["thread"])):
        message, logger, key, _ = _message(text, thread.end(), level, bracketed=True)
        return message, logger, "/".join(filter(None, (thread["thread"], key))), 0
    for pattern in _AFTER:
        match = pattern.match(text, at)
        if match is None:
            continue
        groups = match.groupdict()
        logger = groups.get("logger")
        if logger and (logger in DETAILS or EXCEPTION_NAME.match(logger) or logger.endswith(".py")):
            continue
        key = groups.get("thread") or groups.get("key") or ""
        return text[match.end() :], logger or groups.get("module"), key.replace(" ", "/"), 0
    if bracketed:
        return text[at + 1 :] if text[at : at + 1] in (" ", "\t") else text[at:], None, "", 0
    message = text[at:].lstrip(" \t")
    return message, None, "", len(text) - at - len(message)


def _timed(text: str) -> Head | None:
    lead = TIME_LEAD.match(text)
    if lead is None or bool(lead["open"]) != bool(lead["close"]):
        return None
    at = lead.end()
    match = COLONS.match(text, at)
    if match is not None:
        logger = match["before"] or match["after"]
        if not (logger and EXCEPTION_NAME.match(logger)):
            message = text[match.end() :]
            message = message[1:] if message[:1] == " " and message[1:2] != " " else message
            return _head(message, lead["time"], match["level"], logger, "")
    match = LETTER.match(text, at)
    if match is not None and match["logger"] not in DETAILS and not EXCEPTION_NAME.match(match["logger"]):
        return _head(text[match.end() :], lead["time"], match["level"], match["logger"], "")
    match = TIMED.match(text, at)
    if match is None:
        return None
    level = match["any"] or match["level"] or match["lower"]
    end = match.end()
    if match["bracket"]:
        return _bracketed(text, match, lead["time"], level)
    message, logger, key, blanks = _message(text, end, level)
    before, outer = _key_of(match["fields"]) if match["fields"] else (None, "")
    if before and logger:
        outer = "/".join(filter(None, (outer, before)))
    key = "/".join(filter(None, (outer, key)))
    return _head(message, lead["time"], level, logger or before, key, blanks=blanks)


STRUCTLOG_TAIL = lazy(r"(?:^| )\[(?P<logger>[A-Za-z_][\w.]*)\](?P<pairs>(?: [\w.]+=.*)?)$")


def _bracketed(text: str, match: re.Match[str], time: str, level: str) -> Head:
    """A level in brackets; in lower case it is structlog's console, whose logger stands behind the message."""
    before, outer = _key_of(match["fields"]) if match["fields"] else (None, "")
    if level.islower() and match["bracket"] == "[":
        rest = text[match.end() :].removeprefix(" ")
        tail = STRUCTLOG_TAIL.search(rest, max(0, len(rest) - 2000))
        message = rest[: tail.start()] if tail else rest
        logger = tail["logger"] if tail else before
        return _head(message.rstrip(), time, level, logger, outer, name="structlog-console")
    end = match.end()
    message, logger, key, _ = _message(text, end, level, bracketed=True)
    if before and logger:
        outer = "/".join(filter(None, (outer, before)))
    return _head(message, time, level, logger or before, "/".join(filter(None, (outer, key))))


def _head(
    text: str,
    time: str | None,
    level: str,
    logger: str | None,
    key: str,
    *,
    name: str = "python-logging",
    blanks: int = 0,
) -> Head:
    return Head(text, name, time, LEVELS[level.upper()], logger, key, blanks=blanks)


def _levelled(text: str) -> Head | None:
    """A head that opens with its level: only with a mark behind it, since prose may begin with such a word."""
    match = LEVELLED.match(text)
    if match is None:
        return None
    if text[-1] == ")" and UNITTEST.match(text):
        return None
    level = match["level"]
    end = match.end()
    bracketed = text[0] == "["
    if bracketed:
        closing = _CLOSING.match(text, end)
        if closing is None:
            return None
        end = closing.end()
    following = TIME_LEAD.match(text, _PADDED.match(text, end).end())  # type: ignore[union-attr]
    if following is not None and following.start() > end and bool(following["open"]) == bool(following["close"]):
        return _level_then_time(text, level, following, bracketed=bracketed)
    message, logger, key, blanks = _message(text, end, level, bracketed=bracketed)
    if bracketed or text[end : end + 1] == ":" or logger:
        if logger is None and not bracketed and text[end : end + 2] not in (": ", ":\t") and message:
            return None
        return _head(message, None, level, logger, key, blanks=blanks)
    return None


LAMBDA_ID = lazy(r"\t(?P<key>[0-9a-f-]{8,36})\t")


def _level_then_time(text: str, level: str, time: re.Match[str], *, bracketed: bool) -> Head:
    request = LAMBDA_ID.match(text, time.end())
    if request is not None:
        return _head(text[request.end() :], time["time"], level, None, request["key"], name="lambda-text")
    message, logger, key, blanks = _message(text, time.end(), level, bracketed=bracketed)
    return _head(message, time["time"], level, logger, key, blanks=blanks)


def logging_head(text: str) -> Head | None:
    """The logging head that a line opens with, or None. The line must have no prefix of a transport left."""
    first = text[:1]
    if first.isdigit():
        return _timed(text)
    if first == "[":
        if (match := CELERY.match(text)) is not None:
            message = text[match.end() :]
            task = CELERY_TASK.match(message)
            if task is not None:
                message = message[task.end() :]
            logger = task["logger"] if task else None
            return _head(message, match["time"], match["level"], logger, match["process"], name="celery")
        if (match := TORNADO.match(text)) is not None:
            return _head(text[match.end() :], match["time"], match["level"], match["logger"], "")
        return _timed(text) or _levelled(text)
    if "A" <= first <= "Z":
        if (match := ABSL.match(text)) is not None:
            return _head(text[match.end() :], match["time"], match["level"], match["file"], match["key"], name="absl")
        return _levelled(text) or (_timed(text) if text[3:4] == " " else None)
    return None
