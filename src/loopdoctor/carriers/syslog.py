"""Syslog lines in files, on the wire, and as journalctl prints them.

Reads RFC 3164 (``Jan 31 10:00:00 host app[7]: text``), RFC 5424 (``<30>1 TIME host app 7 - - text``, with a length
before it as RFC 6587 frames it), and journalctl's short, short-iso, short-precise, short-full, short-monotonic,
short-unix and with-unit outputs. journalctl indents the further lines of an entry to the column where its text began.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.levels import SYSLOG_LEVELS, UPPER
from loopdoctor.carriers.logging_heads import DETAILS, EXCEPTION_NAME
from loopdoctor.carriers.times import ISO, SYSLOG
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

_WEEKDAY = r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Z][\w+-]*"
_STAMP = rf"(?:{_WEEKDAY}|{SYSLOG}|{ISO}|\[ *\d+\.\d+(?: <[ \d.]+>)?\]|\d{{9,11}}\.\d{{6}})"
_HOST = rf"(?!(?:{UPPER}) )(?P<host>\w[\w.-]*|[\da-fA-F:]{{4,39}})"
LINE = lazy(rf"(?:<\d{{1,3}}>)?(?P<time>{_STAMP}) {_HOST} (?P<ident>[^\s:\[\](]+)(?:\[(?P<pid>\d+)\])?:(?: |$)")
PROGRAM = lazy(r"[a-z_/][\w./@-]*$")
_SD = r'(?:\[[\w.@-]+(?: [\w.@-]+="(?:[^"\\\]]|\\.)*")*\])+'
RFC5424 = re.compile(
    rf"(?P<length>\d{{1,6}} )?<(?P<pri>\d{{1,3}})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+)"
    rf" (?P<msgid>\S+)(?: (?P<data>-|{_SD})(?= |$))?(?: |$)"
)
OCTAL = lazy(r"#([0-3][0-7]{2})")
# rsyslog's templates put a blank before a message only if it begins with none (``sp-if-no-1st-sp``): of what its
# imfile read, each indented line is short by one. Frames and rails stand at even columns, so those can be told.
SHORT_BY_ONE = lazy(r" (?:  )*(?:File \"|[|+](?: |-|$))")
DMESG = lazy(r"\[ *(?P<time>\d+\.\d{6})\] ")


def cut_syslog(text: str) -> Cut | None:
    """A syslog line with a host and the name of a program."""
    match = LINE.match(text)
    if match is None or match["ident"].upper() in UPPER.split("|"):
        return None
    # Without a process id "word word: text" may be prose behind a time; a program's name is no capitalised word.
    ident = match["ident"]
    if match["pid"] is None and (not PROGRAM.match(ident) or ident in DETAILS or EXCEPTION_NAME.match(ident)):
        return None
    pid = f"[{match['pid']}]" if match["pid"] else ""
    time = match["time"].strip("[] ")
    rest = unescaped(text[match.end() :])
    if rest[:1] == " " and SHORT_BY_ONE.match(rest):
        rest = " " + rest
    return Cut("syslog", rest, f"{match['host']}/{match['ident']}{pid}", time, aligned=True)


def cut_rfc5424(text: str) -> Cut | None:
    """A line of RFC 5424. Heroku's drains frame it with a length and leave the structured data out."""
    match = RFC5424.match(text)
    if match is None:
        return None
    end = match.end()
    if match["length"] and match["host"] == "host" and match["data"]:
        end = match.start("data")
    pid = f"[{match['pid']}]" if match["pid"] != "-" else ""
    rest = unescaped(text[end:].removeprefix("BOM"))
    return Cut("syslog-5424", rest, f"{match['host']}/{match['app']}{pid}", match["time"])


def unescaped(text: str) -> str:
    """The text with rsyslog's ``#012`` (newline), ``#011`` (tab) and other octal control characters turned back."""
    if "#0" not in text:
        return text
    return OCTAL.sub(lambda match: chr(code) if (code := int(match[1], 8)) < 32 else match[0], text)


def severity(priority: str) -> str | None:
    """The level that a priority (``PRIORITY=3``, ``<27>``) stands for."""
    return SYSLOG_LEVELS[int(priority) % 8] if priority.isdecimal() else None
