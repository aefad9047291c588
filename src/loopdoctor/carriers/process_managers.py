"""What managers of processes on one machine put before a line.

Reads honcho, overmind and foreman (``10:00:00 web.1 | text``), pm2 (``0|app  | text``, with ``--time`` ``TIME:
text``), and Heroku's log tail (``TIME app[web.1]: text``).
"""

from __future__ import annotations

import re

from loopdoctor.carriers.levels import UPPER
from loopdoctor.carriers.times import CLOCK, ISO
from loopdoctor.carriers.wrapping import Cut

PROCFILE = re.compile(
    rf"(?P<time>{CLOCK}) (?!(?:{UPPER})\b)(?P<name>[A-Za-z][\w.:/-]{{0,60}}) *\|(?: (?P<rest>.*)|$)", re.DOTALL
)
HEROKU = re.compile(rf"(?P<time>{ISO}) (?P<key>[A-Za-z][\w-]*\[[\w.-]+\]): ?")
COLON_TIME = re.compile(rf"(?P<time>{ISO}): ")


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
