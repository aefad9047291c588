"""Renderers: a ``Report`` in, the text of one format out.

Every format is a function ``render(report, titles, view) -> Iterator[str]`` in a module of its own; ``FORMATS`` names
them. ``titles`` holds the title of every symptom by id, since a report has ids only. Nothing here reads a log, a rule
or the terminal: what the terminal can show arrives as a ``View``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from loopdoctor.model import Report

if TYPE_CHECKING:
    from loopdoctor.checkout import Checkout


class View(Struct, frozen=True):
    """How to lay a report out; formats for programs ask only for ``why`` and the ``checkout``.

    ``width`` is in columns, ``ascii`` asks for bars and arrows that every encoding has, ``top`` is how many causes of
    an incident are ranked in full view, ``why`` shows every clue that was asked. ``checkout`` finds the user's own
    sources.
    """

    width: int = 100
    color: bool = False
    ascii: bool = False
    top: int = 3
    why: bool = False
    checkout: Checkout | None = None


Render = Callable[[Report, Mapping[str, str], View], Iterator[str]]

# Named, not imported: a scan to JSON must not pay for rich.
FORMATS: Mapping[str, str] = {
    "text": "loopdoctor.render.text",
    "json": "loopdoctor.render.json_report",
    "markdown": "loopdoctor.render.markdown",
    "html": "loopdoctor.render.html",
    "jsonl": "loopdoctor.render.jsonl",
    "sarif": "loopdoctor.render.sarif",
    "github": "loopdoctor.render.github",
    "gitlab": "loopdoctor.render.gitlab",
    "junit": "loopdoctor.render.junit",
    "part": "loopdoctor.render.part",
}

# Formats read by programs are UTF-8 whatever the terminal's encoding is.
FOR_PEOPLE = frozenset({"text"})

# What is published or handed on: secrets are masked in it unless the user says otherwise.
LEAVES_THE_MACHINE = frozenset({"markdown", "html", "github", "gitlab", "sarif"})


def renderer(name: str) -> Render:
    """The ``render`` function of the format called ``name``; KeyError if there is none."""
    render: Render = import_module(FORMATS[name]).render
    return render
