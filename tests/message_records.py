"""Turns a message of ``rules/messages`` into a record such as a log would hold: its gaps filled, its kind's form."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from typing import Any

TIME = "2024-05-04 10:11:12,345"
STANDARD = {
    "asyncio",
    "concurrent",
    "contextlib",
    "selectors",
    "subprocess",
    "threading",
    "unittest",
    "_collections_abc",
}
ADDRESS = "0x7f6fb42c1e40"
TASK = "<Task pending name='Task-4' coro=<poll() running at /srv/shop/poll.py:12>>"

# What stands in a gap is told by the words before it and after it: the first pair that fits.
GAPS = (
    ("^$", " exception was never", "Task"),
    ("^$", " was never yielded", "<CoroWrapper poll() running at poll.py:12, created at main.py:4>"),
    ("^$", " running task", "3"),
    (r"__a\w+__(?: that does not implement __\w+__)?: $", "", "int"),
    (r"method, got $", "", "coroutine"),
    (r"^object $", "", "dict"),
    (r"'$", r"\.\{\}'", "shop"),
    (r"\.$", "'", "Feed"),
    (r"^Cancel $", "", "3"),
    (r"kill $", "", "<_UnixSubprocessTransport pid=4127 running stdout=<_UnixReadPipeTransport fd=9 polling>>"),
    (r"' of $", "", f"<async_generator object rows at {ADDRESS}>"),
    (r"lock for $", "", "<_io.BufferedWriter name='<stdout>'>"),
    (r"calling callback for $", "", f"<Future at {ADDRESS} state=finished returned int>"),
    (r"^subprocess $", "", "4127"),
    (r"test case \($", "", "<bound method ShopTest.test_buy of <test_shop.ShopTest testMethod=test_buy>>"),
    (r"^unclosed file $", "", "<_io.FileIO name=9 mode='rb' closefd=True>"),
    (r"^unclosed $", "", "<socket.socket fd=8, family=2, type=1, proto=6, laddr=('10.0.0.4', 51772)>"),
    (r"^Unclosed <$", "", "MemoryObjectReceiveStream"),
    (r"^unclosed resource $", "", f"<TCPTransport closed=False {ADDRESS}>"),
    (r"descriptor: $", "", "-1"),
    (r"cancel scope $", "", "7f3a1c0d5e10"),
    (r"state $|operation \($", "", "2"),
    (r"not $", "", "coroutine"),
    (r"\bpid[ =]$", "", "4127"),
    (r"\b(?:code|status)[ =]?$", "", "255"),
    (r"Python $", "", "3.16"),
    ("", r" (?:seconds|ms)", "2.317"),
    (r"(?:limit of size|overflow|timeout) $", "", "10"),
    ("", r"\(\)", "fetch"),
    ("['\"`]$", "['\"`]", "fetch"),
    (r"thread:? $", "", "'Thread-2'"),
    (r"[Tt]ask $|task: $|itself: $", "", TASK),
    (r"[Ff]uture $", "", f"<Future pending at {ADDRESS}>"),
    (r"[Ll]oop $", "", "<_UnixSelectorEventLoop running=False closed=True debug=False>"),
    (r"generator $", "", f"<async_generator object rows at {ADDRESS}>"),
    (r"callback:? $|handler $", "", f"<function on_done at {ADDRESS}>"),
    (r"server $", "", "<Server sockets=(<asyncio.TransportSocket fd=6, family=2, type=1, proto=6>,)>"),
    (r"(?:deallocator|function) $", "", f"<function Feed.__del__ at {ADDRESS}>"),
    (r"coroutine $", "", f"<coroutine object poll at {ADDRESS}>"),
    (r"method $", "", "'aclose'"),
    (r"socket $", "", "<socket.socket fd=8, family=2, type=1, proto=6>"),
    (r"got:? $", "", f"<coroutine object poll at {ADDRESS}>"),
    (r"Executing $", "", TASK),
)
QUALIFIED = {
    "": "RuntimeError",
    "CancelledError": "asyncio.exceptions.CancelledError",
    "Fatal Python error": "Fatal Python error",
    "InvalidStateError": "asyncio.exceptions.InvalidStateError",
    "SSLEOFError": "ssl.SSLEOFError",
    "SSLError": "ssl.SSLError",
}
ELSE = f"<shop.feed.Feed object at {ADDRESS}>"


def filled(message: dict[str, Any]) -> str:
    """The message's text with something plausible in every gap: its own ``fill``, else by the words around it."""
    own = iter(message.get("fill", ()))
    text, rest = "", message["text"]
    while "{}" in rest:
        before, _, rest = rest.partition("{}")
        text += before
        text += next(own, None) or next(
            (value for left, right, value in GAPS if re.search(left, text) and re.match(right, rest)), ELSE
        )
    return f"{text}{rest}"


def records(message: dict[str, Any]) -> Iterator[str]:
    """The message as it may stand in a log: what its kind is written as, among the program's ordinary lines."""
    if "form" in message:
        yield message["form"] + "\n"
        return
    text = filled(message)
    kind, exception = message["kind"], message["exception"]
    if kind == "warn" or exception.endswith("Warning"):
        yield f"/srv/shop/feed.py:31: {exception}: {text}\n  feed.close()\n"
        yield f"{TIME} WARNING py.warnings: /srv/shop/feed.py:31: {exception}: {text}\n  feed.close()\n"
    elif text.startswith(("Exception ignored", "Error in atexit")):
        yield f"{text}\nTraceback (most recent call last):\n{_frames(message)}KeyError: 'price'\n"
    elif kind in ("log", "handler") or (kind == "c" and not exception and _is_report(text)):
        level = {"": "ERROR"}.get(exception, exception.upper())
        yield f"{TIME} {level} {_logger(message)}: {text}\n{TIME} INFO shop: next\n"
    elif exception in ("Failed", "Skipped"):
        summary = f"{' short test summary info ':=^80}\nFAILED test_shop.py::test_buy - {exception}: {text}\n"
        yield f"{' FAILURES ':=^80}\n{' test_buy ':_^80}\n\n{text}\n{summary}"
    else:
        line = ": ".join(part for part in (_qualified(message), text) if part)
        traceback = f"Traceback (most recent call last):\n{_frames(message)}{line}\n"
        yield traceback
        yield f"{TIME} ERROR shop: poll failed\n{traceback}"
        if text and "below" not in message:
            yield line


def _is_report(text: str) -> bool:
    return text.endswith("!")


def _logger(message: dict[str, Any]) -> str:
    package = message["where"][0].split("/")[0].removesuffix(".py")
    return package if package not in ("Python", "Objects", "Modules", "_asyncio", "Lib") else "asyncio"


def _qualified(message: dict[str, Any]) -> str:
    """The exception as Python prints it: with its module, unless it is built in."""
    exception = str(message["exception"])
    if exception in QUALIFIED:
        return QUALIFIED[exception]
    package = message["where"][0].split("/")[0].partition(".py")[0]
    return exception if hasattr(builtins, exception) or package in STANDARD else f"{package}.{exception}"


def _frames(message: dict[str, Any]) -> str:
    """The user's frame, and the one that writes the message (none where C does)."""
    text = '  File "/srv/shop/feed.py", line 31, in poll\n    await feed.fetch()\n'
    file, _, function = (message.get("below") or message["where"][0]).removeprefix("Lib/").partition(":")
    if file.endswith((".py", ".pyx")):
        standard = file.split("/")[0].removesuffix(".py") in STANDARD
        top = "/usr/lib/python3.11" if standard else "/srv/shop/venv/lib/python3.11/site-packages"
        text += f'  File "{top}/{file}", line 120, in {function.rpartition(".")[2]}\n'
    return text
