"""Every option of ``scan``, once: what it takes, what holds without it, what it means.

The command line's help, the keys of ``[tool.loopdoctor]`` and the variables ``LOOPDOCTOR_<OPTION>`` all come from here.
An option without a row fails a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, structs

from loopdoctor.render import FORMATS
from loopdoctor.settings import Settings

FAIL_ON: Mapping[str, float | None] = {"any": 0.0, "likely": 0.5, "certain": 0.8, "never": None}
"""From which confidence of its first cause on a diagnosis fails the command."""

Takes = Literal["switch", "number", "fraction", "word", "text", "file", "reports", "directories", "ignores"]


class Option(Struct, frozen=True):
    """One option. ``default`` None: decided by what is there. ``choices`` are the words that it takes.

    ``joins``: what the command line says is added to what the project says. ``everywhere``: holds for every command
    that has the option, not for ``scan`` alone.
    """

    name: str
    takes: Takes
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    joins: bool = False
    everywhere: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "LOOPDOCTOR_" + self.name.replace("-", "_").replace(".", "_").upper()

    @property
    def parameter(self) -> str:
        """Its name in Python."""
        return self.name.replace("-", "_")

    @property
    def many(self) -> bool:
        """Whether it takes a list."""
        return self.takes in {"reports", "directories", "ignores"}


_ROWS = (
    Option("format", "word", "text", "How to write the report.", choices=tuple(FORMATS)),
    Option("output", "file", None, "Write the report to a file."),
    Option(
        "report",
        "reports",
        (),
        "Write a further report, of the same scan; may be given several times. FORMAT=- takes the place of the text "
        "on standard output.",
    ),
    Option(
        "rules",
        "directories",
        (),
        "A directory with rules of your own, beside those of [tool.loopdoctor]; may be given several times.",
        joins=True,
    ),
    Option("full", "switch", False, "Parse every line, not only those near a known message. Slow.", everywhere=True),
    Option(
        "follow",
        "switch",
        False,
        "Go on reading while the log is written, through rotations, and tell of each incident as it comes; the report "
        "follows at the end (end of the pipe, Ctrl-C, SIGTERM).",
    ),
    Option(
        "state",
        "file",
        None,
        "Read only what was added since the run before, through rotations, and tell new failures from known ones; the "
        "file holds what a run hands on to the next.",
    ),
    Option(
        "fail-on",
        "word",
        "never",
        "Exit with 1 on any diagnosis, or only on one whose first cause has a confidence of 50 % (likely) or 80 % "
        "(certain).",
        choices=tuple(FAIL_ON),
    ),
    Option(
        "baseline",
        "file",
        None,
        "Failures in this file are known and fail nothing: one of --write-baseline, or a JSON report.",
    ),
    Option("write-baseline", "file", None, "Accept what is found: write it to this file, and do not fail."),
    Option(
        "ignore",
        "ignores",
        (),
        "Leave out a cause, a symptom or a fingerprint, beside those of [tool.loopdoctor]; may be given several times.",
        joins=True,
    ),
    Option("since", "text", None, "Only what the log wrote since then: 2026-03-01T10:00, 10:00 (today), 2h (ago)."),
    Option("until", "text", None, "Only what the log wrote until then."),
    Option(
        "jobs",
        "number",
        0,
        "Processor cores to use: several files are read at once, each by a process of its own; one file is searched by "
        "several threads. 0: all there are.",
        least=0,
        most=256,
    ),
    Option(
        "dask",
        "text",
        None,
        "Read the logs on the workers of this dask.distributed scheduler, tcp://HOST:8786, or of one started for it: "
        "local. Needs loopdoctor[dask].",
    ),
    Option("top", "number", 3, "How many causes of each failure the text shows.", least=1),
    Option("why", "switch", False, "Show every clue that was asked, held or not, with its weight and its lines."),
    Option("color", "switch", None, "Colour, whatever the output is.", everywhere=True),
    Option("width", "number", None, "Columns of the text report.", least=40, most=400, everywhere=True),
    Option("redact", "switch", None, "Mask passwords, tokens, cookies, keys, addresses and user names in the report."),
    Option("quiet", "switch", False, "Nothing on standard error but errors."),
)

OPTIONS: Mapping[str, Option] = {option.name: option for option in _ROWS}

NO_LIMITS = frozenset({"rules", "full", "span", "jobs"})
"""Fields of ``Settings`` that are options of their own."""

MAY_BE_ZERO = frozenset({"whole_below", "margin", "max_suspended"})


def _limits() -> dict[str, Option]:
    meanings = dict(re.findall(r"``(\w+)``\s+(.+)", Settings.__doc__ or ""))
    rows = {}
    for field in structs.fields(Settings):
        if field.name not in NO_LIMITS:
            whole = isinstance(field.default, int)
            least = 0 if field.name in MAY_BE_ZERO else 1 if whole else 0.001
            name = field.name.replace("_", "-")
            takes: Takes = "number" if whole else "fraction"
            meaning = meanings.get(field.name, "")
            rows[name] = Option(f"limits.{name}", takes, field.default, meaning, least=least)
    return rows


LIMITS: Mapping[str, Option] = _limits()
"""The keys of ``[tool.loopdoctor.limits]``: every limit of ``Settings``."""
