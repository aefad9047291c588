"""Reads the objects that asyncio and its libraries print: ``<Task pending name='Task-2' coro=<poll() ...>>``.

Sources: CPython's Lib/asyncio/base_tasks.py, base_futures.py, events.py, coroutines.py. APM tools (sentry-sdk,
opentelemetry, ddtrace) put frames and names of their own into these; a reader of the result looks through them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from loopdoctor.patterns import lazy

MAX_REPR = 20_000
OPEN = lazy(r"<(?P<kind>(?:[\w]+\.)*[A-Za-z_]\w*)(?= |\(|>|:|\[)")
NAME = lazy(r" name=(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<bare>\w+))")
ADDRESS = lazy(r"\bat (?P<address>0x[0-9a-fA-F]{4,})")
PLACE = lazy(r"(?:running at|defined at|created at) (?P<file>.+?):(?P<line>\d+)")


class ObjectRepr(Struct, frozen=True):
    """One object as printed.

    ``kind`` is its class's last name (``Task``); ``state`` the words between kind and first attribute (``pending``,
    ``finished``, ``running=False closed=True``); ``coro`` the coroutine's qualified name; ``file`` and ``line`` where
    it runs or was defined; ``wait_for`` the repr of what it waits for; ``address`` of ``at 0x...``.
    """

    kind: str
    text: str
    state: str = ""
    name: str = ""
    coro: str = ""
    file: str = ""
    line: int | None = None
    wait_for: str = ""
    address: str = ""


def _balanced(text: str, start: int) -> str:
    """``<...>`` from ``start``, with what is nested in it; up to the end if it is never closed."""
    depth = 0
    for at in range(start, len(text)):
        char = text[at]
        if char == "<":
            depth += 1
        elif char == ">" and text[at - 1] not in "-=":
            depth -= 1
            if depth == 0:
                return text[start : at + 1]
    return text[start:]


def _attribute(text: str, key: str) -> str:
    """The value of ``key=<...>`` (or ``key=word``) at the top level of a repr."""
    at = text.find(f" {key}=")
    if at < 0:
        return ""
    start = at + len(key) + 2
    if text[start : start + 1] == "<":
        return _balanced(text, start)
    return re.split(r"[ >]", text[start:], maxsplit=1)[0]


def _coro_name(text: str) -> str:
    inner = text[1:] if text.startswith("<") else text
    inner = inner.removeprefix("coroutine object ").removeprefix("async_generator object ")
    match = re.match(r"(?:[\w.]|<locals>|<lambda>|<module>|<[\w ]+>)+", inner)
    return match.group(0).rstrip(".") if match else ""


def parse_object(text: str) -> ObjectRepr | None:
    """Reads one ``<...>``; None if it is not the repr of an object."""
    match = OPEN.match(text)
    if match is None:
        return None
    body = text[match.end() : -1] if text.endswith(">") else text[match.end() :]
    plain = re.split(r" (?:name|coro|wait_for|cb|exception|result|at|created)\b", body, maxsplit=1)[0]
    name = NAME.search(body)
    coro = _attribute(body, "coro")
    place = PLACE.search(coro or body.split("wait_for=", 1)[0])
    address = ADDRESS.search(body)
    return ObjectRepr(
        kind=match["kind"].rpartition(".")[2],
        text=text,
        state=plain.strip(),
        name=(name["single"] or name["double"] or name["bare"] or "") if name else "",
        coro=_coro_name(coro),
        file=place["file"] if place else "",
        line=int(place["line"]) if place else None,
        wait_for=_attribute(body, "wait_for"),
        address=address["address"] if address else "",
    )


def find_objects(text: str, *, limit: int = 12) -> Iterator[ObjectRepr]:
    """Every object printed in ``text``, outermost first, those nested in them after them; at most ``limit``."""
    text = text[:MAX_REPR]
    count = 0
    for match in OPEN.finditer(text):
        if count >= limit:
            return
        found = parse_object(_balanced(text, match.start()))
        if found is not None:
            count += 1
            yield found
