"""The small parts of the HTML page. Everything from a log or a rule becomes text here and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from loopdoctor.model import Frame, Member, Place, Timeline
from loopdoctor.render.chronology import columns, moment, spelled
from loopdoctor.render.escape import visible
from loopdoctor.render.page import paragraphs
from loopdoctor.render.quotes import cut, numbered
from loopdoctor.render.snippet import source_lines
from loopdoctor.render.wording import frame_place, log_place, percent

if TYPE_CHECKING:
    from loopdoctor.checkout import Checkout

_LEXERS = {"shell": "bash", "dockerfile": "docker"}
_WIDEST = 400
_COLUMNS = 60


def text(value: str) -> str:
    """``value`` as text of an element or of a quoted attribute; control characters are shown as escapes."""
    return html.escape(visible(value))


def prose(value: str) -> str:
    """A sentence of the catalogue; what stands in backticks is code."""
    parts = value.strip().split("`")
    if len(parts) % 2 == 0:
        return text(value.strip())
    return "".join(f"<code>{text(part)}</code>" if at % 2 else text(part) for at, part in enumerate(parts))


def prose_block(value: str) -> str:
    """The paragraphs of a text."""
    return "".join(f"<p>{prose(paragraph)}</p>" for paragraph in paragraphs(value))


def frame(value: Frame) -> str:
    """``file:line in function``."""
    within = f" in <code>{text(value.function)}</code>" if value.function else ""
    return f'<code class="path">{text(frame_place(value))}</code>{within}'


def place(value: Place, *, short: bool = False) -> str:
    """``log:line (time)``, or the line alone."""
    when = f' <span class="dim">({text(value.time)})</span>' if value.time else ""
    shown = f"line {value.line}" if short else f'<code class="path">{text(log_place(value))}</code>'
    return shown + when


def lines(rows: Iterable[tuple[str, str, str]], label: str) -> str:
    """Numbered lines of code or of a log: (number, text that is HTML already, class)."""
    body = "".join(
        f'<span class="row {kind}"><span class="no">{number}</span><span class="say">{said}\n</span></span>'
        for number, said, kind in rows
    )
    return f'<pre class="lines" tabindex="0" role="region" aria-label="{text(label)}"><code>{body}</code></pre>'


def source(value: Frame, checkout: Checkout | None) -> str:
    """The user's own lines round a frame, or the one that the traceback shows; "" if there is none."""
    found = source_lines(value, checkout, 3)
    if not found and value.source.strip():
        found = [(value.line or 0, value.source.strip())]
    rows = [(number, cut(said, _WIDEST)) for number, said in found]
    if not rows:
        return ""
    shown = highlighted("\n".join(visible(said) for _, said in rows), "python")
    marked = [
        (str(number or ""), said, "here" if number == value.line and len(rows) > 1 else "")
        for (number, _), said in zip(rows, shown, strict=True)
    ]
    return lines(marked, f"source of {frame_place(value)}")


def evidence(member: Member, *, long: bool) -> str:
    """A record's own lines with their numbers in the log; the one that was matched stands out."""
    record = member.symptom.record
    shown = numbered(record, head=4, tail=14, limit=5000) if long else numbered(record, head=1, tail=3, limit=1500)
    said = member.symptom.text.strip()
    rows = [
        (
            str(number or ""),
            text(cut(line, _WIDEST).rstrip()),
            "gap" if number is None else "here" if said and said in line else "",
        )
        for number, line in shown
    ]
    return lines(rows, f"evidence from {log_place(Place(record.source, member.symptom.line))}")


def code(value: str, named: str = "") -> str:
    """A piece of code of the catalogue, coloured."""
    from loopdoctor.catalogue.snippets import language

    name = named or language(value)
    safe = "\n".join(visible(line) for line in value.rstrip().split("\n"))
    return f'<pre class="code" tabindex="0"><code>{chr(10).join(highlighted(safe, name))}</code></pre>'


def highlighted(value: str, language: str) -> list[str]:
    """The lines of some code as HTML with pygments' classes, each line whole."""
    lexer, formatter = _pygments(language)
    from pygments import highlight

    shown: str = highlight(value, lexer, formatter)
    count = value.count("\n") + 1
    found = shown.removesuffix("\n").split("\n") if value.strip() else []
    # A token that spans lines (a docstring) is closed and opened again at each line's end by the formatter itself.
    return found if len(found) == count else [html.escape(line) for line in value.split("\n")]


@lru_cache(maxsize=16)
def _pygments(language: str) -> tuple[Any, Any]:
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(_LEXERS.get(language, language), stripnl=False, ensurenl=False)
    return lexer, HtmlFormatter(nowrap=True)


def bar(share: float) -> str:
    """A bar that is filled by ``share`` (0 to 1); the number stands beside it in words."""
    kind = "high" if share >= 0.5 else "middle" if share >= 0.2 else "low"
    width = round(100 * min(max(share, 0.0), 1.0))
    return (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="groove" width="100" height="10"/><rect class="{kind}" width="{width}" height="10"/></svg>'
    )


def confidence(share: float) -> str:
    """The bar and the number."""
    return f'{bar(share)}<span class="share">{percent(share)}</span>'


def chart(timeline: Timeline, occurrences: int, span: tuple[int, int] | None = None) -> str:
    """An incident over time as columns; "" where there is but one moment to show and no axis to show it on."""
    laid = columns(timeline, _COLUMNS, span)
    if laid is None or (len(laid.counts) < 2 and span is None):
        return ""
    highest = max(laid.counts)
    rects = "".join(
        f'<rect x="{at * 10 + 1}" y="{40 - _height(number, highest)}" width="8" height="{_height(number, highest)}"/>'
        for at, number in enumerate(laid.counts)
        if number
    )
    last = laid.start + (len(laid.counts) - 1) * laid.width
    when = f"from {moment(laid.start)} to {moment(last)}"
    said = f"{occurrences:,} in all, {when}, at most {highest:,} in {spelled(laid.width)}"
    return (
        f'<svg class="chart" viewBox="0 0 {len(laid.counts) * 10} 40" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(said)}"><title>{text(said)}</title>{rects}</svg>'
    )


def legend(timeline: Timeline, span: tuple[int, int] | None = None) -> str:
    """What the columns of a chart stand for."""
    laid = columns(timeline, _COLUMNS, span)
    if laid is None:
        return ""
    last = laid.start + (len(laid.counts) - 1) * laid.width
    ends = f"<span>{text(moment(laid.start))}</span><span>{text(moment(last))}</span>"
    note = f"a column is {spelled(laid.width)}, the highest {max(laid.counts):,}"
    return f'<p class="axis">{ends}</p><p class="dim">{note}</p>'


def _height(number: int, highest: int) -> int:
    return max(4, round(38 * number / highest))


def items(values: Sequence[str], kind: str = "") -> str:
    """A list of sentences of the catalogue."""
    rows = "".join(f"<li>{prose(value)}</li>" for value in values)
    return f'<ul class="{kind}">{rows}</ul>' if kind else f"<ul>{rows}</ul>"
