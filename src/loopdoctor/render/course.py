"""Parts of the text report that show the course of an incident: how often over time, what came when, in which code."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from loopdoctor.model import Frame, Timeline
from loopdoctor.render.chronology import Event, level, spelled
from loopdoctor.render.chronology import columns as laid_out
from loopdoctor.render.page import Page, columns, plain, prose
from loopdoctor.render.quotes import cut
from loopdoctor.render.snippet import source_lines
from loopdoctor.render.wording import log_place, times

_MOST_COLUMNS = 48
_MOST_EVENTS = 6
_WIDEST = 400
_STEPS = ("▁▂▃▄▅▆▇█", "·")
_ASCII_STEPS = (":-=+*%#", ".")


def sparkline(page: Page, timeline: Timeline) -> None:
    """How often over the log's time, one sign a column; nothing if all was seen at one moment."""
    laid = laid_out(timeline, min(_MOST_COLUMNS, max(page.width - 40, 16)))
    if laid is None or len(laid.counts) < 2:
        return
    steps, empty = _ASCII_STEPS if page.view.ascii else _STEPS
    highest = max(laid.counts)
    text = Text()
    for number in laid.counts:
        if number:
            text.append(steps[level(number, highest, len(steps))], "cyan")
        else:
            text.append(empty, "dim")
    text.append(f"  a column is {spelled(laid.width)}, the highest {highest:,}", "dim")
    page.words(text)


def course(page: Page, events: Sequence[Event]) -> None:
    """What came when: the root and what else was seen. Nothing if there is only the root."""
    if len(events) < 2:
        return
    shown = list(events[:_MOST_EVENTS])
    root = next(event for event in events if event.root)
    if root not in shown:
        shown = [root, *shown[:-1]]
    page.section("in order")
    timed = any(event.after for event in shown)
    one = len({event.place.source for event in shown}) == 1
    leads = [event.after if timed else line_or_place(event, one=one) for event in shown]
    width = max(map(columns, leads))
    for event, when in zip(shown, leads, strict=True):
        lead = Text(" " * (width - columns(when))) + plain(when, "dim") + Text("  ")
        text = Text("because of it: ", "dim") if event.consequence else Text()
        text.append_text(plain(event.title, "" if event.consequence else "bold"))
        text.append(f", {times(event.occurrences)}")
        if timed:
            text.append_text(plain(f"  {line_or_place(event, one=one)}", "dim"))
        page.words(text, first=lead)
        if event.reason:
            page.words(prose(event.reason, "dim"), indent=lead.cell_len)
    if len(events) > len(shown):
        page.words(Text(f"and {len(events) - len(shown)} more", "dim"))


def line_or_place(event: Event, *, one: bool) -> str:
    """The line alone where all events stand in one log."""
    return f"line {event.place.line}" if one else log_place(event.place)


def source_round(page: Page, frame: Frame) -> None:
    """The user's own lines round a frame where the file is at hand, else the one that the traceback shows."""
    lines = source_lines(frame, page.view.checkout)
    width = max((len(str(number)) for number, _ in lines), default=0)
    for number, text in lines:
        here = number == frame.line
        rail = Text.assemble((f"{number:>{width}} ", "bold" if here else "dim"), (page.glyphs.rail, "dim"), " ")
        page.words(plain(cut(text, _WIDEST), "bold" if here else "dim"), indent=2, first=rail)
    if not lines and frame.source:
        page.words(plain(cut(frame.source, _WIDEST)), indent=2)
