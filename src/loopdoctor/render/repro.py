"""A pair for people and for programs: what it shows, how to run it, the program that fails and its repaired twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from loopdoctor.render import View
from loopdoctor.repro import Found, Pair, Server, bounds, files, how_to_run

_MOST_OTHERS = 12


class Shown(Struct, frozen=True):
    """What is to be shown: the pairs found, the servers that they may need, the Python that was asked for.

    Without ``everything`` it is the first pair, and the others are named.
    """

    found: Found
    servers: Mapping[str, Server]
    python: str | None = None
    everything: bool = False

    @property
    def told(self) -> tuple[Pair, ...]:
        """The pairs to show in full."""
        return self.found.pairs if self.everything else self.found.pairs[:1]

    @property
    def others(self) -> tuple[Pair, ...]:
        """The pairs that are only named."""
        return self.found.pairs[len(self.told) :]


def render(shown: Shown, format: str, view: View) -> Iterator[str]:  # noqa: A002
    """The pairs in one format, in pieces; a cause without pairs gets the reason."""
    return _as_json(shown) if format == "json" else _as_text(shown, view)


def written(shown: Shown, folder: str, format: str, *, several: bool) -> Iterator[str]:  # noqa: A002
    """What to do with pairs that have been written to ``folder`` (each below its own name if they are several)."""
    if format == "json":
        yield from _as_json(shown)
        return
    for pair in shown.told:
        place = f"{folder}/{pair.name}" if several else folder
        yield f"{pair.name}: {', '.join(files(pair, shown.servers))} in {place}\n"
    yield "README.md has the commands that run them.\n"


def _as_text(shown: Shown, view: View) -> Iterator[str]:
    from rich.text import Text

    from loopdoctor.render.page import Page, plain, prose

    page = Page(view, label=10)
    if shown.found.note:
        page.wide(prose(shown.found.note))
        if shown.told:
            page.blank()
    for number, pair in enumerate(shown.told):
        if number:
            page.blank()
        page.wide(Text.assemble(plain(pair.name, "bold"), "  ", plain(pair.cause, "dim")))
        page.rule()
        page.words(prose(pair.shows))
        page.label("symptoms")
        page.words(plain(", ".join(pair.symptoms)))
        page.label("Python")
        page.words(prose(f"{bounds(pair)}{f': {pair.versions}' if pair.versions else ''}"))
        page.label("needs")
        page.words(plain(pair.wants(shown.python or pair.python)))
        _heading(page, "To run it (`loopdoctor repro --write DIR` makes the files)")
        page.listing("\n".join(how_to_run(pair, shown.servers, shown.python)), "shell")
        _heading(page, "broken.py")
        page.listing(pair.broken)
        _heading(page, "fixed.py")
        page.listing(pair.fixed)
        yield page.take()
    _others(page, shown.others)
    yield page.take()


def _heading(page: Any, text: str) -> None:
    from loopdoctor.render.page import prose

    page.blank()
    page.wide(prose(text, "bold"))
    page.rule()


def _others(page: Any, others: tuple[Pair, ...]) -> None:
    from loopdoctor.render.page import prose

    if not others:
        return
    _heading(page, "Other pairs (`loopdoctor repro NAME`)")
    for pair in others[:_MOST_OTHERS]:
        libraries = ", ".join((*pair.libraries, *pair.needs)) or "standard library"
        page.wide(prose(f"{page.glyphs.bullet} `{pair.name}` ({libraries}): {pair.shows}"), hang=2)
    if len(others) > _MOST_OTHERS:
        page.wide(prose(f"and {len(others) - _MOST_OTHERS} more; `--all` prints them all"))


def _as_json(shown: Shown) -> Iterator[str]:
    from loopdoctor.render.json_report import document

    yield document(
        {
            "cause": shown.found.cause or None,
            "note": shown.found.note or None,
            "pairs": [_values(pair, shown) for pair in shown.told],
            "others": [pair.name for pair in shown.others],
        }
    )


def _values(pair: Pair, shown: Shown) -> dict[str, Any]:
    return {
        "name": pair.name,
        "cause": pair.cause,
        "symptoms": list(pair.symptoms),
        "shows": pair.shows,
        "python": {"recorded": pair.python, "since": pair.since, "until": pair.until, "why": pair.versions or None},
        "requires": list(pair.pins(shown.python or pair.python)),
        "needs": list(pair.needs),
        "commands": how_to_run(pair, shown.servers, shown.python),
        "files": files(pair, shown.servers, shown.python),
    }
