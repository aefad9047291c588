"""Pairs of key and value on a line: logfmt, structlog's KeyValueRenderer, and formats such as ``level=ERROR
msg="%(message)s"``.

The last of these does not escape what it quotes: a message of several lines breaks the quotes across lines, and
quotes inside it end nothing. So a message ends at the quote that another pair or the end of the line follows.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.levels import LEVELS
from loopdoctor.carriers.times import TIME_LEAD
from loopdoctor.carriers.wrapping import Head
from loopdoctor.patterns import lazy

START = lazy(r"[A-Za-z_@][\w.@/-]{0,60}=\S")
PAIR = lazy(r"([A-Za-z_@][\w.@/-]{0,60})=(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([^\s\"']\S*|))(?=\s|$)")
MESSAGE = lazy(r"(?:^|\s)(?:msg|message|event)=(?P<quote>[\"'])")
END = {quote: re.compile(rf"(?<!\\){quote}(?=\s+[A-Za-z_@][\w.@/-]{{0,60}}=|\s*$)") for quote in "\"'"}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
ESCAPE = lazy(r"\\([ntr\"'\\])")


def plain(text: str) -> str:
    """A quoted value without its backslashes."""
    return ESCAPE.sub(lambda match: ESCAPES[match[1]], text) if "\\" in text else text


def logfmt_head(text: str) -> Head | None:
    """The entry that a line of pairs is; it must name a level and hold a message."""
    lead = TIME_LEAD.match(text)
    stamp = None
    if lead is not None:
        stamp, text = lead["time"], text[lead.end() :].lstrip(" \t|-:")
    if not START.match(text):
        return None
    message = MESSAGE.search(text)
    quoted = False
    if message is not None:
        end = END[message["quote"]].search(text, message.end())
        quoted = end is None
        body = text[message.end() : end.start() if end else len(text)]
        rest = text[: message.start()] + " " + (text[end.end() :] if end else "")
    else:
        body, rest = "", text
    pairs = {name.lower(): plain(double or single or bare) for name, double, single, bare in PAIR.findall(rest)}
    level = next(
        (LEVELS[pairs[name].upper()] for name in ("level", "levelname", "lvl", "severity") if _level(pairs, name)), None
    )
    if level is None:
        return None
    if message is None:
        body = pairs.get("msg") or pairs.get("message") or pairs.get("event") or ""
    logger = pairs.get("logger") or pairs.get("name") or pairs.get("logger_name")
    time = next((pairs[name] for name in ("ts", "time", "timestamp", "t", "asctime") if name in pairs), stamp)
    key = "/".join(pairs[name] for name in ("process", "processname", "pid", "thread", "threadname") if pairs.get(name))
    traces = tuple(value for value in pairs.values() if "\n" in value and "raceback (most recent" in value)
    return Head(plain(body), "logfmt", time, level, logger, key, quoted=quoted, extra=traces)


def _level(pairs: dict[str, str], name: str) -> bool:
    return pairs.get(name, "").upper() in LEVELS
