"""The formats for other programs: JSON lines, GitHub, GitLab and JUnit, each as its reader takes it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from hostile import HOSTILE_TEXTS
from loopdoctor import __version__
from loopdoctor.checkout import Checkout
from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice, Report
from loopdoctor.render import View, delivery, junit, renderer, step_summary
from loopdoctor.render.json_report import as_json
from loopdoctor.render.targets import Target, deliver
from sample_report import CLOSED, FAILED, QUIET, TITLES, UNCLOSED, diagnosis, member, report
from test_render_json import HOSTILE, hostile_report

GOLDEN = Path(__file__).parent / "golden"
# Whatever a format does, no character that steers a terminal or reorders text may be in it.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
SEVERAL = report(
    diagnosis(member("task-destroyed", UNCLOSED), verdict="exit-noise"),
    diagnosis(member("event-loop-closed", CLOSED), verdict="resource-leak"),
    *FAILED.diagnoses,
)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still."""
    monkeypatch.setattr(junit, "_now", lambda: "2024-11-24T12:00:00")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that has the culprit's file under another root than the log's machine."""
    folder = tmp_path / "src" / "billing"
    folder.mkdir(parents=True)
    lines = ["# a line"] * 40 + ["    reply = await CLIENT.post(URL, json=job)"]
    (folder / "invoices.py").write_text("\n".join(lines), "utf-8")
    return Checkout(str(tmp_path))


def rendered(name: str, found: Report, checkout: Checkout | None = None) -> str:
    """The report in a format."""
    return "".join(renderer(name)(found, TITLES, View(checkout=checkout)))


def summarised(found: Report, checkout: Checkout | None = None) -> str:
    """The summary of a workflow run."""
    return "".join(step_summary.summary(found, TITLES, View(checkout=checkout)))


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of a step's output: the commands, with their properties and messages.

    Source: TryParseV2 in https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    found = []
    for line in re.split("\r\n|\r|\n", text.removesuffix("\n")):
        head = re.match("::([a-z-]+)(?: (.*?))?::(.*)$", line, re.DOTALL)
        assert head, line
        properties = dict(part.split("=", 1) for part in (head[2] or "").split(",") if part)
        plain = {key: _decoded(value, {"%3A": ":", "%2C": ","}) for key, value in properties.items()}
        found.append((head[1], plain, _decoded(head[3], {})))
    return found


def _decoded(text: str, more: dict[str, str]) -> str:
    for code, character in {**more, "%0D": "\r", "%0A": "\n", "%25": "%"}.items():
        text = text.replace(code, character)
    return text


def suite(text: str) -> ET.Element:
    """The one test suite of a JUnit document, after the checks that the strictest schema makes.

    Source: https://github.com/windyroad/JUnit-Schema/blob/master/JUnit.xsd
    """
    root = ET.fromstring(text.encode())
    assert (root.tag, len(root), root.attrib) == ("testsuites", 1, {})
    found = root[0]
    assert set(found.attrib) == {
        *("name", "package", "id", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"),
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", found.attrib["timestamp"])
    tags = [child.tag for child in found]
    cases = found.findall("testcase")
    assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
    for case in cases:
        assert set(case.attrib) == {"name", "classname", "time"}
        assert [(child.tag, set(child.attrib), len(child)) for child in case] in (
            [],
            [("failure", {"message", "type"}, 0)],
        )
        # xs:token: no line breaks, nothing at the ends.
        assert all(value == " ".join(value.split("\n")).strip() for value in case.attrib.values())
    assert int(found.attrib["tests"]) == len(cases)
    assert int(found.attrib["failures"]) == len(found.findall("testcase/failure"))
    return found


def links(markdown: str) -> list[str]:
    """What GitHub's Markdown would make more of than words, code and our own headings."""
    allowed = {"details_open", "<details><summary>How to fix it</summary>", "</details>", "<!-- -->"}
    tokens = MarkdownIt("commonmark").parse(markdown)
    flat = [token for outer in tokens for token in (outer, *(outer.children or ()))]
    odd = [token.type for token in flat if token.type in {"link_open", "image"}]
    odd += [t.content for t in flat if t.type in {"html_block", "html_inline"} and t.content.strip() not in allowed]
    words = "".join(token.content if token.type == "text" else "\0" for token in flat)
    return odd + re.findall(r"https?://\w|www\.\w|@\w|#\d", words)


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("failed-github.txt", "github"),
        ("gl-code-quality.json", "gitlab"),
        ("failed-junit.xml", "junit"),
    ],
)
def test_formats_look_as_agreed(name: str, format_: str, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report looks as its golden file does (LOOPDOCTOR_GOLDEN=write makes them anew, to be read before a commit)."""
    monkeypatch.setattr(
        junit, "incident_page", lambda *_: "(what the text report says: it has golden files of its own)"
    )
    text = rendered(format_, FAILED, checkout).replace(f'"{__version__}"', '"VERSION"')
    _golden(name, text)


def test_the_summary_looks_as_agreed(checkout: Checkout) -> None:
    """So does the summary of a workflow run."""
    _golden("step-summary.md", summarised(FAILED, checkout))


def _golden(name: str, text: str) -> None:
    golden = GOLDEN / name
    if os.environ.get("LOOPDOCTOR_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert text == golden.read_text(encoding="utf-8")


def test_every_line_of_jsonl_is_an_object_with_its_type() -> None:
    """The lines hold what the JSON report holds, in its order; the last one says that the output is whole."""
    told = [json.loads(line) for line in rendered("jsonl", FAILED).splitlines()]
    whole = as_json(FAILED, TITLES)
    assert [line.pop("type") for line in told] == ["report", "incident", "unexplained", "notice", "stats"]
    assert told[0] == {key: whole[key] for key in ("schema_version", "tool", "inputs")}
    assert told[1:] == [*whole["incidents"], *whole["unexplained"], *whole["notices"], whole["stats"]]


def test_a_report_without_incidents_says_so_in_each_format() -> None:
    """Nothing found is an empty list for GitLab, a passed test for JUnit, no annotation for GitHub."""
    assert json.loads(rendered("gitlab", QUIET)) == []
    assert [case.attrib["name"] for case in suite(rendered("junit", QUIET)).findall("testcase")] == [
        "no asyncio failure in the logs"
    ]
    assert [command for command, _, _ in commands(rendered("github", QUIET))] == ["debug"]
    assert [json.loads(line)["type"] for line in rendered("jsonl", report()).splitlines()] == ["report", "stats"]
    assert "No asyncio failure in `app.log`" in summarised(QUIET)


def test_an_annotation_stands_at_the_users_line(checkout: Checkout) -> None:
    """In the checkout the annotation names file and line; elsewhere it names no file, which GitHub would not have."""
    (command, properties, message), *_ = commands(rendered("github", FAILED, checkout))
    assert (command, properties["file"], properties["line"]) == ("error", "src/billing/invoices.py", "41")
    assert properties["title"].startswith("Event loop is closed: An object made under one event loop")
    assert "Seen 12 times, first at app.log:120" in message
    assert "file" not in commands(rendered("github", FAILED))[0][1]


def test_the_level_says_how_bad_it_is() -> None:
    """Lost work that is sure is an error, a leak or an unsure cause a warning, noise at exit a notice; worst first."""
    levels = [command for command, _, _ in commands(rendered("github", SEVERAL))]
    assert levels == ["error", "warning", "notice"]
    unsure = msgspec.structs.replace(FAILED.diagnoses[0], candidates=FAILED.diagnoses[0].candidates[1:])
    assert commands(rendered("github", report(unsure)))[0][0] == "warning"
    assert [finding["severity"] for finding in json.loads(rendered("gitlab", SEVERAL))] == ["critical", "major", "info"]


def test_more_than_github_shows_is_said() -> None:
    """Ten of a level are printed; a last notice tells how many more there are."""
    many = report(*FAILED.diagnoses * 14, notices=(Notice("line-cut", "a line was cut", "app.log", 7),))
    told = commands(rendered("github", many))
    assert [command for command, _, _ in told] == ["error"] * 10 + ["notice"] * 2
    assert "a line was cut (app.log:7)" in told[-2][2]
    assert told[-1][2].startswith("4 more failures were found.")


def test_fingerprints_are_unique() -> None:
    """Two incidents with one fingerprint stay two for readers that drop what they have seen."""
    twice = report(*FAILED.diagnoses * 2)
    prints = [finding["fingerprint"] for finding in json.loads(rendered("gitlab", twice))]
    assert prints == ["5f3a9c01d2e4", "5f3a9c01d2e4-2"]
    names = [case.attrib["name"] for case in suite(rendered("junit", twice)).findall("testcase")]
    assert len(set(names)) == 2


def test_gitlab_finds_the_file_or_else_the_log(checkout: Checkout) -> None:
    """A finding lies in the checkout's file, or in the log where there is none."""
    assert json.loads(rendered("gitlab", FAILED, checkout))[0]["location"] == {
        "path": "src/billing/invoices.py",
        "lines": {"begin": 41},
    }
    assert json.loads(rendered("gitlab", FAILED))[0]["location"] == {"path": "app.log", "lines": {"begin": 120}}


def test_junit_is_read_by_junitparser() -> None:
    """A reader of JUnit files sees a failed case an incident, with what the text report says of it."""
    junitparser = pytest.importorskip("junitparser", reason="needs junitparser (extra `test`)")
    suites = junitparser.JUnitXml.fromstring(rendered("junit", SEVERAL).encode())
    (found,) = list(suites)
    assert (found.tests, found.failures, found.errors) == (3, 3, 0)
    failure = next(iter(found)).result[0]
    assert failure.type == "object-reused-across-loops"
    assert "to fix it" in failure.text


def test_an_interrupted_scan_is_not_taken_for_a_whole_one() -> None:
    """Each format says that the scan was stopped."""
    cut = msgspec.structs.replace(FAILED, stats=msgspec.structs.replace(FAILED.stats, interrupted=True))
    assert "The scan was stopped" in rendered("github", cut)
    assert "The scan was stopped" in summarised(cut)
    assert "The scan was stopped" in (suite(rendered("junit", cut)).findtext("system-out") or "")
    assert json.loads(rendered("jsonl", cut).splitlines()[-1])["interrupted"] is True


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that GitHub shows on the page of the run; an earlier command of the step has written to it."""
    path = tmp_path / "step_summary"
    path.write_text("# Tests\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def delivered(*formats: str, out: Path) -> list[LoopdoctorError]:
    """Writes FAILED in these formats below ``out``; what failed."""
    errors: list[LoopdoctorError] = []
    targets = [Target(name, str(out / f"report.{name}")) for name in formats]
    assert deliver(FAILED, TITLES, targets, {}, errors.append) is not bool(errors)
    return errors


def test_the_summary_is_appended_for_github_only(page: Path, tmp_path: Path) -> None:
    """The format github adds to the page of the run what stands there already; no other format touches it."""
    assert delivered("json", "sarif", out=tmp_path) == []
    assert page.read_text("utf-8") == "# Tests\n"
    assert delivered("github", out=tmp_path) == []
    assert page.read_text("utf-8") == "# Tests\n" + summarised(FAILED)


def test_there_is_no_summary_where_nobody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of GitHub the format is its annotations alone."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert delivered("github", out=tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["report.github"]


def test_a_summary_keeps_to_the_limit(page: Path) -> None:
    """What is beyond the limit is left out piece by piece, and the page says so; other writers' text counts."""
    note = "(cut)"
    delivery.append(["one two\n", "three\n", "four\n"], str(page), 8 + 8 + 6 + len(note), note)
    assert page.read_text("utf-8") == "# Tests\none two\nthree\n(cut)"
    delivery.append(["more\n"], str(page), 10, note)
    assert page.read_text("utf-8").endswith("(cut)")
    many = report(*FAILED.diagnoses * 900)
    delivery.append(step_summary.summary(many, TITLES, View()), str(page), step_summary.MAX_BYTES, step_summary.CUT)
    text = page.read_text("utf-8")
    assert 1_000_000 < len(text.encode()) <= 1 << 20
    assert text.endswith(step_summary.CUT)
    assert text.count("<details>") == text.count("</details>")


def test_a_page_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user hears of it as of any report that cannot be written."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "absent" / "file"))
    assert [error.reference for error in delivered("github", out=tmp_path)] == ["output-failed"]


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_no_format_obeys_a_log(text: str) -> None:
    """Each known trick stays text: for a runner, a parser, a browser and a terminal."""
    check_hostile(text)


@given(HOSTILE)
@settings(max_examples=60, deadline=None)
def test_no_format_obeys_any_text(text: str) -> None:
    """So does any text at all."""
    check_hostile(text)


def check_hostile(text: str) -> None:
    """Renders a report that says ``text`` everywhere, in each format, and reads it as the format's reader does."""
    found = hostile_report(text)
    for name in ("jsonl", "github", "gitlab", "junit"):
        assert not STEERING.search(rendered(name, found)), name
    for line in rendered("jsonl", found).removesuffix("\n").split("\n"):
        assert isinstance(json.loads(line)["type"], str)
    told = commands(rendered("github", found))
    assert [command for command, _, _ in told] == ["error", "notice"]
    assert set(told[0][1]) <= {"file", "line", "title"}
    (finding,) = json.loads(rendered("gitlab", found))
    assert all(isinstance(finding[key], str) and finding[key] for key in ("description", "check_name", "fingerprint"))
    assert len(suite(rendered("junit", found)).findall("testcase")) == 1
    markdown = summarised(found)
    assert not STEERING.search(markdown)
    assert links(markdown) == []


BRACKETS = "##[set-output name=x]y ##vso[task.setvariable variable=x]y ##teamcity[x]"


@pytest.mark.parametrize("name", ["json", "jsonl", "sarif", "gitlab", "junit"])
def test_no_line_of_a_document_is_a_command_in_brackets(name: str) -> None:
    """GitHub, Azure and TeamCity look for ##[...] anywhere in a line; a document holds it in another spelling."""
    text = rendered(name, hostile_report(BRACKETS))
    assert not re.search(r"##\w*\[", text)
    if name == "junit":
        plain = "".join(ET.fromstring(text.encode()).itertext())
    else:
        plain = str([json.loads(document) for document in (text.splitlines() if name == "jsonl" else [text])])
    assert "##vso[task" in plain


def test_a_runner_finds_no_command_in_printed_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a CI runner reads along, no line of the text report begins as a command, however it was wrapped."""
    sneaky = f"{'x' * 80} ::set-output name=a::b {'y' * 80} ::error::owned {BRACKETS}"
    found = hostile_report(sneaky)
    commanding = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)
    pieces: list[str] = []
    monkeypatch.setattr(delivery, "to_stream", lambda _, out, encoding: pieces.append("".join(out)))
    for runner in ("", "true"):
        monkeypatch.setenv("GITHUB_ACTIONS", runner)
        deliver(found, TITLES, [Target("text")], {"width": 80}, lambda error: pytest.fail(str(error)))
    assert commanding.search(pieces[0])
    assert not commanding.search(pieces[1])
    assert "\\x3a:set-output name=a::b" in pieces[1]


def test_a_hostile_cause_is_text_too() -> None:
    """A team's own rules may hold anything: an id or title from there ends no attribute and no command."""
    bad = 'x" y="1::error::,\n<b>'
    cause: Any = msgspec.structs.replace(FAILED.diagnoses[0].candidates[0], id=bad, title=bad)
    found = report(msgspec.structs.replace(FAILED.diagnoses[0], candidates=(cause,)))
    assert len(commands(rendered("github", found))) == 1
    assert len(suite(rendered("junit", found)).findall("testcase")) == 1
    assert links(summarised(found)) == []
