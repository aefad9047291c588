"""Rules about rules: each check finds its mistake, and the built-in catalogue has none."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopdoctor.catalogue import snippets
from loopdoctor.catalogue.lint import breaking, lint
from loopdoctor.catalogue.load import load_catalogue, places
from loopdoctor.catalogue.placeholders import LONGEST, NAMES, clean, fill, placeholders
from loopdoctor.catalogue.schema import Catalogue


def sound() -> dict[str, Any]:
    """A small catalogue in which lint finds nothing, as plain data."""
    clue = {"id": "at-exit", "ask": {"position": "exit"}, "weight": 1.0, "says": "${task:-the task} came last"}
    cause = {
        "id": "broker-without-close",
        "title": "A broker is never closed",
        "means": "Nobody closes it.",
        "happens": "Its finaliser complains.",
        "clues": [
            clue,
            {"id": "banner", "ask": {"mark": {"id": "broker-banner"}}, "weight": 0.5, "says": "it was up"},
            {"id": "not-alone", "ask": {"symptom": ["broker-left-open"]}, "weight": 0, "absent": -1, "says": "alone"},
        ],
        "verdicts": [{"is": "exit-noise", "reason": "it was the end"}],
        "settle": "look for close()",
        "steps": [{"title": "Close it", "text": "now", "variants": [{"right": "await ${object:-broker}.close()"}]}],
        "check": ["run it"],
        "prevention": ["async with"],
        "references": ["https://example.org/broker"],
    }
    symptom = {
        "id": "broker-left-open",
        "title": "the broker was left open",
        "library": "broker",
        "means": "It was open at exit.",
        "signatures": [{"literal": "broker left open", "pattern": "broker left open by (?P<object>\\w+)"}],
        "causes": {"broker-without-close": 0.9},
        "match": ["broker left open by api"],
        "no_match": ["broker closed"],
    }
    mark = {"id": "broker-banner", "means": "a banner", "literals": ["broker is ready"]}
    tables = {"symptoms": [symptom], "causes": [cause], "marks": [mark]}
    return {name: {rule["id"]: rule for rule in rules} for name, rules in tables.items()}


def catalogue(changes: dict[str, Any]) -> Catalogue:
    """The sound catalogue with values put at dotted paths (``causes.broker-without-close.clues.0.weight``)."""
    data = sound()
    for path, value in changes.items():
        *way, last = path.split(".")
        where: Any = data
        for step in way:
            where = where[int(step)] if isinstance(where, list) else where[step]
        where[int(last) if isinstance(where, list) else last] = value
    return msgspec.convert(data, Catalogue)


SYMPTOM = "symptoms.broker-left-open"
SIGNATURE = f"{SYMPTOM}.signatures.0"
CAUSE = "causes.broker-without-close"
CLUE = f"{CAUSE}.clues.0"
VARIANT = f"{CAUSE}.steps.0.variants.0"


def test_the_built_in_catalogue_is_sound():
    """No release goes out with a rule that lint refuses."""
    found = lint(load_catalogue())
    where = places([(problem.kind, problem.rule, problem.path) for problem in found])
    assert [f"{at or p.rule}: {p.message} ({p.hint})" for at, p in zip(where, found, strict=True)] == []


def test_a_sound_catalogue_has_no_problem():
    """The base of the tests below says nothing by itself."""
    assert lint(catalogue({})) == []


@pytest.mark.parametrize(
    ("change", "rule", "path", "message"),
    [
        ({f"{SIGNATURE}.literal": "port 80 is open"}, "broker-left-open", "$.signatures[0].literal", "hidden by"),
        ({f"{SIGNATURE}.literal": "can't close"}, "broker-left-open", "$.signatures[0].literal", "hidden by"),
        ({f"{SIGNATURE}.literal": 'the "broker"'}, "broker-left-open", "$.signatures[0].literal", "hidden by"),
        ({f"{SIGNATURE}.literal": "broker\\nopen"}, "broker-left-open", "$.signatures[0].literal", "hidden by"),
        ({f"{SIGNATURE}.literal": "bröker open"}, "broker-left-open", "$.signatures[0].literal", "hidden by"),
        ({f"{SIGNATURE}.literal": "broker\topen"}, "broker-left-open", "$.signatures[0].literal", "hidden by"),
        ({"marks.broker-banner.literals": ["broker 2"]}, "broker-banner", "$.literals[0]", "hidden by"),
        ({f"{SIGNATURE}.pattern": "(open"}, "broker-left-open", "$.signatures[0].pattern", "does not compile"),
        ({f"{SIGNATURE}.frame": "a{2"}, "broker-left-open", "", ""),
        ({f"{SIGNATURE}.exception": "[a"}, "broker-left-open", "$.signatures[0].exception", "does not compile"),
        ({f"{CLUE}.ask": {"near": {"pattern": "*"}}}, "broker-without-close", "$.clues[0].ask.near.pattern", "compile"),
        (
            {f"{CLUE}.ask": {"any": [{"frame": {"file": "("}}, {"least": 2}]}},
            "broker-without-close",
            "$.clues[0].ask.any[0].frame.file",
            "compile",
        ),
        (
            {f"{CAUSE}.verdicts.0.when": {"message": ")"}},
            "broker-without-close",
            "$.verdicts[0].when.message",
            "compile",
        ),
        ({f"{CLUE}.ask": {}}, "broker-without-close", "$.clues[0].ask", "this one has 0"),
        (
            {f"{CLUE}.ask": {"not": {"least": 2, "thread": "main"}}},
            "broker-without-close",
            "$.clues[0].ask.not",
            "this one has 2: thread, least",
        ),
        ({f"{CLUE}.ask": {"all": []}}, "broker-without-close", "$.clues[0].ask", "empty list"),
        (
            {f"{CLUE}.ask": {"mark": {"id": "banner"}}},
            "broker-without-close",
            "$.clues[0].ask.mark.id",
            "no mark `banner`",
        ),
        (
            {f"{CLUE}.ask": {"elsewhere": ["broker-left-open", "gone"]}},
            "broker-without-close",
            "$.clues[0].ask.elsewhere[1]",
            "no symptom `gone`",
        ),
        ({f"{SYMPTOM}.wreckage_of": ["gone"]}, "broker-left-open", "$.wreckage_of[0]", "no symptom `gone`"),
        ({f"{SYMPTOM}.wreckage_of": ["broker-left-open"]}, "broker-left-open", "$.wreckage_of[0]", "points to itself"),
        ({f"{SYMPTOM}.causes.gone": 0.1}, "broker-left-open", "$.causes.gone", "no cause `gone`"),
        (
            {f"{CAUSE}.neighbours": [{"id": "gone", "tell": "x"}]},
            "broker-without-close",
            "$.neighbours[0].id",
            "no cause `gone`",
        ),
        (
            {f"{SYMPTOM}.causes": {"broker-without-close": 0.9, "gone": 0.2}},
            "broker-left-open",
            "$.causes",
            "up to 1.10",
        ),
        ({f"{SYMPTOM}.causes": {}}, "broker-without-close", "$", "no symptom leads"),
        ({f"{SYMPTOM}.causes": {}}, "broker-left-open", "$.causes", "leads to no cause"),
        ({f"{CLUE}.weight": -1}, "broker-without-close", "$.clues", "fewer than 2 clues speak for"),
        ({f"{CAUSE}.clues.2.absent": 0}, "broker-without-close", "$.clues", "no clue can speak against"),
        ({f"{CAUSE}.clues.2.absent": 0}, "broker-without-close", "$.clues[2].weight", "changes nothing"),
        ({f"{CAUSE}.clues.1.id": "at-exit"}, "broker-without-close", "$.clues[1].id", "two clues are called"),
        ({f"{CLUE}.says": "${who:-he} left"}, "broker-without-close", "$.clues[0].says", "unknown placeholder `who`"),
        ({f"{CAUSE}.settle": "see ${file}"}, "broker-without-close", "$.settle", "`file` has no default"),
        ({f"{CAUSE}.check": ["a", "see ${file:-"]}, "broker-without-close", "$.check[1]", "unknown placeholder ``"),
        ({f"{CAUSE}.references": ["http://x.org"]}, "broker-without-close", "$.references[0]", "not an https address"),
        ({f"{VARIANT}.python": "3.11"}, "broker-without-close", "$.steps[0].variants[0].python", "not a range"),
        ({f"{VARIANT}.library": "Aio Http"}, "broker-without-close", "$.steps[0].variants[0].library", "not a library"),
        (
            {f"{VARIANT}.wrong": "a = 1\nb = = 2"},
            "broker-without-close",
            "$.steps[0].variants[0].wrong",
            "not Python: invalid syntax (line 2",
        ),
        (
            {f"{VARIANT}.right": "re.sub('\\d', x)"},
            "broker-without-close",
            "$.steps[0].variants[0].right",
            "not Python",
        ),
        ({f"{VARIANT}.right": "# toml\na = ="}, "broker-without-close", "$.steps[0].variants[0].right", "not TOML"),
    ],
)
def test_lint_finds_each_mistake_at_its_path(change, rule, path, message):
    """One changed value, one expected problem among those found."""
    found = lint(catalogue(change))
    if not path:
        assert found == []
    else:
        assert any(p.rule == rule and p.path == path and message in p.message for p in found), found
        assert all(p.hint for p in found)


def test_a_name_that_is_nearly_right_is_suggested():
    """Hints name the nearest id or placeholder."""
    found = lint(catalogue({f"{SYMPTOM}.causes.broker-without-clos": 0.05, f"{CLUE}.says": "${fil:-x}"}))
    assert {p.hint for p in found} == {"did you mean `broker-without-close`?", "did you mean `file`?"}


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(?:[\w.]+)*'gone", r"(.*)*.*=.*(.*)*!"],
)
def test_a_catastrophic_pattern_is_found_in_bounded_time(pattern):
    """Nested repeats are refused before a log meets them; lint itself is not held up."""
    began = time.process_time()
    (problem,) = lint(catalogue({f"{SIGNATURE}.pattern": pattern}))
    assert "runs for more than" in problem.message
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<object><?(?:[\w.]+\.)?(?P<class>\w+)[^>]*>?) is lost",
        r"^(?:task|future): <(?P<task>.*?) coro=(?P<coroutine>[^>]*)>",
        r"got (?P<a>.*?) for (?P<b>.*) in (?P<c>.*)",
    ],
)
def test_an_ordinary_pattern_is_not_called_catastrophic(pattern):
    """Patterns as rules need them pass."""
    assert lint(catalogue({f"{SIGNATURE}.pattern": pattern})) == []


def test_breaking_reports_only_what_a_scan_cannot_live_with():
    """A poor text does not keep a team's rules from being used, a dangling id does."""
    poor = catalogue({f"{CAUSE}.references": ["http://x.org"], f"{CLUE}.says": "${who}"})
    assert breaking(poor, poor) == []
    broken = catalogue({f"{SYMPTOM}.causes.gone": 0.1, f"{CAUSE}.references": ["http://x.org"]})
    assert [p.message for p in breaking(broken, broken)] == ["there is no cause `gone`"]


# --- snippets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("await main()\n", "python"),
        ("async with a: pass\nasync for x in y: ...\n", "python"),
        ("try:\n    ...\nexcept* ValueError:\n    ...\n", "python"),
        ("# a plain comment about shells\nx = 1\n", "python"),
        ("# shell\nPYTHONASYNCIODEBUG=1 python app.py\n", "shell"),
        ("$ kill -TERM 1\n", "shell"),
        ('[tool.pytest.ini_options]\nasyncio_mode = "auto"\n', "toml"),
        ("# ini\n[pytest]\nasyncio_mode = auto\n", "ini"),
        ("# yaml\n- run: pytest\n", "yaml"),
        ("# text\nnot code: at all\n", "text"),
    ],
)
def test_a_snippet_is_read_in_the_language_it_names(code, language):
    """Python unless the first line says otherwise; all of these are sound."""
    assert (snippets.language(code), snippets.fault(code)) == (language, "")


@pytest.mark.parametrize("code", ["x = (" * 300, "a\x00b", "-" * 100_000 + "1", "if x:\nreturn", "# toml\n[a"])
def test_a_snippet_that_cannot_be_read_gives_a_reason(code):
    """Whatever the parser raises becomes a sentence."""
    assert snippets.fault(code).startswith("not ")


# --- placeholders ----------------------------------------------------------------------------------------------------


def test_placeholders_are_listed_with_their_defaults():
    """Names in order; what is none but looks like one is listed as such; foreign syntax is left alone."""
    text = "${file:-the file} ${line} ${x:-{}} ${task:- ${{ github.ref }} $HOME {file} $${object:-it}"
    assert list(placeholders(text)) == [("file", "the file"), ("line", None), ("", None), ("", None), ("object", "it")]


def test_fill_puts_names_or_defaults():
    """A name found in the log, else the default, else nothing."""
    text = "${file:-the file} line ${line:-?}${count}, ${task:-the task}"
    assert fill(text, {"file": "app.py", "task": " \n"}) == "app.py line ?, the task"


def test_a_filled_value_is_never_expanded_again():
    """A log that holds a placeholder shows it."""
    assert fill("${task:-x} ${file:-y}", {"task": "${file:-z}", "file": "a.py"}) == "${file:-z} a.py"


def test_a_logs_value_is_cleaned():
    """Control sequences, bidirectional marks and line breaks do not reach a terminal through a sentence."""
    assert clean("\x1b[31mred\x1b[0m\r\n\tnext\u202eline\u2028end \ud800") == "[31mred[0m nextline end \ufffd"
    assert clean("x" * 5000) == "x" * (LONGEST - 1) + "…"


@given(st.text(), st.dictionaries(st.sampled_from(sorted(NAMES)), st.text()))
def test_filled_text_is_short_printable_and_complete(value, names):
    """Whatever a log holds: one line, bounded, no control characters, no placeholder left."""
    names["object"] = value
    filled = fill("".join(f"${{{name}:-d}}" for name in sorted(NAMES)), names)
    assert len(filled) <= LONGEST * len(NAMES)
    assert all(character.isprintable() or character == " " or ord(character) > 127 for character in filled)
    assert "\n" not in filled
