"""Brings the lists of messages up to date: what each Python (or venv) can write, beside our judgement of it.

    python rules/messages/merge.py cpython ~/.pyenv/versions/3.*/bin/python /usr/bin/python3.14
    python rules/messages/merge.py libraries ~/.cache/loopdoctor/messages/*/bin/python

Judgements are kept; a message that is new gets none, and ``tests/test_messages.py`` fails until it has one. A version
that is not among the interpreters given keeps its entries.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VERDICTS = {
    "": "not judged yet",
    "relevant": "one of `causes` is behind it",
    "unexplained": "a failure, but only what stands beside it tells why: `why` says so",
    "argument-check": "a wrong argument, told where it was given",
    "environment": "the network, the operating system or a broken installation",
    "internal": "a broken promise inside the library itself; nobody has seen it",
    "protocol": "a peer, or bytes that break a protocol",
    "other": "a fault that has nothing to do with loops, or none at all",
    "debug": "a trace for developers of the loop itself",
}
MAX_PLACES = 3

Entry = dict[str, Any]
Key = tuple[str, str, str]


def list_of(what: str) -> Path:
    """The list's file: ``cpython`` or ``libraries``."""
    return HERE / f"{what}.jsonl"


def read_list(what: str) -> dict[Key, Entry]:
    """The list's entries by text, kind and exception, in the order of the file."""
    lines = list_of(what).read_text("utf-8").splitlines() if list_of(what).exists() else []
    return {key_of(entry): entry for entry in map(json.loads, lines)}


def key_of(entry: Entry) -> Key:
    """What makes two messages the same."""
    return entry["text"], entry["kind"], entry["exception"]


def collected(what: str, python: str) -> tuple[list[str], list[Entry]]:
    """The versions and messages that one interpreter tells of itself, or of the libraries beside it."""
    command = [python, str(HERE / "collect.py"), what]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S603
    return json.loads(told[0])["versions"], [json.loads(line) for line in told[1:]]


def merge(what: str, pythons: Iterable[str]) -> dict[Key, Entry]:
    """The list with everything that ``pythons`` tell, and without what none of its versions writes any more."""
    entries = read_list(what)
    heard: list[tuple[list[str], list[Entry]]] = [collected(what, python) for python in pythons]
    asked = {version for versions, _ in heard for version in versions}
    for entry in entries.values():
        entry["versions"] = [version for version in entry["versions"] if version not in asked]
    for versions, messages in [*heard, *_told_by_hand(what)]:
        for message in messages:
            _add(entries, message, versions)
    return {key: entry for key, entry in entries.items() if entry["versions"]}


def _told_by_hand(what: str) -> Iterator[tuple[list[str], list[Entry]]]:
    """Messages of interpreters that may not be installed: the versions of ``by_hand.jsonl``."""
    if what != "cpython":
        return
    from collect import BY_HAND, held_message

    for line in BY_HAND.read_text("utf-8").splitlines():
        held = json.loads(line)
        if held.get("seen"):
            yield held["seen"], [dict(held_message(held)._asdict())]


def _add(entries: dict[Key, Entry], message: Entry, versions: list[str]) -> None:
    fresh = {"text": "", "kind": "", "exception": "", "where": [], "versions": [], "verdict": "", "causes": []}
    where = message["where"]
    entry = entries.setdefault(key_of(message), fresh | message | {"where": [], "versions": []})
    if where not in entry["where"] and len(entry["where"]) < MAX_PLACES:
        entry["where"].append(where)
    for version in versions:
        if _is_of(where, version) and version not in entry["versions"]:
            entry["versions"].append(version)


def _is_of(where: str, version: str) -> bool:
    """Whether a place may be one of this version's: any of CPython, those of a library by its package's name."""
    name, equals, _ = version.partition("==")
    if not equals:
        return True
    from collect import FOLDERS

    package = FOLDERS.get(name, name) or name.replace("-", "_")
    return where.replace(".py", "").replace(":", "/").split("/")[0] == package


def write_list(what: str, entries: Iterable[Entry]) -> None:
    """Writes one message a line, sorted, so that a new version's messages show in the diff."""
    ordered = sorted(entries, key=lambda entry: (entry["text"].lower(), entry["kind"], entry["exception"]))
    for entry in ordered:
        entry["versions"].sort(key=_version_order)
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in ordered)
    list_of(what).write_text(text, "utf-8")


def _version_order(version: str) -> tuple[str, list[int]]:
    name, _, number = version.rpartition("==")
    return name, [int(part) for part in number.split(".") if part.isdigit()]


def main(what: str, pythons: list[str]) -> None:
    """Merges, writes, and says how many messages wait for a judgement."""
    entries = merge(what, pythons).values()
    write_list(what, entries)
    waiting = [entry for entry in entries if not entry["verdict"]]
    sys.stdout.write(f"{len(entries)} messages, {len(waiting)} to judge\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
