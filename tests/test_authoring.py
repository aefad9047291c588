"""Drafts of rule files, their JSON Schema, and the dry run: what an author of rules works with."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor import cli
from loopdoctor.catalogue.lint import lint
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.catalogue.scaffold import literal_of, new_cause, new_symptom
from loopdoctor.catalogue.schemas import KINDS, rule_schema
from loopdoctor.dryrun import rehearse
from loopdoctor.errors import LoopdoctorError
from loopdoctor.examples import check_examples
from loopdoctor.model import Judged, Passed, Skipped
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings

RULES = Path(__file__).resolve().parent.parent / "rules"
SAMPLES = RULES.parent / "sample_logs"
SCHEMA = RULES.parent / "src" / "loopdoctor" / "render" / "report.schema.json"
CATALOGUE = load_catalogue()
SAID = "mypool.errors.Gone: pool 'shop-3' at 0x7f01 is gone after 12 s"


def _drafts(folder: Path) -> Path:
    (folder / "pool-misuse.yaml").write_text(new_cause("pool-misuse"))
    catalogue = load_catalogue([str(folder)])
    causes = ("use-after-close", "pool-misuse")
    symptom = new_symptom("pool-is-gone", catalogue, words=SAID, library="mypool", causes=causes)
    (folder / "pool-is-gone.yaml").write_text(symptom)
    return folder


def test_a_draft_passes_lint_and_test_as_it_is(tmp_path: Path) -> None:
    """An author starts from rules that work, and sees what each change breaks."""
    catalogue = load_catalogue([str(_drafts(tmp_path))])
    assert catalogue.symptoms["pool-is-gone"].library == "mypool"
    mine = {"pool-is-gone", "pool-misuse"}
    assert [problem for problem in lint(catalogue) if problem.rule in mine] == []
    assert [problem for problem in check_examples(catalogue) if problem.rule in mine] == []


def test_a_draft_finds_its_words_in_a_log(tmp_path: Path) -> None:
    """Numbers and addresses of the words may be any."""
    _drafts(tmp_path)
    log = tmp_path / "shop.log"
    log.write_text(
        'Traceback (most recent call last):\n  File "/srv/shop.py", line 4, in buy\n    pool.get()\n'
        "mypool.errors.Gone: pool 'shop-41' at 0x55aa is gone after 300 s\n"
    )
    (diagnosis,) = scan([str(log)], Settings(rules=(str(tmp_path),))).diagnoses
    assert diagnosis.incident.members[0].symptom.id == "pool-is-gone"
    assert {candidate.id for candidate in diagnosis.candidates[:2]} == {"use-after-close", "pool-misuse"}


@settings(deadline=None)
@given(st.text(max_size=120))
def test_any_words_give_a_draft_that_loads_or_an_error(words: str) -> None:
    """Whatever a message is made of, the YAML holds what of it can be printed."""
    said = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    try:
        text = new_symptom("some-rule", CATALOGUE, words=words)
    except LoopdoctorError:
        with pytest.raises(LoopdoctorError, match="can be searched for"):
            literal_of(said)
        return
    assert yaml.safe_load(text)["match"][0].endswith(said or "mylibrary.Gone: the thing is gone")


def test_the_literal_is_what_no_escaping_can_hide() -> None:
    """The longest run without quotes, digits and backslashes, of the message rather than of the exception's name."""
    assert literal_of(SAID) == "is gone after"
    with pytest.raises(LoopdoctorError, match="can be searched for"):
        literal_of("E: '1' 2 \"3\"")


@pytest.mark.parametrize("name", ["Pool", "pool_gone", "-pool", "pool--gone", "a" * 65, "", "pöl"])
def test_an_id_that_no_rule_can_have_is_refused(name: str) -> None:
    """Small letters, digits and single hyphens."""
    with pytest.raises(LoopdoctorError, match="cannot be the id of a rule"):
        new_cause(name)


def test_a_cause_that_is_not_there_is_refused_with_the_nearest() -> None:
    """A share for a misspelt cause would never count."""
    with pytest.raises(LoopdoctorError, match="no cause is called") as caught:
        new_symptom("pool-is-gone", load_catalogue(), words=SAID, causes=("use-after-closing",))
    assert "use-after-close" in caught.value.hint


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_schema_of_a_kind_takes_every_built_in_rule_and_no_misspelt_key(kind: str) -> None:
    """What an editor shows as right is what the loader takes."""
    schema = rule_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    pattern = {"symptom": "symptoms/*/*.yaml", "cause": "causes/*.yaml", "marks": "marks.yaml"}[kind]
    files = sorted(RULES.glob(pattern))
    assert files
    for file in files:
        value = yaml.load(file.read_text(), yaml.CSafeLoader)
        assert [error.message for error in validator.iter_errors(value)] == [], file
    wrong = [{"id": "x", "mean": "y"}] if kind == "marks" else {"id": "x", "sginatures": []}
    assert list(validator.iter_errors(wrong))


def test_a_dry_run_shows_what_a_record_went_through() -> None:
    """The record with its symptoms, the rules that its words call up in vain, and the incident with its sums."""
    log = SAMPLES / "cache-warmer-del-closed-loop" / "app.log"
    steps = list(rehearse([str(log)], Settings()))
    passed = [step for step in steps if isinstance(step, Passed)]
    assert "event-loop-is-closed-in-del" in {symptom.id for step in passed for symptom in step.symptoms}
    refusals = [refusal for step in passed for refusal in step.refusals]
    assert refusals
    assert all(refusal.reason and refusal.line for refusal in refusals)
    judged = [step for step in steps if isinstance(step, Judged)]
    assert [step.diagnosis for step in judged] == list(scan([str(log)], Settings()).diagnoses)
    for step in judged:
        sums = [
            step.priors[candidate.id] + sum(clue.weight for clue in candidate.clues)
            for candidate in step.diagnosis.candidates
        ]
        assert sums == sorted(sums, reverse=True)


def test_a_dry_run_says_why_a_rule_does_not_hold(tmp_path: Path) -> None:
    """Each thing that a signature asks for has a reason of its own."""
    log = tmp_path / "app.log"
    log.write_text(
        "10:00:00 INFO RuntimeError: Event loop is closed is what the manual says\n10:00:01 INFO next\n"
        'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in f\n'
        "    raise ValueError('Event loop is closed')\nValueError: no such key\n"
    )
    steps = list(rehearse([str(log)], Settings()))
    reasons = {refusal.reason for step in steps if isinstance(step, Passed) for refusal in step.refusals}
    assert any("does not speak" in reason for reason in reasons)
    assert not any(step.symptoms for step in steps if isinstance(step, Passed))
    assert [step for step in steps if isinstance(step, Skipped)]


# --- as an author sees it ---------------------------------------------------------------------------------------------


def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["loopdoctor", *arguments])
    status = cli.main()
    out, error = capsys.readouterr()
    return status, out, error


def test_a_rule_from_its_draft_to_its_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`rules new`, lint, test, the project's configuration, and a scan that finds it without any option."""
    monkeypatch.chdir(tmp_path)
    new = ("rules", "new", "symptom", "pool-is-gone", "--words", SAID, "--cause", "use-after-close", "-d", "mine")
    status, out, _ = _run(monkeypatch, capsys, *new)
    assert (status, out.splitlines()[0]) == (0, "wrote mine/pool-is-gone.yaml")
    assert _run(monkeypatch, capsys, *new)[0] == 2
    assert _run(monkeypatch, capsys, *new, "--force")[0] == 0
    assert _run(monkeypatch, capsys, "rules", "lint", "mine")[0] == 0
    assert _run(monkeypatch, capsys, "rules", "test", "mine")[0] == 0
    (tmp_path / "pyproject.toml").write_text('[tool.loopdoctor]\nrules = ["mine"]\n')
    (tmp_path / "app.log").write_text(yaml.safe_load((tmp_path / "mine/pool-is-gone.yaml").read_text())["match"][0])
    status, out, _ = _run(monkeypatch, capsys, "scan", "app.log", "--format", "json")
    (incident,) = json.loads(out)["incidents"]
    assert [symptom["id"] for symptom in incident["symptoms"]] == ["pool-is-gone"]


def test_a_rule_of_the_team_overrides_a_built_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file with the id of a built-in rule replaces it, for `explain` as for a scan."""
    monkeypatch.chdir(tmp_path)
    text = (RULES / "causes" / "missing-await.yaml").read_text()
    (tmp_path / "missing-await.yaml").write_text(re.sub("(?m)^title: .*$", "title: Ours", text))
    (tmp_path / "loopdoctor.toml").write_text('rules = "missing-await.yaml"\n')
    assert _run(monkeypatch, capsys, "explain", "missing-await")[1].startswith("Ours")


def test_a_wrong_configuration_is_an_error_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, where, and what to write; status 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loopdoctor.toml").write_text("ruls = []\n")
    (tmp_path / "app.log").touch()
    status, _, error = _run(monkeypatch, capsys, "scan", "app.log")
    assert status == 2
    assert "unknown key `ruls`" in error
    assert "did you mean `rules`?" in error


def test_the_dry_run_is_a_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Carrier, record, words, symptoms, the rules that did not hold, and the sums of every cause."""
    log = SAMPLES / "cache-warmer-del-closed-loop" / "app.log"
    status, out, error = _run(monkeypatch, capsys, "rules", "test", "--against", str(log))
    assert (status, error) == (0, "")
    for label in ("carrier ", "record ", "words ", "symptoms ", "not ", "cause "):
        assert f"  {label}" in out
    assert "log-prior of its symptoms" in out


def test_why_shows_every_clue_that_was_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Held or not, with its weight, in the text and in the JSON."""
    log = str(SAMPLES / "notifier-task-collected" / "app.log")
    _, text, _ = _run(monkeypatch, capsys, "scan", log, "--why", "--top", "1")
    _, data, _ = _run(monkeypatch, capsys, "scan", log, "--why", "--format", "json")
    (incident,) = json.loads(data)["incidents"]
    jsonschema.validate(json.loads(data), json.loads(SCHEMA.read_text()))
    clues = incident["causes"][0]["clues"]
    assert {clue["id"] for clue in clues} == {clue.id for clue in CATALOGUE.causes[incident["causes"][0]["id"]].clues}
    assert any(not clue["held"] for clue in clues)
    for clue in clues:
        assert clue["id"] in text


def test_the_schema_is_printed_for_an_editor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON, with what each key means."""
    _, out, _ = _run(monkeypatch, capsys, "rules", "schema", "cause")
    assert "root cause" in json.loads(out)["$defs"]["Cause"]["description"]
