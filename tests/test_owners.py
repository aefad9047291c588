"""Whose failure it is, and where that was made."""

from __future__ import annotations

import pytest

from catalogues import flow_of
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.matching import Matcher
from loopdoctor.model import Frame, Owner, Record
from loopdoctor.owners import made_at, owner_of

MATCHER = Matcher(load_catalogue())


def record(text: str) -> Record:
    """The first record of a log."""
    return next(item for item in flow_of(text, MATCHER) if isinstance(item, Record))


DESTROYED = """\
Task was destroyed but it is pending!
source_traceback: Object created at (most recent call last):
  File "/srv/till/main.py", line 30, in <module>
    asyncio.run(main())
  File "/srv/till/main.py", line 22, in open_up
    asyncio.create_task(count())
  File "/usr/lib/python3.11/asyncio/tasks.py", line 384, in create_task
    task = loop.create_task(coro)
task: <Task pending name='counter' coro=<count() done> created at /usr/lib/python3.11/asyncio/tasks.py:384>
"""
WARNED = """\
/srv/till/main.py:9: RuntimeWarning: coroutine 'count' was never awaited
Coroutine created at (most recent call last)
  File "/srv/till/main.py", line 14, in <module>
    sell()
  File "/srv/till/main.py", line 9, in sell
    count()
  count()
RuntimeWarning: Enable tracemalloc to get the object allocation traceback
"""
ALLOCATED = """\
/usr/lib/python3.11/asyncio/selector_events.py:864: ResourceWarning: unclosed transport <_SelectorSocketTransport fd=7>
  _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
Object allocated at (most recent call last):
  File "/srv/till/printer.py", lineno 8
    reader, writer = await asyncio.open_connection(HOST, PORT)
  File "/usr/lib/python3.11/asyncio/streams.py", lineno 48
    transport, _ = await loop.create_connection(
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (DESTROYED, Frame("/srv/till/main.py", 22, "open_up")),
        (WARNED, Frame("/srv/till/main.py", 9, "sell")),
        (ALLOCATED, Frame("/srv/till/printer.py", 8, "")),
        ("task: <Task pending name='t' coro=<f() done> created at /srv/till/a.py:7>\n", Frame("/srv/till/a.py", 7, "")),
    ],
)
def test_where_it_was_made_is_the_user_s_own_line(text: str, place: Frame) -> None:
    """The innermost frame of the program's own in a "created at" stack, or the place in a repr."""
    head = "" if text.startswith(("Task", "/")) else "Task was destroyed but it is pending!\n"
    assert made_at(record(head + text)) == place


def test_the_owner_says_which_switch_would_show_more() -> None:
    """Only where the log does not know; a task and a connection need different ones."""
    bare = record("Task was destroyed but it is pending!\ntask: <Task pending name='t' coro=<f() done>>\n")
    assert owner_of([bare], {"task": "t", "coroutine": "f"}) == Owner(
        "the task t, which runs f()", None, "PYTHONASYNCIODEBUG=1"
    )
    assert owner_of([record(DESTROYED)], {"task": "counter"}) == Owner(
        "the task counter", Frame("/srv/till/main.py", 22, "open_up"), ""
    )
    owner = owner_of([bare], {"object": "the Session at 0x7f01"})
    assert owner is not None
    assert "PYTHONTRACEMALLOC" in owner.switch


@pytest.mark.parametrize(
    ("names", "what"),
    [
        ({"task": "<Task pending name='Task-3' coro=<x()>>", "coroutine": "x"}, "the task Task-3, which runs x()"),
        ({"coroutine": "count"}, "the coroutine count()"),
        ({"thread": "Thread-2"}, "the thread Thread-2"),
        ({"test": "test_sale"}, "the test test_sale"),
    ],
)
def test_what_is_named(names: dict[str, str], what: str) -> None:
    """The task before its coroutine, an object before a thread."""
    owner = owner_of([], names)
    assert owner is not None
    assert owner.what == what


def test_nobody_is_named_where_the_log_names_nobody() -> None:
    """No owner is better than a guess."""
    assert owner_of([record(WARNED)], {"file": "/srv/till/main.py"}) is None


def test_a_warning_in_pytest_s_summary_is_its_test_s() -> None:
    """The test's name stands on the line above."""
    text = (
        "=============================== warnings summary ===============================\n"
        "test_till.py::test_refund\n"
        "  /srv/till/main.py:9: RuntimeWarning: coroutine 'count' was never awaited\n"
        "    count()\n"
        "\n-- Docs: https://docs.pytest.org/en/stable/how-to/capture-warnings.html\n"
    )
    assert record(text).test == "test_till.py::test_refund"
