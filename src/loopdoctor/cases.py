"""Labelled logs: what a careful reader found in each, to score the catalogue by and to fit its weights on.

Two forms are read. A folder with ``label.yaml`` and one ``log.*``:

    scenario: session-kept-between-jobs     # cases of one scenario are never split between fitting and testing
    expect:                                 # nothing expected: the log must stay quiet
      - causes: [object-reused-across-loops]      # accepted, the best first
        messages: ["Event loop is closed"]        # words of the incident that is meant
    wrong: [loop-closed-with-tasks-running]       # causes that would mislead

and a folder of ``sample_logs``: ``sample.yaml`` with ``cause`` and ``symptoms``, and ``app.log``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from loopdoctor.errors import LoopdoctorError
from loopdoctor.labels import Case, Expectation

MAX_CASES = 100_000


def load_cases(paths: Sequence[str]) -> list[Case]:
    """Every case below these directories, in the order of their names.

    Raises LoopdoctorError for a directory without any case, a case without a log, and a label of another form.
    """
    cases: list[Case] = []
    for path in paths:
        found = list(_below(Path(path)))
        if not found:
            hint = "a case is a folder with label.yaml and log.*, or with sample.yaml and app.log"
            raise LoopdoctorError("no-cases", "there is no labelled case here", context=path, hint=hint)
        cases += found
    return cases


def _below(top: Path) -> Iterator[Case]:
    labels = sorted(file for name in ("label.yaml", "sample.yaml") for file in top.rglob(name))
    for label in labels[:MAX_CASES]:
        value = _read(label)
        yield _labelled(label, value) if label.name == "label.yaml" else _sample(label, value)


def _read(label: Path) -> dict[str, Any]:
    from loopdoctor.catalogue.document import read_document

    value = read_document(label).value
    if not isinstance(value, dict):
        raise _broken(label, "a label holds keys and values")
    return value


def _broken(label: Path, message: str) -> LoopdoctorError:
    hint = "CONTRIBUTING.md has the form of labels"
    return LoopdoctorError("label-broken", message, context=str(label), hint=hint)


def _labelled(label: Path, value: dict[str, Any]) -> Case:
    folder = label.parent
    logs = sorted(file for file in folder.iterdir() if file.name.startswith("log."))
    if not logs:
        raise _broken(label, "there is no log beside the label: a file called log.*")
    expectations = []
    for want in value.get("expect") or []:
        if not isinstance(want, dict) or not want.get("causes"):
            raise _broken(label, "each entry of `expect` needs `causes`")
        expectations.append(Expectation(_texts(want["causes"]), _texts(want.get("messages"))))
    scenario = str(value.get("scenario") or folder.name)
    return Case(str(folder), str(logs[0]), scenario, tuple(expectations), _texts(value.get("wrong")))


def _sample(label: Path, value: dict[str, Any]) -> Case:
    folder = label.parent
    if "cause" not in value:
        raise _broken(label, "a sample needs a `cause`")
    expectation = Expectation((str(value["cause"]),), symptoms=_texts(value.get("symptoms")))
    return Case(str(folder), str(folder / "app.log"), folder.name, (expectation,))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
