"""Whose failure it is: which task, session or thread, and where it was made - or which switch would show that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from loopdoctor import grammar
from loopdoctor.model import Frame, Owner, Record
from loopdoctor.patterns import lazy
from loopdoctor.subjects import is_user_file

CREATED_AT = lazy(r" created at (?P<file>[^<>\n]+?):(?P<line>\d+)(?=[>\s,]|$)")
"""Of a repr in debug mode. Source: Lib/asyncio/format_helpers.py, base_tasks.py, coroutines.py."""

TASK_NAME = lazy(r"\bname=['\"]?(?P<name>[^'\">\s]+)")

TASK_SWITCH = "PYTHONASYNCIODEBUG=1"
OBJECT_SWITCH = "PYTHONASYNCIODEBUG=1 PYTHONTRACEMALLOC=25"


def made_at(record: Record) -> Frame | None:
    """Where the object that a record speaks of was made: from its repr, or a "created at" stack; user's code only."""
    for word in record.words:
        match = CREATED_AT.search(word)
        if match and is_user_file(match["file"]):
            return Frame(match["file"], int(match["line"]), "")
    own: Frame | None = None
    within = False
    for line in record.lines:
        if grammar.CREATED.match(line.text):
            within, own = True, None
        elif within and (match := grammar.FRAME.match(line.text)) is not None:
            if is_user_file(match["file"]):
                own = Frame(match["file"], int(match["line"]), match["function"] or "")
        elif within and own is not None and not line.text.startswith("    "):
            return own
    return own if within else None


def owner_of(records: Iterable[Record], names: Mapping[str, str]) -> Owner | None:
    """The owner that an incident's records and names show; None if they name nobody."""
    what, switch = _named(names)
    if not what:
        return None
    kept = list(records)
    made = next((place for record in kept if (place := made_at(record)) is not None), None)
    switched_on = any(" created at " in word for record in kept for word in record.words)
    return Owner(what, made, "" if made or switched_on else switch)


def _named(names: Mapping[str, str]) -> tuple[str, str]:
    """What the names name, and what would show where it was made ("" where making is not the question)."""
    task, coroutine = names.get("task", ""), names.get("coroutine", "")
    runs = f"{coroutine}()" if coroutine and coroutine[-1:].isidentifier() else coroutine
    if named := TASK_NAME.search(task):  # a rule captured the whole repr
        task = named["name"]
    if task:
        return f"the task {task}" + (f", which runs {runs}" if runs else ""), TASK_SWITCH
    if "object" in names:
        return names["object"], OBJECT_SWITCH
    if runs:
        return f"the coroutine {runs}", TASK_SWITCH
    if "thread" in names:
        return f"the thread {names['thread']}", ""
    if "test" in names:
        return f"the test {names['test']}", ""
    return "", ""
