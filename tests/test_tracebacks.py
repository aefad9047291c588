"""Tracebacks are read into trees: causes, contexts, groups, notes."""

from __future__ import annotations

import traceback

from loopdoctor.model import Trace
from loopdoctor.reprs import find_objects, parse_object
from loopdoctor.subjects import is_user_file, package_of
from loopdoctor.tracebacks import parse_trace


def read(error: BaseException) -> Trace:
    """The tree read back from what this Python prints of ``error``."""
    trace = parse_trace("".join(traceback.format_exception(error)).splitlines())
    assert trace is not None
    return trace


def test_a_group_keeps_its_members_and_their_chains() -> None:
    """Every member is a child, with its own causes."""
    try:
        try:
            raise KeyError("k")
        except KeyError as error:
            raise ValueError("v") from error
    except ValueError as error:
        member = error
    try:
        raise ExceptionGroup("several", [member, ExceptionGroup("inner", [OSError(5, "io"), RuntimeError("late")])])
    except ExceptionGroup as error:
        error.add_note("a note")
        trace = read(error)
    assert trace.notes == ("a note",)
    assert [child.type for child in trace.children] == ["ValueError", "ExceptionGroup"]
    assert trace.children[0].previous is not None
    assert [child.type for child in trace.children[1].children] == ["OSError", "RuntimeError"]


def test_sources_and_functions_are_read_and_carets_are_not() -> None:
    """A frame's source is its first line of code."""
    try:
        _ = {}["missing"]
    except KeyError as error:
        trace = read(error)
    assert trace.frames[-1].source == '_ = {}["missing"]'
    assert trace.frames[-1].function == "test_sources_and_functions_are_read_and_carets_are_not"


def test_a_long_chain_needs_no_deep_recursion() -> None:
    """A chain of two thousand exceptions is read."""
    link = ["", "During handling of the above exception, another exception occurred:", ""]
    one = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "ValueError: x"]
    trace = parse_trace((one + link) * 2000 + one)
    assert trace is not None
    assert sum(1 for _ in trace.walk()) == 2001


def test_a_task_is_read() -> None:
    """Name, state, coroutine, place and what it waits for."""
    task = parse_object(
        "<Task pending name='Task-2' coro=<Feed.pump() running at /srv/feed.py:12> "
        "wait_for=<Future cancelled> cb=[gather.<locals>._done_callback() at /usr/lib/python3.11/asyncio/tasks.py:764]>"
    )
    assert task is not None
    assert (task.kind, task.state, task.name, task.coro) == ("Task", "pending", "Task-2", "Feed.pump")
    assert (task.file, task.line, task.wait_for) == ("/srv/feed.py", 12, "<Future cancelled>")


def test_a_generator_without_a_name_is_read() -> None:
    """``<<async_generator_athrow without __name__>()>`` is a coroutine too."""
    task = parse_object("<Task pending name='Task-9' coro=<<async_generator_athrow without __name__>()>>")
    assert task is not None
    assert task.coro == "<async_generator_athrow without __name__>"


def test_nested_objects_are_found() -> None:
    """A future inside a task is an object of its own."""
    kinds = [found.kind for found in find_objects("task: <Task pending wait_for=<Future pending cb=[x()]>>")]
    assert kinds == ["Task", "Future"]


def test_only_the_users_own_files_are_the_users() -> None:
    """Neither the standard library, nor packages, nor generated code."""
    assert is_user_file("/srv/shop/main.py")
    assert is_user_file("C:\\svc\\app\\main.py")
    for file in (
        "/usr/lib/python3.11/asyncio/base_events.py",
        "C:\\Python312\\Lib\\asyncio\\queues.py",
        "/srv/.venv/lib/python3.12/site-packages/aiohttp/client.py",
        "<string>",
        "<frozen importlib._bootstrap>",
        "asyncpg/protocol/protocol.pyx",
    ):
        assert not is_user_file(file)


def test_packages_are_named_as_on_pypi() -> None:
    """Underscores are dashes, a private prefix is dropped."""
    assert package_of("/v/lib/python3.12/site-packages/pytest_asyncio/plugin.py") == "pytest-asyncio"
    assert package_of("/v/lib/python3.12/site-packages/_pytest/python.py") == "pytest"
    assert package_of("asyncpg/protocol/protocol.pyx") == "asyncpg"
