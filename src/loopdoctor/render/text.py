"""The report for people: one incident after another, each with its verdict, its causes, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from loopdoctor.model import Candidate, ClueResult, Diagnosis, FixStep, Incident, Member, Owner, Place, Report
from loopdoctor.render import View
from loopdoctor.render.chronology import events
from loopdoctor.render.course import course, source_round, sparkline
from loopdoctor.render.escape import visible
from loopdoctor.render.page import Page, columns, paragraphs, plain, prose
from loopdoctor.render.quotes import cut, quote, telling
from loopdoctor.render.weighing import weigh
from loopdoctor.render.wording import (
    UNLIKELY,
    VERDICTS,
    Titles,
    found,
    frame_place,
    ignored,
    likely,
    log_place,
    named,
    often,
    percent,
    read,
    times,
    title_of,
    worst_first,
)

_STYLES = {"lost-work": "bold red", "resource-leak": "bold yellow", "exit-noise": "bold green"}

_MOST_UNEXPLAINED = 20
_MOST_NOTICES = 20
_MOST_QUOTES = 3
_QUOTED_LINE = 400


def render(report: Report, titles: Titles, view: View) -> Iterator[str]:
    """The report in pieces: a summary, one piece an incident (worst first), what stayed unexplained, the notices."""
    page = Page(view)
    _summary(page, report)
    yield page.take()
    told: dict[tuple[str, tuple[FixStep, ...]], int] = {}
    for number, diagnosis in enumerate(worst_first(report.diagnoses), 1):
        _diagnosis(page, number, diagnosis, titles, told)
        yield page.take()
    _unexplained(page, report)
    _notices(page, report)
    yield page.take()


def incident_page(
    number: int, diagnosis: Diagnosis, titles: Titles, view: View, told: dict[tuple[str, tuple[FixStep, ...]], int]
) -> str:
    """One incident alone; ``told`` remembers the number under which each fix was told, so that it is told once."""
    page = Page(view)
    _diagnosis(page, number, diagnosis, titles, told)
    return page.take()


def _summary(page: Page, report: Report) -> None:
    head = (found(report), "bold" if report.diagnoses else "bold green")
    page.wide(Text.assemble(head, " in ", plain(named(report.inputs)), f" ({read(report)})"))
    if report.ignored:
        page.wide(Text(ignored(report), "dim"))
    if report.stats.interrupted:
        page.wide(Text("The scan was stopped; this is what was found until then.", "yellow"))


def _diagnosis(
    page: Page, number: int, diagnosis: Diagnosis, titles: Titles, told: dict[tuple[str, tuple[FixStep, ...]], int]
) -> None:
    incident = diagnosis.incident
    page.blank()
    _heading(page, number, diagnosis, titles)
    label = VERDICTS.get(diagnosis.verdict, diagnosis.verdict)
    if label:
        style = _STYLES.get(diagnosis.verdict, "bold")
        verdict = Text.assemble(plain(label, style), ": " if diagnosis.reason else "", prose(diagnosis.reason))
        page.label("verdict")
        page.words(verdict)
    _where(page, incident)
    if diagnosis.candidates:
        _causes(page, diagnosis)
        if page.view.why:
            _why(page, diagnosis)
        else:
            _because(page, diagnosis.candidates[0], incident)
    _evidence(page, incident, titles)
    course(page, events(incident, titles))
    if diagnosis.candidates:
        _mend(page, number, diagnosis.candidates[0], told)
        _more(page, diagnosis.candidates)


def _heading(page: Page, number: int, diagnosis: Diagnosis, titles: Titles) -> None:
    incident = diagnosis.incident
    seen = often(diagnosis)
    title = plain(f"{number}. {title_of(incident, titles)}", "bold")
    space = page.width - title.cell_len - columns(seen)
    if space >= 2:
        page.wide(Text.assemble(title, " " * space, (seen, "bold")))
    else:
        page.wide(Text.assemble(title, "  ", (seen, "bold")), hang=3)
    page.rule()


def _where(page: Page, incident: Incident) -> None:
    culprit = incident.culprit
    if culprit is not None:
        page.section("where")
        within = f" in {culprit.function}" if culprit.function else ""
        page.words(Text.assemble(plain(frame_place(culprit), "bold cyan"), plain(within)))
        source_round(page, culprit)
    if incident.owner is not None:
        _owner(page, incident.owner)
    elif culprit is None:
        page.blank()
    page.label("seen")
    page.words(_span(incident.first, incident.last))
    sparkline(page, incident.timeline)


def _owner(page: Page, owner: Owner) -> None:
    """Whose it is, where that was made, or how the next log would say so."""
    page.label("whose")
    page.words(plain(cut(owner.what, 200)))
    made = owner.made
    if made is not None:
        within = f" in {made.function}" if made.function else ""
        page.words(Text.assemble("made at ", plain(frame_place(made), "bold cyan"), plain(within)), indent=2)
    elif owner.switch:
        page.words(prose(f"the log does not say where it was made: run it with `{owner.switch}`", "dim"), indent=2)


def _span(first: Place, last: Place) -> Text:
    if first == last:
        return _place(first)
    return Text.assemble(_place(first), " to ", _place(last, short=first.source == last.source))


def _place(place: Place, *, short: bool = False) -> Text:
    text = plain(f"line {place.line}" if short else log_place(place))
    if place.time:
        text.append_text(plain(f" ({place.time})", "dim"))
    return text


def _causes(page: Page, diagnosis: Diagnosis) -> None:
    candidates = likely(diagnosis.candidates)
    page.section("causes" if len(candidates) > 1 else "cause")
    if diagnosis.undecided and len(candidates) > 1:
        page.words(
            Text.assemble(
                ("undecided", "bold yellow"), " between ", plain(candidates[0].id), " and ", plain(candidates[1].id)
            )
        )
    cells = 20 if page.width >= 100 else 10
    for index, candidate in enumerate(candidates[: max(page.view.top, 1)]):
        lead = page.bar(candidate.confidence, cells) + Text(f" {percent(candidate.confidence):>4}  ")
        page.words(plain(candidate.title, "" if index else "bold"), first=lead)
    for paragraph in paragraphs(candidates[0].means):
        page.words(prose(paragraph, "dim"))


def _why(page: Page, diagnosis: Diagnosis) -> None:
    """Every clue of every cause that is shown."""
    for index, candidate in enumerate(diagnosis.candidates[: max(page.view.top, 1)]):
        page.section("because" if not index else "")
        weigh(page, candidate, None)


def _because(page: Page, candidate: Candidate, incident: Incident) -> None:
    telling = [clue for clue in candidate.clues if clue.weight]
    telling.sort(key=lambda clue: (clue.weight < 0, -abs(clue.weight)))
    if telling:
        page.section("because")
        elsewhere = _said_elsewhere(incident)
        for clue in telling:
            _clue(page, clue, elsewhere)
    if candidate.settle:
        page.section("to settle")
        for paragraph in paragraphs(candidate.settle):
            page.words(prose(paragraph))


def _said_elsewhere(incident: Incident) -> str:
    """What the report shows anyway: where the culprit is, and the root's record."""
    at = incident.culprit
    where = f"{frame_place(at)} in {at.function}\n{at.source}\n" if at else ""
    return where + "\n".join(line.plain for line in _quoted(incident.members[0], long=True))


def _clue(page: Page, clue: ClueResult, elsewhere: str) -> None:
    sign = Text("+ ", "green") if clue.weight > 0 else Text("- ", "red")
    says = prose(clue.says)
    page.words(says if clue.held else Text("not seen: ", "dim") + says, first=sign)
    for seen in clue.quotes[:1]:
        if visible(seen.strip()) not in elsewhere:
            page.quoted([plain(cut(seen.strip(), 160), "dim")], indent=2)


def _evidence(page: Page, incident: Incident, titles: Titles) -> None:
    """The root's record at some length, then one for each other symptom that is no consequence."""
    source = incident.members[0].symptom.record.source
    for index, member in enumerate(telling(incident, _MOST_QUOTES)):
        page.section("evidence" if not index else "")
        at = Place(member.symptom.record.source, member.symptom.line)
        head = plain(f"line {at.line}" if index and at.source == source else log_place(at), "cyan")
        if index:
            head.append_text(plain(f"  {titles.get(member.symptom.id, member.symptom.id)}"))
        page.words(head)
        page.quoted(_quoted(member, long=not index))


def _quoted(member: Member, *, long: bool) -> list[Text]:
    record = member.symptom.record
    shown = quote(record, head=2, tail=7, limit=2400) if long else quote(record, head=1, tail=2, limit=900)
    said = member.symptom.text.strip()
    lines = []
    for line in shown.text.split("\n"):
        speaks = said and said in line
        style = "bold" if speaks else "dim" if line.startswith((" ", "[... ")) else ""
        lines.append(plain(cut(line, _QUOTED_LINE).rstrip(), style))
    return lines


def _mend(page: Page, number: int, candidate: Candidate, told: dict[tuple[str, tuple[FixStep, ...]], int]) -> None:
    before = told.setdefault((candidate.id, candidate.steps), number)
    page.section("to fix it")
    if before != number:
        page.words(Text(f"the steps are those of {before}. above"))
        return
    steps(page, candidate.steps)
    bullets(page, "to check", candidate.check)
    bullets(page, "to prevent", candidate.prevention)


def steps(page: Page, fix: Iterable[FixStep]) -> None:
    """The steps of a fix, numbered, each with its wrong and right code."""
    for number, step in enumerate(fix, 1):
        if number > 1:
            page.blank()
        page.words(prose(step.title, "bold"), first=f"{number}. ")
        for paragraph in paragraphs(step.text):
            page.words(prose(paragraph), indent=3)
        if step.wrong:
            page.code(step.wrong, indent=3, note="instead of")
        if step.code:
            page.code(step.code, indent=3, note="write" if step.wrong else "")


def bullets(page: Page, label: str, items: Iterable[str]) -> None:
    """A section with one bullet an item; nothing if there are none."""
    for index, item in enumerate(items):
        if index == 0:
            page.section(label)
        page.words(prose(item), first=f"{page.glyphs.bullet} ")


def _more(page: Page, candidates: Sequence[Candidate]) -> None:
    page.section("more")
    for index, candidate in enumerate(candidates):
        if index and candidate.confidence < UNLIKELY:
            continue
        line = Text.assemble(("loopdoctor explain ", "dim"), plain(candidate.id, "cyan"))
        if index >= page.view.top:
            line.append_text(plain(f"  {percent(candidate.confidence)}  {candidate.title}", "dim"))
        page.words(line)


def _unexplained(page: Page, report: Report) -> None:
    if not report.unexplained:
        return
    page.blank()
    total = sum(failure.occurrences for failure in report.unexplained)
    page.wide(Text.assemble(("Other failures", "bold"), f" that no rule explains ({total:,})"))
    often_first = sorted(report.unexplained, key=lambda failure: -failure.occurrences)
    for failure in often_first[:_MOST_UNEXPLAINED]:
        said = [part for part in (failure.exception, failure.message) if part]
        words = ": ".join(said) or "traceback without its last line"
        text = Text.assemble(plain(cut(words, 200)), (f", {times(failure.occurrences)}", ""))
        at = failure.culprit
        if at is not None:
            text.append_text(plain(f"  {at.file}" if at.line is None else f"  {at.file}:{at.line}", "cyan"))
        text.append_text(plain(f"  {failure.first.source}:{failure.first.line}", "dim"))
        page.words(text, first=f"{page.glyphs.bullet} ")
    _rest(page, len(report.unexplained) - _MOST_UNEXPLAINED)


def _notices(page: Page, report: Report) -> None:
    if not report.notices:
        return
    page.blank()
    page.wide(Text("About this scan", "bold"))
    for notice in report.notices[:_MOST_NOTICES]:
        place = notice.source if notice.line is None else f"{notice.source}:{notice.line}"
        text = plain(notice.message)
        if place:
            text.append_text(plain(f"  {place}", "dim"))
        page.words(text, first=f"{page.glyphs.bullet} ")
    _rest(page, len(report.notices) - _MOST_NOTICES)


def _rest(page: Page, left: int) -> None:
    if left > 0:
        page.words(Text(f"and {left:,} more; --format json lists them all", "dim"))
