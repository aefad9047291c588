"""Labelled logs: reading them, scoring the catalogue by them, and fitting its weights on them."""

from __future__ import annotations

import json
import math
import random
import shutil
import sys
from pathlib import Path

import pytest

from loopdoctor import cli
from loopdoctor.cases import load_cases
from loopdoctor.catalogue.editing import write_numbers
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.errors import LoopdoctorError
from loopdoctor.labels import Case, Expectation
from loopdoctor.matching import Matcher
from loopdoctor.scoring import answers, calibration_error, judge, total
from loopdoctor.weights import Example, Values, assess, changes, cross_validate, examples_of, fit, neutral, values_of

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_logs"
CLOSED = SAMPLES / "ingest-loop-closed"


def _case(folder: Path, label: object, log: str | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "label.yaml").write_text(json.dumps(label))
    (folder / "log.txt").write_text((CLOSED / "app.log").read_text() if log is None else log)
    return folder


RIGHT = {
    "scenario": "hand-run-loop",
    "expect": [{"causes": ["loop-closed-with-tasks-running"], "messages": ["Event loop  is closed"]}],
    "wrong": ["resource-not-closed"],
}


def test_both_forms_of_cases_are_read(tmp_path: Path) -> None:
    """A folder with a label and a log, and a folder of samples."""
    _case(tmp_path / "pool" / "one", RIGHT)
    shutil.copytree(CLOSED, tmp_path / "samples" / "ingest-loop-closed")
    one, sample = load_cases([str(tmp_path)])
    assert (one.pool, one.scenario, one.wrong) == ("pool", "hand-run-loop", ("resource-not-closed",))
    assert one.expectations == (Expectation(("loop-closed-with-tasks-running",), ("Event loop  is closed",)),)
    assert sample.expectations[0].causes == ("loop-closed-with-tasks-running",)
    assert sample.expectations[0].symptoms


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"expect": [{"messages": ["x"]}]}, "needs `causes`"),
        ([], "keys and values"),
    ],
)
def test_a_label_of_another_form_is_refused(tmp_path: Path, label: object, message: str) -> None:
    """With the file that it stands in."""
    folder = _case(tmp_path / "one", label)
    with pytest.raises(LoopdoctorError, match=message) as caught:
        load_cases([str(tmp_path)])
    assert caught.value.context == str(folder / "label.yaml")


def test_a_directory_without_cases_is_an_error(tmp_path: Path) -> None:
    """A score over nothing would look like a perfect one."""
    with pytest.raises(LoopdoctorError, match="no labelled case"):
        load_cases([str(tmp_path)])


def test_right_wrong_missing_and_quiet_are_counted(tmp_path: Path) -> None:
    """A right answer, one that misleads, an expected message that is not there, a quiet log and a loud one."""
    _case(tmp_path / "right", RIGHT)
    wrong = {"expect": [{"causes": ["lock-misuse"], "messages": ["loop is closed"]}]}
    _case(tmp_path / "misled", wrong | {"wrong": ["loop-closed-with-tasks-running"]})
    _case(tmp_path / "absent", {"expect": [{"causes": ["lock-misuse"], "messages": ["no such words"]}]}, "calm\n")
    _case(tmp_path / "quiet", {}, "nothing happened\n")
    _case(tmp_path / "loud", {"expect": []})
    score, given = total(judge(load_cases([str(tmp_path)])))
    assert (score.cases, score.expected, score.found, score.first) == (5, 3, 2, 1)
    assert (score.misled, score.spurious, score.negatives, score.quiet) == (1, 1, 2, 1)
    assert {Path(answer.case.folder).name: answer.first for answer in given} == {
        "right": True,
        "misled": False,
        "absent": False,
    }


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    """Ten answers of 0.85, of which eight are right, are off by 0.05; sure and right is off by nothing."""
    assert calibration_error([(0.85, at < 8) for at in range(10)]) == pytest.approx(0.05)
    assert calibration_error([(1.0, True)] * 5) == 0.0
    assert calibration_error([]) == 0.0


WEIGHT = ("weight", "left", "clue")
SHARE = ("share", "symptom", "left")
START: Values = {WEIGHT: 0.5, SHARE: math.log(0.5), ("share", "symptom", "right"): math.log(0.5)}


def _example(scenario: str, truth: str, *, held: bool) -> Example:
    left = ((SHARE, 1.0), *(((WEIGHT, 1.0),) if held else ()))
    terms = {"left": left, "right": ((("share", "symptom", "right"), 1.0),)}
    return Example(scenario, (truth,), terms, {"left": 0.0, "right": 0.0})


def test_a_fit_learns_what_a_clue_is_worth() -> None:
    """Where the clue tells the cause each time its weight grows; where it tells nothing it shrinks."""
    telling = [_example(str(at), "left" if at % 2 else "right", held=bool(at % 2)) for at in range(60)]
    chance = random.Random(1)
    useless = [_example(str(at), chance.choice(["left", "right"]), held=bool(at % 2)) for at in range(60)]
    assert fit(telling, START)[WEIGHT] > 1.2
    assert fit(useless, START)[WEIGHT] < 0.5
    assert assess(telling, fit(telling, START)).loss < assess(telling, START).loss


def test_a_fit_keeps_the_side_that_the_author_gave_a_clue() -> None:
    """Cases that speak against a clue make it weak, never its opposite."""
    against = [_example(str(at), "right", held=True) for at in range(200)]
    assert 0 < fit(against, START)[WEIGHT] <= 0.1


def test_a_value_that_no_case_touches_stays() -> None:
    """What was not seen was not learned."""
    start = START | {("weight", "left", "never"): 1.7}
    assert fit([_example("one", "left", held=True)], start)[("weight", "left", "never")] == 1.7


def test_cross_validation_never_tests_on_the_scenario_it_was_fitted_on() -> None:
    """A clue whose worth one scenario alone shows is worth nothing to it when it is held out."""
    examples = [_example("same", "right", held=True) for _ in range(40)]
    held_out, as_written = cross_validate(examples, START)
    assert held_out.examples == 40
    assert held_out.loss == pytest.approx(as_written.loss)
    assert assess(examples, fit(examples, START)).loss < held_out.loss


def test_neutral_values_know_only_the_side_of_a_clue() -> None:
    """Equal weights with the author's signs, and equal shares of each symptom's causes."""
    catalogue = load_catalogue()
    start, blank = values_of(catalogue), neutral(catalogue)
    assert {value for (kind, _, _), value in blank.items() if kind == "weight"} == {1.0, -1.0}
    assert all((start[name] > 0) == (blank[name] > 0) for name in start if name[0] != "share")
    for symptom in catalogue.symptoms.values():
        assert len({blank["share", symptom.id, cause] for cause in symptom.causes}) == 1


def test_the_examples_of_a_case_score_as_the_ranking_does() -> None:
    """The model that is fitted is the one that answers: same order, same confidence."""
    catalogue = load_catalogue()
    matcher = Matcher(catalogue)
    names = sorted(path.parent.name for path in SAMPLES.glob("*/sample.yaml"))[:12]
    for case, report in judge([case for case in load_cases([str(SAMPLES)]) if case.scenario in names]):
        (answer,) = answers(case, report)
        (example,) = examples_of(case, report, matcher)
        outcome = assess([example], values_of(catalogue))
        assert bool(outcome.first) == answer.first
        assert outcome.error == pytest.approx(abs((answer.confidence or 0.0) - answer.first), abs=1e-3)


def test_numbers_are_changed_where_they_stand(tmp_path: Path) -> None:
    """Comments, order and the other numbers stay; a file changed meanwhile is refused."""
    file = tmp_path / "rule.yaml"
    file.write_text("a: 1.5   # why\nb: {c: -0.7, d: 1.5}\n")
    assert write_numbers([(f"{file}:1:4", 1.5, 1.8), (f"{file}:2:8", -0.7, -1.0)]) == [str(file)]
    assert file.read_text() == "a: 1.8   # why\nb: {c: -1, d: 1.5}\n"
    with pytest.raises(LoopdoctorError, match="does not stand there any more"):
        write_numbers([(f"{file}:1:4", 1.5, 2.0)])


def test_changes_are_rounded_and_small_ones_left_out() -> None:
    """A weight moves by a tenth or more or not at all; its place in the file is told."""
    catalogue = load_catalogue()
    start = values_of(catalogue)
    cause = catalogue.causes["missing-await"]
    name = ("weight", cause.id, cause.clues[1].id)
    assert changes(catalogue, start, start) == []
    assert changes(catalogue, start, start | {name: start[name] + 0.04}) == []
    (change,) = changes(catalogue, start, start | {name: start[name] + 0.32})
    assert change.path == "$.clues[1].weight"
    assert change.after == pytest.approx(round(start[name] + 0.32, 1))


def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["loopdoctor", "rules", *arguments])
    status = cli.main()
    out, error = capsys.readouterr()
    return status, out, error


def test_the_score_is_a_table_that_goes_into_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Totals, causes and misses on standard output; the tables between the markers of a file."""
    _case(tmp_path / "pool" / "one", RIGHT)
    _case(tmp_path / "pool" / "two", {"expect": [{"causes": ["lock-misuse"], "messages": ["loop is closed"]}]})
    page = tmp_path / "README.md"
    page.write_text("# Us\n<!-- accuracy: loopdoctor rules score -->\nold\n<!-- end of accuracy -->\nend\n")
    status, out, error = _run(monkeypatch, capsys, "score", str(tmp_path / "pool"), "--into", str(page))
    assert (status, error) == (0, "")
    assert "| pool | 2 | 2/2 = 100.0% | 1/2 = 50.0% |" in out
    assert "wanted lock-misuse; got loop-closed-with-tasks-running" in out
    text = page.read_text()
    assert "| `lock-misuse` | 1 | 0 |" in text
    assert "old" not in text
    assert text.startswith("# Us\n")
    assert text.endswith("end\n")
    page.write_text("no markers\n")
    assert _run(monkeypatch, capsys, "score", str(tmp_path / "pool"), "--into", str(page))[0] == 2


def test_a_fit_writes_into_the_rules_of_a_team(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What changes is printed for review, and only `--write` touches the files."""
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules" / "causes", rules / "causes")
    shutil.copytree(ROOT / "rules" / "symptoms", rules / "symptoms")
    ((_, report),) = judge(case for case in load_cases([str(SAMPLES)]) if case.scenario == CLOSED.name)
    second = report.diagnoses[0].candidates[1].id
    for at in range(12):
        label = {"scenario": f"s{at}", "expect": [{"causes": [second], "messages": ["loop is closed"]}]}
        _case(tmp_path / "pool" / f"case{at}", label)
    before = {path: path.read_bytes() for path in rules.rglob("*.yaml")}
    status, out, _ = _run(monkeypatch, capsys, "fit", str(tmp_path / "pool"), "--rules", str(rules))
    assert status == 0
    assert "cross-validated" in out
    assert str(rules) in out
    assert {path: path.read_bytes() for path in rules.rglob("*.yaml")} == before
    status, out, error = _run(monkeypatch, capsys, "fit", str(tmp_path / "pool"), "--rules", str(rules), "--write")
    assert (status, error) == (0, "")
    changed = [path for path in rules.rglob("*.yaml") if path.read_bytes() != before[path]]
    told = [line.removeprefix("wrote ") for line in out.splitlines() if line.startswith("wrote ")]
    assert sorted(str(path) for path in changed) == told
    assert load_catalogue([str(rules)])


def test_a_case_knows_its_pool() -> None:
    """The folder that it stands in, on any system."""
    assert Case("a/pool/case", "log", "s").pool == "pool"
