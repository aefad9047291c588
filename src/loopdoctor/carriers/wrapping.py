"""The two things that a carrier can say about a line: what was cut off in front of it, and what its log head said."""

from __future__ import annotations

from msgspec import Struct


class Cut(Struct, frozen=True, gc=False):
    """A transport's prefix taken off: ``rest`` is what the program wrote.

    ``name`` is the carrier's, ``key`` names the lane inside the outer one ("" if the prefix gives none), ``time`` is
    the transport's own. ``partial`` says that the line goes on in the next one of the same lane. ``aligned`` says that
    this transport indents the further lines of one entry to the column where ``rest`` began.
    """

    name: str
    rest: str
    key: str = ""
    time: str | None = None
    partial: bool = False
    aligned: bool = False


class Head(Struct, frozen=True, gc=False):
    """What a logging head said: ``text`` is the message alone, ``key`` the process or thread that logged it.

    ``quoted`` says that the message opened a quote that this line does not close. ``blanks`` counts the blanks between
    the level and the message where nothing else parts them: the format's padding, or the message's own indentation.
    """

    text: str
    name: str = "python-logging"
    time: str | None = None
    level: str | None = None
    logger: str | None = None
    key: str = ""
    quoted: bool = False
    blanks: int = 0
    extra: tuple[str, ...] = ()
