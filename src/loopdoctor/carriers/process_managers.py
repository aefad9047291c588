"""What managers of processes on one machine put before a line.

Reads honcho, overmind and foreman (``10:00:00 web.1 | text``), pm2 (``0|app  | text``, with ``--time`` ``TIME:
text``), Heroku's log tail (``TIME app[web.1]: text``), Fly's (``TIME app[1a2b] ams [info] text``) and App Engine's.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.levels import UPPER
from loopdoctor.carriers.times import CLOCK, ISO, SYSLOG
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

PROCFILE = lazy(
    rf"(?P<time>{CLOCK}) (?!(?:{UPPER})\b)(?P<name>[A-Za-z][\w.:/-]{{0,60}}) *\|(?: (?P<rest>.*)|$)", re.DOTALL
)
HEROKU = lazy(rf"(?P<time>{ISO}) (?P<key>[A-Za-z][\w-]*\[[\w.-]+\]): ?")
FLY = lazy(rf"(?P<time>{ISO}) (?P<key>[A-Za-z][\w-]*\[[\w.-]+\])(?:  | [a-z]{{3}} \[\w+\] ?)")
APACHE = lazy(rf"\[(?P<time>{SYSLOG})\] \[[\w]*:?(?P<level>[a-z]+)\](?P<fields>(?: \[[^\[\]]{{1,80}}\])*) ")
APACHE_PID = lazy(r"pid \d+(?::tid \d+)?")
COLON_TIME = lazy(rf"(?P<time>{ISO}): ")


def cut_procfile(text: str) -> Cut | None:
    """A clock, a process name of a Procfile, and a bar."""
    match = PROCFILE.match(text)
    return Cut("procfile", match["rest"] or "", match["name"], match["time"]) if match else None


def cut_heroku(text: str) -> Cut | None:
    """A line of ``heroku logs``: the dyno stands in brackets and no host before it."""
    match = HEROKU.match(text)
    return Cut("heroku", text[match.end() :], match["key"], match["time"]) if match else None


def cut_colon_time(text: str) -> Cut | None:
    """pm2's ``--time`` and others that put a colon behind the time."""
    match = COLON_TIME.match(text)
    return Cut("timestamp", text[match.end() :], "", match["time"]) if match else None


def cut_fly(text: str) -> Cut | None:
    """A line of ``fly logs`` (region and level behind the machine) or of App Engine's (two blanks)."""
    match = FLY.match(text)
    return Cut("fly", text[match.end() :], match["key"], match["time"]) if match else None


def cut_apache(text: str) -> Cut | None:
    """A line of Apache's error log, where mod_wsgi writes each line of a traceback."""
    match = APACHE.match(text)
    if match is None:
        return None
    pid = APACHE_PID.search(match["fields"])
    return Cut("apache", text[match.end() :], pid[0] if pid else "", match["time"])
