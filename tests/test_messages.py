"""Every message that asyncio, and the libraries on it, can write: known, judged, and recognised if it matters.

``rules/messages/*.jsonl`` are the lists, made by ``rules/messages/merge.py`` from the sources of CPython 3.8 and later
and of the libraries at several versions. What a newer Python writes and the lists lack makes a test fail by itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.examples import symptoms_in
from loopdoctor.matching import Matcher
from loopdoctor.settings import Settings
from message_records import filled, records

MESSAGES = Path(__file__).parents[1] / "rules" / "messages"
sys.path.append(str(MESSAGES))

import collect  # noqa: E402
import merge  # noqa: E402

CATALOGUE = load_catalogue()
MATCHER = Matcher(CATALOGUE)
SETTINGS = Settings()
LISTS = ("cpython", "libraries")
PYTHONS = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
VENVS = sorted(Path.home().glob(".cache/loopdoctor/messages/*/bin/python"))

Entry = dict[str, Any]


def entries(what: str, relevant: bool) -> list[Entry]:
    """The list's messages that have a cause, or those that have none."""
    return [entry for entry in merge.read_list(what).values() if (entry["verdict"] == "relevant") is relevant]


def assert_known(what: str, messages: Iterable[Entry], source: str) -> None:
    """Fails with the messages of ``source`` that the list lacks, and says what to do about them."""
    known = merge.read_list(what)
    missing = [message for message in messages if merge.key_of(message) not in known]
    told = "\n".join(f"  {m['where']}: {m['exception'] or m['kind']}: {m['text']!r}" for m in missing)
    advice = f"python rules/messages/merge.py {what} {source}, then give each new line a verdict (see CONTRIBUTING.md)"
    assert not missing, f"{len(missing)} messages of {source} are not in {what}.jsonl:\n{told}\nRun {advice}."


def found_in(text: str) -> set[str]:
    """The symptoms that a scan of a text finds."""
    return symptoms_in(text, MATCHER, SETTINGS)


def test_this_python_writes_nothing_unknown() -> None:
    """Every message in the sources of the Python that runs the tests is in the list."""
    assert_known("cpython", (message._asdict() for message in collect.collect("cpython")), sys.executable)


@pytest.mark.pythons
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: path.parents[1].name)
def test_no_python_writes_anything_unknown(python: Path) -> None:
    """The same for every other CPython that is installed, each read by itself; those before 3.8 are not supported."""
    version = subprocess.run([python, "-c", "import sys; print(sys.version_info >= (3, 8))"], capture_output=True)
    if version.stdout.strip() != b"True":
        pytest.skip("older than 3.8")
    assert_known("cpython", merge.collected("cpython", str(python))[1], str(python))


@pytest.mark.tools
def test_no_library_writes_anything_unknown() -> None:
    """Every message in the chosen modules of the libraries, at every version that is installed for this, is known."""
    if not VENVS:
        pytest.skip("no libraries below ~/.cache/loopdoctor/messages (see CONTRIBUTING.md)")
    for python in VENVS:
        assert_known("libraries", merge.collected("libraries", str(python))[1], str(python))


def test_a_message_that_is_not_listed_is_told() -> None:
    """What a new Python would write fails with its place, its words and the command that adds it."""
    new = {"text": "loop {} is tired", "kind": "raise", "exception": "RuntimeError", "where": "asyncio/naps.py:nap"}
    with pytest.raises(AssertionError) as failure:
        assert_known("cpython", [new], "/usr/bin/python3.99")
    told = str(failure.value)
    assert "asyncio/naps.py:nap: RuntimeError: 'loop {} is tired'" in told
    assert "merge.py cpython /usr/bin/python3.99" in told


@pytest.mark.parametrize("what", LISTS)
def test_every_message_is_judged(what: str) -> None:
    """Each has a verdict; a relevant one names causes of the catalogue, an unexplained one says why it has none."""
    for entry in merge.read_list(what).values():
        assert entry["verdict"] in merge.VERDICTS, entry
        assert entry["verdict"], f"not judged yet: {entry}"
        assert bool(entry["causes"]) is (entry["verdict"] == "relevant"), entry
        assert set(entry["causes"]) <= CATALOGUE.causes.keys(), entry
        assert entry.get("why") or entry["verdict"] != "unexplained", entry


@pytest.mark.parametrize("what", LISTS)
def test_every_relevant_message_leads_to_its_cause(what: str) -> None:
    """In every form in which a log may hold it, a symptom is found that may come from one of the causes listed."""
    silent = []
    for entry in entries(what, relevant=True):
        for text in records(entry):
            causes = {cause for symptom in found_in(text) for cause in CATALOGUE.symptoms[symptom].causes}
            if not causes & set(entry["causes"]):
                silent.append((entry["text"], sorted(causes), text))
    assert silent == []


@pytest.mark.parametrize("what", LISTS)
def test_every_other_message_is_passed_by(what: str) -> None:
    """Wrong arguments, the network, bytes that break a protocol, a trace for developers: none is a symptom."""
    loud = []
    for entry in entries(what, relevant=False):
        loud += [(entry["text"], found, text) for text in records(entry) if (found := found_in(text))]
    assert loud == []


def test_the_lists_have_not_shrunk() -> None:
    """A collector that goes blind would make every other test here pass."""
    assert len(entries("cpython", relevant=True)) >= 280
    assert len(entries("libraries", relevant=True)) >= 300
    assert {f"3.{minor}" for minor in range(8, 15)} <= {
        version for entry in entries("cpython", relevant=True) for version in entry["versions"]
    }


SOURCE = """
def warn_late(self, name):
    text = f"{name} is late"
    if self.debug:
        text += " again"
    warnings.warn(text, ResourceWarning, source=self)

class Loop:
    def _fail(self, exc, message="Fatal error on thing"):
        self.call_exception_handler({"message": message, "exception": exc})

    async def close(self):
        logger.warning("closing %r took %.3f seconds", self, 2)
        assert self.open, "never opened"
        if self.busy:
            raise RuntimeError("{} is busy".format(self))
        raise OSError(errno.EBADF, "bad %s" % self.name)
"""


def test_the_collector_reads_every_way_to_write_a_message() -> None:
    """Raised, warned, logged, asserted, reported; built by f-string, %, format, += or a variable."""
    found = {(m.text, m.kind, m.exception, m.where) for m in collect.messages_in(SOURCE, "nap.py")}
    assert found == {
        ("{} is late", "warn", "ResourceWarning", "nap.py:warn_late"),
        ("{} is late again", "warn", "ResourceWarning", "nap.py:warn_late"),
        ("Fatal error on thing", "handler", "", "nap.py:Loop._fail"),
        ("closing {} took {} seconds", "log", "warning", "nap.py:Loop.close"),
        ("never opened", "raise", "AssertionError", "nap.py:Loop.close"),
        ("{} is busy", "raise", "RuntimeError", "nap.py:Loop.close"),
        ("bad {}", "raise", "OSError", "nap.py:Loop.close"),
    }


def test_gaps_are_filled_by_what_stands_around_them() -> None:
    """A pid becomes a number, a task its repr, and a message's own fillings come first."""
    assert filled({"text": "child pid {} exit", "fill": []}) == "child pid 4127 exit"
    assert filled({"text": "Task {} got bad yield: {}"}).startswith("Task <Task pending name=")
    assert filled({"text": "{} and {}", "fill": ["one", "two"]}) == "one and two"


def test_a_merge_keeps_judgements_and_drops_what_no_version_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new message waits for its verdict, a known one keeps it, one that its only version lost is gone."""
    fields = {"kind": "raise", "exception": "RuntimeError", "verdict": "relevant", "causes": ["lock-misuse"]}
    kept = fields | {"text": "kept", "where": ["asyncio/a.py:f"], "versions": ["3.99"]}
    lost = fields | {"text": "lost", "where": ["asyncio/a.py:g"], "versions": ["3.99"]}
    tmp_path.joinpath("cpython.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in (kept, lost)))
    said = {"kind": "raise", "exception": "RuntimeError", "where": "asyncio/a.py:f"}
    told = [said | {"text": text} for text in ("kept", "new")]
    monkeypatch.setattr(merge, "HERE", tmp_path)
    monkeypatch.setattr(merge, "collected", lambda what, python: (["3.99"], told))
    monkeypatch.setattr(merge, "_told_by_hand", lambda what: [])
    verdicts = {entry["text"]: entry["verdict"] for entry in merge.merge("cpython", ["python3.99"]).values()}
    assert verdicts == {"kept": "relevant", "new": ""}
