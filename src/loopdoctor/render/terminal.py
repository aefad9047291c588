"""What the place that a report goes to can show: colour, width, letters."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO

from loopdoctor.render import View

if TYPE_CHECKING:
    from loopdoctor.checkout import Checkout

PIPED_WIDTH = 100
"""Columns of a report that no terminal shows: wide enough for a traceback's lines, narrow enough for a CI page."""

WIDEST = 120
"""Longer lines are hard to read, however wide the terminal is."""

_GLYPHS = "█░│•─"


def colored(stream: TextIO | None, wanted: bool | None = None) -> bool:
    """Whether to colour what goes to ``stream``: the flag decides, then the environment, then what the stream is.

    Sources: https://no-color.org and https://force-color.org (set to anything but nothing).
    """
    if wanted is not None:
        return wanted
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and is_terminal(stream)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody is looking at ``stream``; a closed or missing one is none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def view_of(
    stream: TextIO | None,
    *,
    color: bool | None = None,
    width: int | None = None,
    top: int = 3,
    why: bool = False,
    checkout: Checkout | None = None,
) -> View:
    """How a report must look on ``stream``."""
    return View(
        width=width or _width(stream),
        color=colored(stream, color),
        ascii=not _has_glyphs(encoding_of(stream)),
        top=top,
        why=why,
        checkout=checkout,
    )


def view_of_file(
    *,
    color: bool | None = None,
    width: int | None = None,
    top: int = 3,
    why: bool = False,
    checkout: Checkout | None = None,
) -> View:
    """How a report must look in a UTF-8 file: without colour unless it was asked for."""
    return View(width=width or PIPED_WIDTH, color=bool(color), top=top, why=why, checkout=checkout)


def obeyed() -> bool:
    """Whether a CI runner reads what is printed for commands: GitHub Actions, Azure Pipelines, TeamCity."""
    return any(os.environ.get(name) for name in ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"))


def encoding_of(stream: TextIO | None) -> str:
    """The encoding that ``stream``'s reader expects."""
    # Under LC_ALL=C Python itself writes UTF-8 (PEP 540), but who asks for C by name asks for ASCII.
    if os.environ.get("LC_ALL") in {"C", "POSIX"} and not os.environ.get("PYTHONIOENCODING"):
        return "ascii"
    return getattr(stream, "encoding", None) or "utf-8"


def _width(stream: TextIO | None) -> int:
    if not is_terminal(stream) and not os.environ.get("COLUMNS"):
        return PIPED_WIDTH
    return min(shutil.get_terminal_size((80, 24)).columns, WIDEST)


def _has_glyphs(encoding: str) -> bool:
    try:
        _GLYPHS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
