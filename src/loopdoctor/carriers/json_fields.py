"""Which field of a JSON log entry is which, found by the field's name and by the shape of its value.

Makers agree on little: the text is ``message``, ``msg``, ``event``, ``log``, ``textPayload`` ...; a traceback stands
in ``exc_info``, ``exception``, ``error.stack_trace`` ... or anywhere else. So a traceback is known by its text, and
the names below only decide between several candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from loopdoctor.carriers.levels import SYSLOG_LEVELS, normal_level
from loopdoctor.patterns import lazy

MAX_DEPTH = 7
MAX_LEAVES = 2000

Leaf = tuple[tuple[str, ...], Any]

MESSAGE_NAMES = (
    "formatted", "message", "msg", "event", "textpayload", "log", "line", "text", "body", "content", "raw",
    "short_message", "full_message", "logmessage", "log_message", "m", "description", "data", "title",
)  # fmt: skip
WIRE_NAMES = frozenset({"log", "line", "textpayload", "raw"})
"""Fields whose text is one line of a program's output, as the program wrote it."""

TRACE_TEXT = lazy(r'(?:Traceback|Stack) \(most recent call last\)|^[ >|]*File "[^"\n]+", line \d+', re.MULTILINE)
PROGRAM_TEXT = lazy(
    r" +\S|Traceback \(most|Exception ignored |[\w.]+(?:Error|Exception|Group|Exit|Interrupt)(?::|$)"
    r"|[a-z_]+: [<\[]|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* \S+ ."
    r"|[_=]{5,}|E  |>  |The above exception |During handling of "
)
"""How a line begins that a failing program wrote: this decides between several fields of unknown names."""

SPEAKING_TEXT = lazy(
    r"^(?:Task was destroyed but|\w+ exception was never|Exception ignored |Unclosed |={5,} |_{5,} "
    r"|[^\s\"']{1,300}:\d+: \w*Warning: |\[?\d{4}-[^\"']{1,120}: (?:Unclosed |Task was destroyed but))",
    re.MULTILINE,
)
"""What shows that a text of several lines is the output of a program that failed."""

TIME_NAMES = frozenset(
    {
        "time",
        "timestamp",
        "asctime",
        "ts",
        "date",
        "datetime",
        "t",
        "eventtime",
        "realtime_timestamp",
        "created",
        "repr",
    }
)
LOGGER_NAMES = frozenset({"logger", "logger_name", "loggername", "python_logger", "channel", "name", "category"})
LEVEL_NAME = lazy(
    r"(?:log)?(?:level|levelname|severity|severitytext|lvl|loglevel|level_name|severity_text|priority|status|l)$"
)
ERROR_TYPE = lazy(r"(?:(?:error|exception|exc|err)[._]?(?:type|class|name|kind))$")
ERROR_MESSAGE = lazy(r"(?:(?:error|exception|exc|err)[._]?(?:message|value|msg))$")
PROCESS = lazy(r"process(?:_?name)?$|worker$")
THREAD = lazy(r"thread(?:_?name)?$")
PLACE_NAMES = (
    "namespace", "namespace_name", "hostname", "podname", "pod_name", "pod", "containername", "container_name",
    "container", "systemd_unit", "unit", "syslog_identifier", "pid", "logstreamname", "logstream", "stream",
)  # fmt: skip


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A field's name without the decoration that makers put on it (``@timestamp``, ``__REALTIME_TIMESTAMP``)."""
    return name.strip("@_").lower().replace("-", "_")


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every scalar of an entry with the names that lead to it; a list of texts counts as one."""
    stack: list[Leaf] = [(path, value)]
    count = 0
    while stack and count < MAX_LEAVES:
        here, item = stack.pop()
        if isinstance(item, dict):
            if len(here) < MAX_DEPTH:
                stack.extend((*_split(here, str(key)), child) for key, child in reversed(item.items()))
            continue
        if isinstance(item, list):
            if item and all(isinstance(part, str) for part in item):
                yield here, "\n".join(part.rstrip("\n") for part in item)
            elif len(here) < MAX_DEPTH:
                stack.extend((here, child) for child in reversed(item[:200]) if isinstance(child, dict | list))
            continue
        count += 1
        yield here, item


@lru_cache(maxsize=4096)
def _split(path: tuple[str, ...], key: str) -> tuple[tuple[str, ...]]:
    """A dotted name (``log.level``) is a path of its own."""
    return ((*path, *(plain_name(part) for part in key.split(".") if part)),)


@lru_cache(maxsize=8192)
def roles(path: tuple[str, ...]) -> tuple[str, ...]:
    """What a field may be, by its name alone."""
    if not path:
        return ()
    last, before = path[-1], path[-2] if len(path) > 1 else ""
    found = []
    if len(path) < 4 and LEVEL_NAME.match(before if before and last in ("name", "value") else last):
        found.append("level")
    if last in TIME_NAMES and len(path) < 4 and (last != "repr" or "time" in path):
        found.append("time")
    if last in LOGGER_NAMES and (last != "name" or len(path) == 1 or before in ("logger", "record")):
        found.append("logger")
    if THREAD.match(last) or (last == "name" and before == "thread"):
        found.append("thread")
    elif PROCESS.match(last) or (last == "name" and before == "process"):
        found.append("process")
    if last in MESSAGE_NAMES and "breadcrumbs" not in path:
        found.append("message")
    if len(path) < 5:
        found.append("place")
    return tuple(found)


def by_role(leaves: list[Leaf]) -> dict[str, list[Leaf]]:
    """The fields of an entry under each thing that they may be."""
    found: dict[str, list[Leaf]] = {
        role: [] for role in ("level", "time", "logger", "thread", "process", "message", "place")
    }
    for leaf in leaves:
        for role in roles(leaf[0]):
            found[role].append(leaf)
    return found


def level_of(fields: list[Leaf]) -> str | None:
    """The entry's level, as a name or as syslog's or logging's number."""
    for _, value in fields:
        if isinstance(value, int | str) and str(value) in tuple("01234567"):  # syslog's, and so journald's and GELF's
            return SYSLOG_LEVELS[int(value)]
        if (level := normal_level(str(value))) is not None:
            return level
    return None


def time_of(fields: list[Leaf]) -> str | None:
    """The entry's time as it was written."""
    return next((str(value) for _, value in fields if isinstance(value, str | int | float)), None)


def logger_of(fields: list[Leaf]) -> str | None:
    """The name of the logger."""
    best = None
    for path, value in fields:
        if isinstance(value, str):
            if path[-1].startswith("logger") or path[-1] == "python_logger":
                return value
            best = best or value
    return best


def program_key(processes: list[Leaf], threads: list[Leaf]) -> str:
    """The process and thread that the program says it logged from."""
    parts = [
        next((str(value) for _, value in fields if isinstance(value, str | int) and value != ""), "")
        for fields in (processes, threads)
    ]
    return "/".join(filter(None, parts))


def place_key(fields: list[Leaf]) -> str:
    """The pod, container, unit, stream ... that a collector says it read the line from."""
    parts: dict[str, str] = {}
    for path, value in fields:
        if isinstance(value, str | int):
            name = path[-1]
            if name in ("name", "id", "pid") and len(path) > 1 and path[-2] in ("container", "pod", "unit"):
                name = path[-2]
            if name in PLACE_NAMES:
                parts.setdefault(name, str(value))
            elif "labels" in path and isinstance(value, str):
                parts.setdefault("stream", value)
    return "/".join(parts[name] for name in PLACE_NAMES if name in parts)


def text_of(fields: list[Leaf], name: re.Pattern[str]) -> str:
    """The first text whose last name, or last two, fit a pattern."""
    for path, value in fields:
        if isinstance(value, str) and path and (name.match(path[-1]) or name.match(".".join(path[-2:]))):
            return value
    return ""


def message_of(fields: list[Leaf], others: list[Leaf]) -> tuple[str, str]:
    """The entry's text and the name of its field, found by name, else as the longest text that reads like words."""
    candidates: list[tuple[int, int, str, str]] = []
    for path, value in fields:
        if not isinstance(value, str):
            continue
        if "\n" in value.strip() and TRACE_TEXT.match(value) and path[-1] not in WIRE_NAMES:
            continue  # a traceback by itself is no message
        depth = len(path) if path[-1] != "formatted" else 0
        candidates.append((depth, MESSAGE_NAMES.index(path[-1]), value, path[-1]))
    if candidates:
        _, _, text, name = min(candidates)
        # loguru's "text" is the formatted line; the message that it was made of says the same without the head
        if name == "text":
            for _, _, inner, inner_name in sorted(candidates):
                if inner_name == "message" and inner and inner in text:
                    return inner, inner_name
        return text, name
    texts = [
        value
        for path, value in others
        if path
        and isinstance(value, str)
        and len(path) < 4
        and (" " in value or PROGRAM_TEXT.match(value))
        and not ("\n" in value.strip("\n") and TRACE_TEXT.match(value))
    ]
    if not texts:
        return "", ""
    return max(texts, key=lambda text: (PROGRAM_TEXT.match(text) is not None, len(text))), ""
