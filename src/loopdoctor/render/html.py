"""The report as one page that stands alone: no script, nothing from the network, readable, printable, light and dark.

The page's policy lets nothing run or load, and takes only the one style sheet that it was made with, by its hash.
Source: https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from loopdoctor import __version__
from loopdoctor.model import Candidate, ClueResult, Diagnosis, FixStep, Incident, Owner, Report
from loopdoctor.render import View
from loopdoctor.render import html_parts as part
from loopdoctor.render.chronology import era, events, moment
from loopdoctor.render.html_parts import prose, text
from loopdoctor.render.quotes import cut, telling
from loopdoctor.render.wording import (
    VERDICTS,
    Titles,
    count,
    found,
    frame_place,
    ignored,
    likely,
    log_place,
    named,
    often,
    read,
    times,
    title_of,
    worst_first,
)

MOST = 250
"""Incidents shown in full: beyond that no browser is pleasant to use, and nobody reads on."""

_MOST_QUOTES = 4
_MOST_EVENTS = 12
_MOST_LISTED = 50

Told = dict[tuple[str, tuple[FixStep, ...]], int]


def render(report: Report, titles: Titles, view: View) -> Iterator[str]:
    """The page in pieces: head and overview, one article an incident (worst first), what else there was."""
    worst = worst_first(report.diagnoses)
    yield _head(report)
    yield "".join(_overview(worst[:MOST], titles))
    yield "<main>\n"
    told: Told = {}
    for number, diagnosis in enumerate(worst[:MOST], 1):
        yield "".join(_article(number, diagnosis, titles, view, told))
    if len(worst) > MOST:
        yield f"<p>{count(len(worst) - MOST, 'more incident')}: <code>--format json</code> lists them all.</p>\n"
    yield "".join(_unexplained(report))
    yield "</main>\n"
    yield "".join(_foot(report))


def _head(report: Report) -> str:
    style = Path(__file__).with_name("html.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    title = f"{found(report)} in {named(report.inputs)}"
    logs = "".join(
        f'<li><code class="path">{text(source.path)}</code> <span class="dim">{source.bytes:,} bytes, '
        f"{count(source.lines, 'line')}, {text(source.carrier)}</span></li>"
        for source in report.inputs[:_MOST_LISTED]
    )
    more = f"<li>and {len(report.inputs) - _MOST_LISTED:,} more</li>" if len(report.inputs) > _MOST_LISTED else ""
    inputs = f"<details><summary>What was read</summary><ul>{logs}{more}</ul></details>" if logs else ""
    left_out = f'<p class="dim">{text(ignored(report))}</p>' if report.ignored else ""
    stopped = "<p><strong>The scan was stopped; this is what was found until then.</strong></p>"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<title>{text(title)}</title>\n<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>\n<body>\n'
        f'<header>\n<h1>{text(found(report))} <span class="in">in {text(named(report.inputs))}</span></h1>\n'
        f'<p class="dim">{text(read(report))} by loopdoctor {text(__version__)}</p>\n'
        f"{stopped if report.stats.interrupted else ''}{left_out}{inputs}\n</header>\n"
    )


def _overview(worst: Sequence[Diagnosis], titles: Titles) -> Iterator[str]:
    """All incidents at a glance, on one axis of time where their logs have one."""
    if not worst:
        return
    span = _span([diagnosis.incident for diagnosis in worst])
    yield '<nav aria-label="Incidents">\n<ol class="overview">\n'
    for number, diagnosis in enumerate(worst, 1):
        incident = diagnosis.incident
        best = diagnosis.candidates[0] if diagnosis.candidates else None
        on_axis = span is not None and _on(incident, span)
        yield (
            f'<li><a href="#incident-{number}">{text(title_of(incident, titles))}</a> '
            f'<span class="often">{often(diagnosis)}</span>{_badge(diagnosis)}'
            f'<span class="why">{prose(best.title) if best else ""}</span>'
            f"{part.chart(incident.timeline, incident.occurrences, span) if on_axis else ''}</li>\n"
        )
    yield "</ol>\n"
    if span is not None:
        yield f'<p class="axis"><span>{text(moment(span[0]))}</span><span>{text(moment(span[1]))}</span></p>\n'
        if era(span[0]) == "dated":
            yield '<p class="dim note">in UTC, or by the log\'s own clock where it names no zone</p>\n'
    yield "</nav>\n"


def _span(incidents: Sequence[Incident]) -> tuple[int, int] | None:
    """The time that all incidents of the commonest kind of clock lie in; None where there is but one moment."""
    known = [incident.timeline.buckets for incident in incidents if incident.timeline.buckets]
    if not known:
        return None
    common = Counter(era(buckets[0][0]) for buckets in known).most_common(1)[0][0]
    ends = [(b[0][0], b[-1][0]) for b in known if era(b[0][0]) == era(b[-1][0]) == common]
    if not ends:
        return None
    first, last = min(start for start, _ in ends), max(end for _, end in ends)
    return (first, last) if last > first else None


def _on(incident: Incident, span: tuple[int, int]) -> bool:
    buckets = incident.timeline.buckets
    return bool(buckets) and span[0] <= buckets[0][0] and buckets[-1][0] <= span[1]


def _badge(diagnosis: Diagnosis) -> str:
    label = VERDICTS.get(diagnosis.verdict, diagnosis.verdict)
    kind = diagnosis.verdict if diagnosis.verdict in VERDICTS else "other"
    return f'<span class="badge {kind}">{text(label)}</span>' if label else ""


def _article(number: int, diagnosis: Diagnosis, titles: Titles, view: View, told: Told) -> Iterator[str]:
    incident = diagnosis.incident
    yield f'<article id="incident-{number}" aria-labelledby="title-{number}">\n'
    yield f'<h2 id="title-{number}">{number}. {text(title_of(incident, titles))} '
    yield f'<span class="often">{often(diagnosis)}</span></h2>\n'
    if diagnosis.verdict or diagnosis.reason:
        yield f'<p class="verdict">{_badge(diagnosis)} {prose(diagnosis.reason)}</p>\n'
    yield from _facts(incident, view)
    if diagnosis.candidates:
        yield from _causes(diagnosis, view)
    yield from _evidence(incident, titles)
    yield from _course(incident, titles)
    if diagnosis.candidates:
        yield from _mend(number, diagnosis.candidates[0], told)
    yield "</article>\n"


def _facts(incident: Incident, view: View) -> Iterator[str]:
    yield '<dl class="facts">\n'
    if incident.culprit is not None:
        yield f"<dt>where</dt><dd>{part.frame(incident.culprit)}{part.source(incident.culprit, view.checkout)}</dd>\n"
    if incident.owner is not None:
        yield f"<dt>whose</dt><dd>{_owner(incident.owner)}</dd>\n"
    first, last = incident.first, incident.last
    until = "" if first == last else f" to {part.place(last, short=first.source == last.source)}"
    chart = part.chart(incident.timeline, incident.occurrences)
    drawn = f'<figure class="time">{chart}{part.legend(incident.timeline)}</figure>' if chart else ""
    yield f"<dt>seen</dt><dd>{part.place(first)}{until}{drawn}</dd>\n"
    used = [f"Python {incident.python}"] if incident.python else []
    if used or incident.libraries:
        yield f"<dt>with</dt><dd>{text(', '.join([*used, *incident.libraries]))}</dd>\n"
    yield "</dl>\n"


def _owner(owner: Owner) -> str:
    said = text(cut(owner.what, 200))
    if owner.made is not None:
        return f"{said}, made at {part.frame(owner.made)}"
    if owner.switch:
        return f'{said} <span class="dim">(made where? <code>{text(owner.switch)}</code> would show it)</span>'
    return said


def _causes(diagnosis: Diagnosis, view: View) -> Iterator[str]:
    shown = likely(diagnosis.candidates)
    yield f"<h3>{'Causes' if len(shown) > 1 else 'Cause'}</h3>\n"
    if diagnosis.undecided and len(shown) > 1:
        first, second = shown[:2]
        between = f"between <code>{text(first.id)}</code> and <code>{text(second.id)}</code>"
        yield f"<p><strong>Undecided</strong> {between}</p>\n"
    yield '<ol class="causes">\n'
    for candidate in shown[: max(view.top, 1)]:
        yield f"<li>{part.confidence(candidate.confidence)}<span>{prose(candidate.title)}</span></li>\n"
    yield "</ol>\n"
    best = shown[0]
    yield part.prose_block(best.means)
    yield _weighed(best, every=view.why)
    if best.settle:
        yield f'<div class="settle"><h4>To settle it</h4>{part.prose_block(best.settle)}</div>\n'
    for other in shown[1 : max(view.top, 1)]:
        weighed = _weighed(other, every=view.why)
        if weighed:
            yield f"<details><summary>{prose(other.title)}: for and against</summary>{weighed}</details>\n"


def _weighed(candidate: Candidate, *, every: bool) -> str:
    clues = [clue for clue in candidate.clues if clue.weight or every]
    clues.sort(key=lambda clue: (clue.weight < 0, -abs(clue.weight)))
    rows = "".join(_clue(clue, every=every) for clue in clues)
    return f'<ul class="clues">{rows}</ul>\n' if rows else ""


def _clue(clue: ClueResult, *, every: bool) -> str:
    kind, sign = (
        ("for", "for") if clue.weight > 0 else ("against", "against") if clue.weight < 0 else ("none", "no weight")
    )
    says = prose(clue.says) if clue.held else f'<span class="dim">not seen:</span> {prose(clue.says)}'
    weight = f' <span class="dim">({clue.weight:+.2f})</span>' if every else ""
    seen = "".join(f"<q>{text(cut(quote.strip(), 200))}</q>" for quote in clue.quotes[: 3 if every else 1])
    return f'<li class="{kind}"><span class="sign">{sign}</span> {says}{weight}{seen}</li>'


def _evidence(incident: Incident, titles: Titles) -> Iterator[str]:
    yield "<h3>Evidence</h3>\n"
    for index, member in enumerate(telling(incident, _MOST_QUOTES)):
        symptom = member.symptom
        at = f"{text(symptom.record.source)}:{symptom.line}"
        if not index:
            yield f'<p class="at"><code class="path">{at}</code></p>{part.evidence(member, long=True)}\n'
            continue
        title = titles.get(symptom.id, symptom.id)
        body = part.evidence(member, long=False)
        yield f'<details><summary>{text(title)} <code class="path">{at}</code></summary>{body}</details>\n'


def _course(incident: Incident, titles: Titles) -> Iterator[str]:
    """What came when."""
    found = events(incident, titles)
    if len(found) < 2:
        return
    yield '<h3>In order</h3>\n<ol class="course">\n'
    for event in found[:_MOST_EVENTS]:
        why = f' <span class="dim">{prose(event.reason)}</span>' if event.reason else ""
        kind = '<span class="dim">because of it:</span> ' if event.consequence else ""
        where = f'<code class="path">{text(log_place(event.place))}</code>'
        title = text(event.title) if event.consequence else f"<strong>{text(event.title)}</strong>"
        when = f'<span class="after">{text(event.after)}</span> ' if event.after else ""
        yield f"<li>{when}{kind}{title}, {times(event.occurrences)} {where}{why}</li>\n"
    if len(found) > _MOST_EVENTS:
        yield f"<li>and {len(found) - _MOST_EVENTS} more</li>\n"
    yield "</ol>\n"


def _mend(number: int, best: Candidate, told: Told) -> Iterator[str]:
    before = told.setdefault((best.id, best.steps), number)
    yield "<h3>To fix it</h3>\n"
    if before != number:
        yield f'<p>The steps are those of <a href="#fix-{before}">incident {before}</a>.</p>\n'
    else:
        yield f'<ol class="steps" id="fix-{number}">\n'
        for step in best.steps:
            yield f"<li><h4>{prose(step.title)}</h4>{part.prose_block(step.text)}{_instead(step)}</li>\n"
        yield "</ol>\n"
        for title, values in (("To check it", best.check), ("To prevent it", best.prevention)):
            if values:
                yield f"<details><summary>{title}</summary>{part.items(values)}</details>\n"
    links = "".join(f"<li>{_reference(url)}</li>" for url in best.references)
    more = f"<p><code>loopdoctor explain {text(best.id)}</code></p>"
    yield f"<details><summary>More about this cause</summary>{more}{f'<ul>{links}</ul>' if links else ''}</details>\n"


def _instead(step: FixStep) -> str:
    out = ""
    if step.wrong:
        out += f'<figure class="wrong"><figcaption>instead of</figcaption>{part.code(step.wrong)}</figure>'
    if step.code:
        caption = "<figcaption>write</figcaption>" if step.wrong else ""
        out += f'<figure class="right">{caption}{part.code(step.code)}</figure>'
    return out


def _reference(url: str) -> str:
    if url.startswith("https://"):
        return f'<a href="{text(url)}" rel="noreferrer">{text(url)}</a>'
    return text(url)


def _unexplained(report: Report) -> Iterator[str]:
    if not report.unexplained:
        return
    total = sum(failure.occurrences for failure in report.unexplained)
    yield '<section aria-labelledby="others">'
    yield f'<h2 id="others">Other failures that no rule explains ({total:,})</h2>\n<ul>\n'
    often_first = sorted(report.unexplained, key=lambda failure: -failure.occurrences)
    for failure in often_first[:_MOST_LISTED]:
        words = ": ".join(said for said in (failure.exception, failure.message) if said)
        shown = text(cut(words, 200)) or "traceback without its last line"
        at = f" {text(frame_place(failure.culprit))}" if failure.culprit else ""
        where = f'<code class="path">{text(log_place(failure.first))}</code>'
        yield f"<li>{shown}, {times(failure.occurrences)}<span class='dim'>{at}</span> {where}</li>\n"
    if len(often_first) > _MOST_LISTED:
        yield f"<li>and {len(often_first) - _MOST_LISTED:,} more; <code>--format json</code> lists them all</li>\n"
    yield "</ul></section>\n"


def _foot(report: Report) -> Iterator[str]:
    yield "<footer>\n"
    if report.notices:
        yield "<h2>About this scan</h2>\n<ul>\n"
        for notice in report.notices[:_MOST_LISTED]:
            place = notice.source if notice.line is None else f"{notice.source}:{notice.line}"
            yield f'<li>{text(notice.message)} <code class="path">{text(place)}</code></li>\n'
        yield "</ul>\n"
    yield f'<p class="dim">loopdoctor {text(__version__)}</p>\n</footer>\n</body>\n</html>\n'
