"""A small catalogue made by hand, and quick ways through the pipeline, for tests of the judging stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from conftest import lines_of
from loopdoctor.catalogue.schema import Catalogue, Cause, Clue, MarkRule, Signature, Step, Symptom, Variant, Verdict
from loopdoctor.grouping import group
from loopdoctor.incidents import Collector
from loopdoctor.matching import Matcher
from loopdoctor.model import Incident, Line, Record
from loopdoctor.settings import Settings


def symptom(id: str, literal: str, causes: dict[str, float], **more: Any) -> Symptom:  # noqa: A002
    """A symptom rule that looks for a literal."""
    given: dict[str, Any] = {
        "title": id.replace("-", " "),
        "library": "till",
        "means": "It broke.",
        "signatures": (Signature(literal),),
        "match": (literal,),
        "no_match": ("calm",),
    }
    return Symptom(id=id, causes=causes, **(given | more))


def cause(id: str, *clues: Clue, **more: Any) -> Cause:  # noqa: A002
    """A cause with the clues given."""
    given: dict[str, Any] = {
        "title": f"Somebody let {id} happen",
        "means": "${function:-some function} did it.",
        "happens": "It happens.",
        "verdicts": (Verdict("lost-work", "a sale was lost"),),
        "settle": "Look at ${file:-the file}.",
        "steps": (Step("Mend ${function:-it}", "Do so.", (Variant("await ${coroutine:-it}()"),)),),
        "check": ("Run it again.",),
        "prevention": ("Test it.",),
        "references": ("https://docs.python.org/3/library/asyncio.html",),
    }
    return Cause(id=id, clues=clues, **(given | more))


def catalogue(symptoms: Iterable[Symptom], causes: Iterable[Cause] = (), marks: Iterable[MarkRule] = ()) -> Catalogue:
    """Rules by id."""
    return Catalogue({s.id: s for s in symptoms}, {c.id: c for c in causes}, {m.id: m for m in marks})


TILL = catalogue(
    symptoms=(
        symptom("till-shut", "the till is shut", {"early-close": 0.6, "power-cut": 0.4}, rank=2),
        symptom("drawer-open", "drawer left open", {"early-close": 0.5, "power-cut": 0.5}, wreckage_of=("till-shut",)),
        symptom("coins-lost", "coins were lost", {"power-cut": 0.3, "early-close": 0.7}, rank=0),
        symptom("roll-empty", "paper roll is empty", {"no-paper": 1.0}, rank=2),
        symptom(
            "sale-dropped",
            "was dropped",
            {"power-cut": 0.2, "early-close": 0.8},
            signatures=(Signature("was dropped", pattern=r"^sale (?P<coroutine>\w+) was dropped$"),),
        ),
    ),
    causes=(cause("early-close"), cause("power-cut"), cause("no-paper")),
    marks=(MarkRule("lights-out", "the power failed", ("lights went out",)),),
)


def flow_of(text: str, matcher: Matcher, source: str = "till.log") -> list[Record | Line]:
    """Records and the lines between them; ``@LEVEL message`` stands for the head of a log entry."""
    lines = [replace(line, source=source) for line in lines_of(text)]
    return list(group(lines, source, matcher.speaks, Settings()))


def collect(text: str, rules: Catalogue = TILL, settings: Settings | None = None) -> Collector:
    """A collector that has seen a log."""
    matcher = Matcher(rules)
    collector = Collector(rules, settings or Settings())
    feed(collector, text, matcher)
    return collector


def feed(collector: Collector, text: str, matcher: Matcher, source: str = "till.log") -> None:
    """What ``scan`` does with a source, without its guards."""
    for item in flow_of(text, matcher, source):
        for line in item.lines if isinstance(item, Record) else (item,):
            for mark in matcher.marks(line):
                collector.add_mark(mark)
        found = matcher.match(item) if isinstance(item, Record) else []
        if isinstance(item, Record) and found:
            collector.add_record(item, found)
        else:
            for line in item.lines if isinstance(item, Record) else (item,):
                collector.add_line(line)
    collector.end_source(source)


def incidents(text: str, rules: Catalogue = TILL, settings: Settings | None = None) -> list[Incident]:
    """The incidents of a log."""
    collector = collect(text, rules, settings)
    return [collector.incident(cluster) for cluster in collector.clusters]


def traceback(error: str, *frames: tuple[str, int, str, str]) -> str:
    """A traceback: its frames as (file, line, function, source), then its last line."""
    shown = "".join(f'  File "{file}", line {line}, in {name}\n    {source}\n' for file, line, name, source in frames)
    return f"Traceback (most recent call last):\n{shown}{error}\n"
