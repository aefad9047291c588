"""The report for programs keeps to its schema, whatever a log says."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor.model import Frame, Line, Notice, Place, Record, Report, Symptom, Unexplained
from loopdoctor.render import View, renderer
from loopdoctor.render.json_report import as_json, record_line
from loopdoctor.render.quotes import MAX_QUOTE, evidence, quote
from sample_report import (
    CLOSED,
    FAILED,
    QUIET,
    TITLES,
    UNCLOSED,
    diagnosis,
    incident,
    member,
    record,
    report,
)

SCHEMA = json.loads(resources.files("loopdoctor.render").joinpath("report.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Everything that a decoder may hand on, lone surrogates included.
HOSTILE = st.text(
    alphabet=st.characters()
    | st.characters(categories=("Cc", "Cf", "Cs"))
    | st.sampled_from('\x1b\x9b\u202e\u2066"\\[]`{}<&'),
    max_size=60,
)


def rendered(found: Report) -> str:
    """The document as it is printed."""
    return "".join(renderer("json")(found, TITLES, View()))


def parsed(found: Report) -> Any:
    """The document as a program reads it, held against the schema."""
    value = json.loads(rendered(found))
    VALIDATOR.validate(value)
    return value


def hostile_report(text: str) -> Report:
    """A report in which every word that comes from a log, or is filled from one, is ``text``."""
    base = diagnosis(member("event-loop-closed", CLOSED), member("unclosed-session", UNCLOSED, why="because"))
    bad = Record(
        kind="log",
        source=text,
        start_line=1,
        end_line=1,
        lines=(Line(1, text, source=text, stream=text, time=text),),
        words=(text,),
        words_at=(1,),
    )
    sick = msgspec.structs.replace(
        base.incident,
        members=(member("event-loop-closed", bad), member(text, bad, why=text)),
        first=Place(text, 1, text),
        culprit=Frame(text, None, text, text),
    )
    cause = msgspec.structs.replace(
        base.candidates[0],
        settle=text,
        clues=tuple(msgspec.structs.replace(clue, says=text, quotes=(text,)) for clue in base.candidates[0].clues),
        steps=tuple(
            msgspec.structs.replace(step, title=text, text=text, code=f"call({text})", wrong=text)
            for step in base.candidates[0].steps
        ),
    )
    return report(
        msgspec.structs.replace(base, incident=sick, candidates=(cause,), reason=text),
        notices=(Notice("odd", text, text, 3),),
        unexplained=(Unexplained(text, text, 2, Place(text, 1), Frame(text, 1, text)),),
    )


def test_the_schema_is_a_valid_one() -> None:
    """The schema itself is valid JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_key_is_documented() -> None:
    """Each property of the schema says what it means."""

    def undocumented(node: Any, path: str) -> list[str]:
        found = []
        for name, value in node.get("properties", {}).items():
            here = f"{path}.{name}"
            target = SCHEMA["$defs"][value["$ref"].rsplit("/", 1)[1]] if "$ref" in value else value
            if not (value.get("description") or target.get("description")):
                # A list of described things says it in its items.
                found.append(here)
            found += undocumented(value, here)
        return found

    nodes = {"report": SCHEMA, **SCHEMA["$defs"]}
    missing = [path for name, node in nodes.items() for path in undocumented(node, name)]
    assert missing == []


@pytest.mark.parametrize("found", [FAILED, QUIET, report()], ids=["failed", "quiet", "empty"])
def test_a_report_fits_its_schema(found: Report) -> None:
    """What is printed is one object that the schema accepts."""
    assert parsed(found)["schema_version"] == 1


def test_the_schema_refuses_what_it_does_not_know() -> None:
    """An unknown key or a missing one is an error, so that the schema cannot rot unseen."""
    value = as_json(FAILED, TITLES)
    value["incidents"][0]["surprise"] = 1
    del value["stats"]["records"]
    assert len(list(VALIDATOR.iter_errors(value))) == 2


def test_an_incident_tells_its_symptoms_causes_and_place() -> None:
    """The keys of the contract carry what the diagnosis holds."""
    told = parsed(FAILED)["incidents"][0]
    assert told["symptoms"] == [
        {"id": "event-loop-closed", "title": "Event loop is closed", "occurrences": 12, "consequence": None},
        {
            "id": "unclosed-session",
            "title": "Unclosed client session",
            "occurrences": 1,
            "consequence": "the session was left open because the call that should close it failed",
        },
    ]
    assert [cause["id"] for cause in told["causes"]] == ["object-reused-across-loops", "test-loop-scope-mismatch"]
    assert told["culprit"] == {"file": "/srv/billing/invoices.py", "line": 41, "function": "send_invoice"}
    assert (told["first"]["line"], told["last"]["time"], told["verdict"]) == (120, "14:09:40", "lost-work")
    steps = told["causes"][0]["fix"]["steps"]
    assert "wrong" not in steps[0]
    assert steps[1]["wrong"].startswith("CLIENT = ")


def test_clues_are_told_for_and_against() -> None:
    """A clue stands on the side that its weight took, heaviest first; one without weight is not told."""
    cause = parsed(FAILED)["incidents"][0]["causes"][0]
    assert cause["for"] == [
        "the closed loop is met inside httpx, in an object that it kept",
        "the failing call was entered through `asyncio.run()`",
    ]
    assert cause["against"] == ["the log is that of a test run", "not seen: the first use succeeded"]


def test_evidence_is_the_record_without_its_wrapping() -> None:
    """A short record is quoted whole, line by line."""
    assert evidence(incident(member("event-loop-closed", CLOSED)))[0].text == "\n".join(
        line.text for line in CLOSED.lines
    )


def test_a_record_is_quoted_once() -> None:
    """Two symptoms of one record give one piece of evidence."""
    told = parsed(report(diagnosis(member("event-loop-closed", CLOSED), member("task-destroyed", CLOSED))))
    assert len(told["incidents"][0]["evidence"]) == 1


def test_two_records_of_one_physical_line_are_both_quoted() -> None:
    """A JSON log may hold several records in a line: the place alone does not make them the same."""
    other = record(["RuntimeError: Lock is not acquired."], start=120)
    same_place = msgspec.structs.replace(CLOSED, end_line=120)
    assert len(evidence(incident(member("event-loop-closed", same_place), member("x", other)))) == 2


def test_a_long_record_loses_its_middle_but_no_word() -> None:
    """Of a long record the start, the end and every line that speaks stay; a mark says how many lines went."""
    lines = [f"  File x{n}" for n in range(200)]
    lines[90] = "RuntimeError: the first of two"
    lines.append("RuntimeError: Event loop is closed")
    text = quote(record(lines, {90: lines[90], 200: lines[200]})).text
    assert "RuntimeError: the first of two" in text
    assert text.endswith("RuntimeError: Event loop is closed")
    assert text.startswith("  File x0\n")
    assert "[... 78 lines ...]" in text
    kept = sum(int(n) for n in re.findall(r"\[\.\.\. (\d+) lines? \.\.\.\]", text)) + len(
        [line for line in text.split("\n") if not line.startswith("[...")]
    )
    assert kept == 201


def test_words_in_a_shared_physical_line_are_kept() -> None:
    """Where all lines share one number, the line that speaks is found by its text."""
    texts = [f"  File x{n}" for n in range(100)]
    texts[50] = "ValueError: told in the middle"
    shared = Record(
        kind="traceback",
        source="a.json",
        start_line=3,
        end_line=3,
        lines=tuple(Line(3, text) for text in texts),
        words=("ValueError: told in the middle",),
        words_at=(3,),
    )
    text = quote(shared).text
    assert "ValueError: told in the middle" in text
    assert "x48" not in text


@given(
    st.lists(st.text(max_size=3000), min_size=1, max_size=120).map(lambda texts: [t.replace("\n", " ") for t in texts]),
    st.integers(0, 7),
)
@settings(max_examples=30, deadline=None)
def test_a_quote_is_bounded(lines: list[str], every: int) -> None:
    """No record gives a quote much longer than the limit, however many of its lines speak."""
    words = {n: text for n, text in enumerate(lines) if every and n % every == 0}
    assert len(quote(record(lines, words)).text.encode("utf-8", "replace")) <= MAX_QUOTE * 2


@given(HOSTILE)
@settings(max_examples=150, deadline=None)
def test_hostile_text_stays_data(text: str) -> None:
    """Whatever a log says, the document is valid and holds no character that a terminal would obey."""
    document = rendered(hostile_report(text))
    VALIDATOR.validate(json.loads(document))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", document)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_text_comes_out_as_it_went_in(text: str) -> None:
    """JSON readers get the log's own characters back, escapes and all."""
    told = parsed(hostile_report(text))
    assert told["incidents"][0]["evidence"][0]["source"] == text
    assert told["notices"][0]["message"] == text


def test_a_record_is_one_line_of_json() -> None:
    """``records`` prints an object without line breaks, with null where Python printed no exception."""
    line = record_line(CLOSED)
    value = json.loads(line)
    assert line.count("\n") == 1
    assert (value["exception"], value["start_line"], value["stream"]) == ("RuntimeError", 120, "web-1")
    bare = msgspec.structs.replace(CLOSED, trace=None)
    assert json.loads(record_line(bare))["exception"] is None
    assert json.loads(record_line(bare))["message"] == "invoice 4411 failed"


def test_a_symptom_without_a_title_is_named_by_its_id() -> None:
    """A rule of a team that has gone missing is no reason to fail."""
    found = report(diagnosis(member("house-rule", CLOSED)))
    assert parsed(found)["incidents"][0]["symptoms"][0]["title"] == "house-rule"
    assert isinstance(found.diagnoses[0].incident.members[0].symptom, Symptom)
