"""The four logging heads that make up most of what is logged, read in one match each.

Only an optimisation: what these patterns take, ``table`` leaves alone and ``logging_heads`` reads in the same way (a
test holds them to it).
"""

from __future__ import annotations

from loopdoctor.carriers.levels import LEVELS
from loopdoctor.carriers.logging_heads import DETAILS
from loopdoctor.carriers.wrapping import Head
from loopdoctor.patterns import lazy

_TIME = r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)"
_LEVEL = r"(DEBUG|INFO|WARNING|ERROR|CRITICAL)"
_LOGGER = r"([a-z_]\w*(?:\.\w+)*)(?<!\.py)"

SPACED = lazy(rf"{_TIME} {_LEVEL} +{_LOGGER}: ")  # TIME LEVEL logger: text
DASHED = lazy(rf"{_TIME} - {_LOGGER} - {_LEVEL} - ")  # TIME - logger - LEVEL - text
BARRED = lazy(rf"{_TIME} \| {_LEVEL} +\| ([\w.<>]+):[\w.<>]+:\d+ - ")  # loguru
UVICORN = lazy(rf"{_LEVEL}: {{2,}}(?=\S)")


def fast_head(text: str, first: str) -> Head | None:
    """The head of a line in one of the four commonest formats; None says nothing."""
    if first == "2" or first == "1":
        if text[19:22] == " - " or text[23:26] == " - ":
            match = DASHED.match(text)
            if match is not None:
                time, logger, level = match.groups()
                return Head(text[match.end() :], "python-logging", time, level, logger)
            return None
        match = SPACED.match(text) or BARRED.match(text)
        if (
            match is None
            or match[3] in DETAILS
            or match[3].lower().endswith(("error", "exception", "warning", "group", "timeout", "exit"))
        ):
            return None
        time, level, logger = match.groups()
        return Head(text[match.end() :], "python-logging", time, level, logger)
    if first in "DIWEC" and text[4:9].find(":") >= 0:
        match = UVICORN.match(text)
        if match is not None:
            level, end = match[1], match.end()
            return Head(text[end:], "python-logging", None, LEVELS[level], blanks=end - len(level) - 1)
    return None
