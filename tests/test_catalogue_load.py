"""Loading rules: what is read, what is refused, and that every refusal names the place."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from loopdoctor.catalogue import document, load
from loopdoctor.catalogue.compile import from_json, to_json
from loopdoctor.catalogue.load import load_catalogue, load_directory, places
from loopdoctor.errors import LoopdoctorError, RuleErrors

REPOSITORY = Path(__file__).parents[1]

SYMPTOM = """\
id: broker-left-open
title: the broker was left open
library: broker
means: A broker connection was still open at exit.
signatures:
  - literal: broker left open
causes:
  resource-not-closed: 0.9
match:
  - 'WARNING broker left open'
no_match:
  - 'INFO broker closed'
"""

CAUSE = """\
id: broker-without-close
title: A broker is never closed
means: Nobody calls close().
happens: The finaliser complains.
clues:
  - id: at-exit
    ask: {position: exit}
    weight: 1.0
    says: nothing follows
verdicts:
  - is: exit-noise
    reason: the process was ending anyway
settle: look for close()
steps:
  - title: Close it
    text: Use async with.
check: [run it again]
prevention: [use async with]
references: [https://example.org/broker]
"""

MARKS = """\
- id: broker-banner
  means: a broker's banner
  literals: [broker is ready]
"""


def write(directory: Path, files: dict[str, str]) -> Path:
    """Puts files below a directory and gives it back."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return directory


def problems(*directories: Path) -> list[LoopdoctorError]:
    """What ``load_catalogue`` has against these directories."""
    with pytest.raises(RuleErrors) as caught:
        load_catalogue([str(directory) for directory in directories])
    return list(caught.value.problems)


def one_problem(directory: Path, name: str, text: str) -> LoopdoctorError:
    """The only problem of a directory with one file."""
    found = problems(write(directory, {name: text}))
    assert len(found) == 1, [str(problem) for problem in found]
    assert found[0].context.startswith(str(directory))
    return found[0]


def at(problem: LoopdoctorError) -> str:
    """line:column of a problem."""
    return ":".join(problem.context.split(":")[-2:])


# --- what is read ----------------------------------------------------------------------------------------------------


@pytest.fixture
def our_rules():
    """The rules of the repository, as they are read by what is under test (YAML or, in a wheel, compiled)."""
    return load_catalogue()


@pytest.fixture
def few(tmp_path_factory, monkeypatch):
    """Takes one cause for the built-in rules, so that a test of an extra directory is of that directory alone."""
    text = CAUSE.replace("broker-without-close", "resource-not-closed")
    folder = write(tmp_path_factory.mktemp("built-in"), {"resource-not-closed.yaml": text})
    compiled = to_json(load_directory(folder).catalogue)
    folder.joinpath("rules.json").write_bytes(compiled)
    monkeypatch.setattr(load, "SOURCE", folder / "no-source-tree")
    monkeypatch.setattr(load, "COMPILED", folder / "rules.json")


def test_the_compiled_rules_equal_the_yaml(our_rules):
    """An installed loopdoctor (JSON in the wheel) and a source tree (YAML) have the same rules."""
    yaml = load_directory(REPOSITORY / "rules").catalogue
    assert from_json(to_json(yaml)) == yaml
    assert our_rules == yaml
    assert yaml.symptoms
    assert yaml.causes
    assert yaml.marks


def test_the_build_hook_compiles_the_rules_of_its_own_tree(our_rules):
    """What the wheel gets is what the YAML says."""
    pytest.importorskip("hatchling", reason="hatchling is there only where wheels are built")
    code = (
        "import sys, hatch_build, pathlib; made = hatch_build.compile_data(pathlib.Path('.'))\n"
        "sys.stdout.buffer.write(made['loopdoctor/catalogue/rules.json'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=True)
    assert from_json(done.stdout) == our_rules


def test_reading_compiled_rules_imports_no_yaml(tmp_path, our_rules):
    """The compiled catalogue is there for a quick start: neither yaml nor regex is imported for it."""
    compiled = tmp_path / "rules.json"
    compiled.write_bytes(to_json(our_rules))
    code = (
        "import sys, pathlib; from loopdoctor.catalogue import load\n"
        f"load.SOURCE = pathlib.Path('nowhere'); load.COMPILED = pathlib.Path({str(compiled)!r})\n"
        "assert load.load_catalogue().causes\n"
        "print(sorted({'yaml', 'regex', 'rich', 'typer'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(load.__file__).parents[2])},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == "[]"


def test_yaml_of_a_source_tree_wins_over_compiled_rules_lying_there(tmp_path, monkeypatch):
    """A stale rules.json in a source tree hides no change of the YAML."""
    package = tmp_path / "src" / "loopdoctor" / "catalogue"
    write(tmp_path / "rules", {"marks.yaml": MARKS})
    package.mkdir(parents=True)
    package.joinpath("rules.json").write_text('{"symptoms":{},"causes":{},"marks":{}}')
    monkeypatch.setattr(load, "SOURCE", tmp_path / "rules")
    monkeypatch.setattr(load, "COMPILED", package / "rules.json")
    assert list(load_catalogue().marks) == ["broker-banner"]


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"symptoms": 1}'])
def test_an_installation_without_its_rules_says_so(tmp_path, monkeypatch, content):
    """Missing or broken compiled rules are an error with a remedy, not a traceback."""
    monkeypatch.setattr(load, "SOURCE", tmp_path / "rules")
    monkeypatch.setattr(load, "COMPILED", tmp_path / "rules.json")
    if content is not None:
        tmp_path.joinpath("rules.json").write_bytes(content)
    with pytest.raises(RuleErrors, match="built-in rules cannot be read"):
        load_catalogue()


def test_a_directory_laid_out_as_the_built_in_one_is_read(tmp_path):
    """symptoms/<library>/, causes/ and marks.yaml give their rules, each with its file."""
    files = {"symptoms/broker/broker-left-open.yaml": SYMPTOM, "causes/broker-without-close.yml": CAUSE}
    rules = load_directory(write(tmp_path, {**files, "marks.yaml": MARKS, "README.md": "not: a rule", ".x.yaml": "["}))
    assert list(rules.catalogue.symptoms) == ["broker-left-open"]
    assert list(rules.catalogue.causes) == ["broker-without-close"]
    assert list(rules.catalogue.marks) == ["broker-banner"]
    assert rules.files["cause", "broker-without-close"] == str(tmp_path / "causes/broker-without-close.yml")


def test_a_flat_directory_tells_rules_by_their_keys(tmp_path):
    """A team need not copy the layout."""
    files = {"broker-left-open.yaml": SYMPTOM, "broker-without-close.yaml": CAUSE, "ours.yaml": MARKS}
    catalogue = load_directory(write(tmp_path, files)).catalogue
    assert (len(catalogue.symptoms), len(catalogue.causes), len(catalogue.marks)) == (1, 1, 1)


def test_a_single_file_is_a_directory_of_one(tmp_path):
    """``--rules broker-left-open.yaml`` works while a rule is being written."""
    write(tmp_path, {"broker-left-open.yaml": SYMPTOM})
    assert list(load_directory(tmp_path / "broker-left-open.yaml").catalogue.symptoms) == ["broker-left-open"]


def test_a_later_directory_overrides_by_id_and_keeps_the_rest(tmp_path, few):
    """Built-in rules, then each extra directory in the order given."""
    first = write(tmp_path / "a", {"broker-left-open.yaml": SYMPTOM.replace("exit.", "noon.")})
    second = write(tmp_path / "b", {"broker-left-open.yaml": SYMPTOM.replace("exit.", "night.")})
    catalogue = load_catalogue([str(first), str(second)])
    assert catalogue.symptoms["broker-left-open"].means.endswith("night.")
    assert list(catalogue.symptoms) == ["broker-left-open"]
    assert list(catalogue.causes) == ["resource-not-closed"]


# --- what is refused, and where --------------------------------------------------------------------------------------


def test_every_broken_file_is_reported_in_one_run(tmp_path, few):
    """Three broken files of two directories give three problems, each with its own place."""
    first = write(tmp_path / "a", {"one.yaml": "id: [", "sub/two.yaml": SYMPTOM.replace("title:", "titel:")})
    second = write(tmp_path / "b", {"marks.yaml": "- id: lonely\n", "broker-left-open.yaml": SYMPTOM})
    found = problems(first, second)
    assert [problem.context for problem in found] == [
        f"{first}/one.yaml:2:1",
        f"{first}/sub/two.yaml:2:1",
        f"{second}/marks.yaml:1:3",
    ]


@pytest.mark.parametrize(
    ("change", "place", "message", "hint"),
    [
        (("    weight: 1.0", "    wieght: 1.0"), "8:5", "unknown key `wieght`", "did you mean `weight`?"),
        (("    weight: 1.0\n", ""), "6:5", "`weight` is missing", "add `weight:`"),
        (("weight: 1.0", "weight: heavy"), "8:13", "expected a number, got text", ""),
        (("weight: 1.0", "weight: .nan"), "8:13", "expected a number", ""),
        (("weight: 1.0", "weight: 99"), "8:13", "expected a number <= 6.0", ""),
        (("position: exit", "position: exiting"), "7:21", "unknown value 'exiting'", "did you mean `exit`?"),
        (("{position: exit}", "{not: {postion: exit}}"), "7:17", "unknown key `postion`", "did you mean `position`?"),
        (("{position: exit}", "{all: [{frame: {fiel: x}}]}"), "7:26", "unknown key `fiel`", "did you mean `file`?"),
        (("is: exit-noise", "is: noise"), "11:9", "unknown value 'noise'", "did you mean `exit-noise`?"),
        (("title: A broker is never closed", "title: 3"), "2:8", "expected text, got a whole number", "quotes"),
        (("title: A broker is never closed", "title: on"), "2:8", "expected text, got true or false", "quotes"),
        (("check: [run it again]", "check: run it again"), "17:8", "expected a list, got text", "as a list"),
        (("id: broker-without-close", "id: Broker"), "1:5", "lower-case words joined by hyphens", ""),
        (("id: broker-without-close", "id: broker"), "1:5", "is not the file's name", "name the file broker.yaml"),
        (("happens:", "means:"), "4:1", "the key `means` is given twice", "first in line 3"),
        (("    says:", "    weight: 2.0\n    says:"), "9:5", "the key `weight` is given twice", "first in line 8"),
        (("weight: 1.0", "weight: 0x_"), "8:13", "not a number that can be read", "quotes"),
        (("{position: exit}", "{position: exit"), "8:11", "not YAML", ""),
        (("settle:", "settle: &it\nmore: *it\nleft:"), "14:7", "aliases", "write the value out"),
        (("settle: look", "settle: !!python/name:os.system look"), "13:9", "tags", "remove it"),
        (("settle: look", "<<: {a: b}\nsettle: look"), "13:1", "unknown key `<<`", ""),
        (("settle: look", "? [a]\n: b\nsettle: look"), "13:3", "a key must be a word", ""),
    ],
)
def test_a_mistake_is_reported_at_its_line_and_column(tmp_path, change, place, message, hint, few):
    """Each kind of mistake: the exact place, what is wrong, and the nearest right word."""
    problem = one_problem(tmp_path, "broker-without-close.yaml", CAUSE.replace(*change, 1))
    assert (at(problem), message in problem.message, hint in problem.hint) == (place, True, True), str(problem)


@pytest.mark.parametrize(
    ("share", "place"),
    [("resource-not-closed: 3", "8:3"), ("Resource: 0.3", "8:3"), ("a: 0.5\n  b: often", "9:3")],
)
def test_a_wrong_share_is_reported_at_its_cause(tmp_path, share, place, few):
    """msgspec names only the mapping; the report names the entry."""
    problem = one_problem(tmp_path, "broker-left-open.yaml", SYMPTOM.replace("resource-not-closed: 0.9", share))
    assert at(problem) == place


def test_an_id_used_twice_is_reported_at_the_second(tmp_path, few):
    """Two files with one id, and two marks with one id in a list."""
    files = {"a/broker-left-open.yaml": SYMPTOM, "b/broker-left-open.yaml": SYMPTOM, "marks.yaml": MARKS + MARKS}
    twice, mark = sorted(problems(write(tmp_path, files)), key=lambda problem: problem.context)
    assert twice.context == f"{tmp_path}/b/broker-left-open.yaml:1:5"
    assert twice.hint == f"it stands in {tmp_path}/a/broker-left-open.yaml"
    assert mark.context == f"{tmp_path}/marks.yaml:4:7"


@pytest.mark.parametrize("text", ["", "# only a comment\n", "--- a\n--- b\n", "just text\n", "colour: red\n", "12\n"])
def test_a_file_that_is_no_rule_is_refused(tmp_path, text, few):
    """An empty file, several documents, a scalar, keys of something else."""
    assert one_problem(tmp_path, "thing.yaml", text).context.startswith(f"{tmp_path}/thing.yaml:")


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "{? "])
def test_endless_nesting_is_refused(tmp_path, opening, few):
    """A file of opening brackets neither crashes the interpreter nor shows a traceback."""
    problem = one_problem(tmp_path, "deep.yaml", opening * 40_000)
    assert "nest" in problem.message


def test_an_alias_bomb_is_refused_at_its_first_alias(tmp_path, few):
    """Nine lines that stand for a billion strings are refused before a value is built."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert at(one_problem(tmp_path, "bomb.yaml", "\n".join(lines))) == "2:10"


def test_a_file_above_the_size_bound_is_refused(tmp_path, few):
    """A log that ends in .yaml is not read into memory whole."""
    problem = one_problem(tmp_path, "big.yaml", "# " + "x" * document.MAX_BYTES)
    assert "256 KiB" in problem.message


@pytest.mark.parametrize(
    ("data", "place"),
    [(b"id: x\nmeans: caf\xe9\n", "2:11"), (b"\xff\xfei\x00d\x00", "1:1"), (b"id: \xc3\xa9\nme\x00ans: x\n", "2:3")],
)
def test_bytes_that_are_no_text_are_refused_at_their_place(tmp_path, data, place, few):
    """Latin-1, UTF-16 and control characters."""
    tmp_path.joinpath("odd.yaml").write_bytes(data)
    assert [at(problem) for problem in problems(tmp_path)] == [place]


def test_a_byte_order_mark_is_no_mistake(tmp_path, few):
    """Editors on Windows write one; columns do not count it."""
    tmp_path.joinpath("marks.yaml").write_text("\ufeff" + MARKS, encoding="utf-8")
    assert list(load_directory(tmp_path).catalogue.marks) == ["broker-banner"]


def test_a_directory_that_is_not_there_is_named(tmp_path, few):
    """The path as given, and what to do."""
    (problem,) = problems(tmp_path / "nowhere")
    assert (problem.reference, problem.context) == ("rules-not-found", str(tmp_path / "nowhere"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of POSIX")
def test_a_named_pipe_is_not_waited_for(tmp_path, few):
    """Only regular files are rules; a link into a loop is not followed for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    tmp_path.joinpath("again").symlink_to(tmp_path, target_is_directory=True)
    tmp_path.joinpath("gone.yaml").symlink_to(tmp_path / "gone.yaml")
    write(tmp_path, {"marks.yaml": MARKS})
    assert list(load_directory(tmp_path).catalogue.marks) == ["broker-banner"]


def test_too_many_files_end_the_search(tmp_path, monkeypatch, few):
    """A directory that cannot be one of rules is not read to its end."""
    monkeypatch.setattr(load, "MAX_FILES", 3)
    (problem,) = problems(write(tmp_path, {f"r{n}.yaml": MARKS for n in range(5)}))
    assert "more than 3" in problem.message


def test_without_libyaml_the_same_mistakes_are_found(tmp_path, monkeypatch, few):
    """PyYAML built without its parser in C behaves alike."""
    import yaml

    monkeypatch.setattr(document, "_Loader", yaml.SafeLoader)
    assert at(one_problem(tmp_path, "broker-without-close.yaml", CAUSE.replace("weight:", "wieght:"))) == "8:5"
    assert "nest" in one_problem(tmp_path / "deep", "deep.yaml", "[" * 500).message
    assert at(one_problem(tmp_path / "nul", "nul.yaml", "id: é\nme\x00ans: x\n")) == "2:3"


# --- rules that could not work ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (("resource-not-closed:", "resource-not-close:"), "8:23", "there is no cause `resource-not-close`"),
        (("broker left open\n", "broker left open\n    pattern: '(open'\n"), "7:14", "does not compile"),
        (("literal: broker left open", "literal: 'broker 7 left open'"), "6:14", "hidden by escaping"),
    ],
)
def test_an_extra_rule_that_could_not_work_is_refused_at_its_place(tmp_path, change, place, message, few):
    """A scan with it would fail or find nothing, so it does not start."""
    problem = one_problem(tmp_path, "broker-left-open.yaml", SYMPTOM.replace(*change, 1))
    assert (at(problem), message in problem.message) == (place, True), str(problem)


def test_an_extra_rule_may_point_to_rules_of_another_directory(tmp_path, few):
    """Ids are looked up in the whole catalogue, whatever directory they come from."""
    symptom = write(
        tmp_path / "a", {"broker-left-open.yaml": SYMPTOM.replace("resource-not-closed", "broker-without-close")}
    )
    cause = write(tmp_path / "b", {"broker-without-close.yaml": CAUSE})
    assert "broker-without-close" in load_catalogue([str(symptom), str(cause)]).causes


def test_a_place_in_a_rule_is_found_in_the_directory_that_counts(tmp_path, few):
    """``rules lint`` shows file:line:column, also inside a list of marks."""
    first = write(tmp_path / "a", {"marks.yaml": MARKS})
    second = write(tmp_path / "b", {"x.yaml": MARKS.replace("broker-banner", "broker-start") + MARKS})
    extra = [str(first), str(second)]
    spots = [("mark", "broker-banner", "$.literals[0]"), ("mark", "no-such-mark", "$")]
    assert places(spots, extra) == [f"{second}/x.yaml:6:14", ""]
