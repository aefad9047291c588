"""A JSON object that is a log entry, whoever made it -> the lines that the program would have printed.

``read_json`` takes the text of one object; ``entries_of`` finds the entries in it, for a store's answer holds many
(``{"events": [...]}``, ``{"data": {"result": [...]}}``). An entry is either *wire*, one line of output that some
collector packed (docker, journald, Loki, stern), or the program's own record with level, message and traceback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from loopdoctor.carriers import json_fields as fields
from loopdoctor.carriers.json_traces import find_traces, printed
from loopdoctor.patterns import lazy

_DECODE = msgspec.json.Decoder().decode
PAIR = lazy(r'"((?:[^"\\]|\\.){1,80})"\s*:\s*"((?:[^"\\]|\\.)*)(?:"|\\?$)')
DOCKER_PIECE = 16 * 1024
"""The json-file driver cuts longer lines into pieces of this size; only the last one ends in a newline."""


class Entry(Struct, frozen=True):
    """What a JSON log entry says: ``message`` and ``trace`` as lines, and where it comes from.

    ``wire`` says that the message is one line of output that may be wrapped again.
    """

    message: str
    trace: tuple[str, ...] = ()
    key: str = ""
    time: str | None = None
    level: str | None = None
    logger: str | None = None
    thread: str | None = None
    wire: bool = False
    partial: bool = False
    name: str = "json"


def read_json(text: str) -> Any:
    """The value that a text holds; for a text that was cut off, the pairs of strings that can still be read."""
    try:
        return _DECODE(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        pass
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    return None


def salvaged(text: str) -> dict[str, str] | None:
    """What can still be read of an object whose end was cut off."""
    found = {}
    for match in PAIR.finditer(text):
        try:
            found[match[1]] = json.loads(f'"{match[2].rstrip(chr(92))}"', strict=False)
        except ValueError:
            found[match[1]] = match[2].replace("\\n", "\n").replace('\\"', '"')
    return found or None


def entries_of(value: Any, depth: int = 0) -> Iterator[Entry]:
    """The entries of a value: itself, or the members of the list that a store's answer holds."""
    if isinstance(value, list):
        yield from _of_list(value, depth)
        return
    if not isinstance(value, dict):
        return
    inner = members(value) if depth < 4 else None
    if inner is None:
        if (entry := entry_of(value)) is not None:
            yield entry
    elif inner and isinstance(inner[0], str):
        yield from (Entry(line, key=_labels(value), wire=True, name="loki") for line in inner)
    else:
        for item in inner:
            yield from entries_of(item, depth + 1)


def _of_list(items: list[Any], depth: int) -> Iterator[Entry]:
    """The entries of a list: its members, the lines of a text, the cells of a row, or pairs of field and value."""
    if items and all(isinstance(item, str) for item in items):
        text = "\n".join(item.rstrip("\r\n") for item in items)
        if len(items) < 6 and not fields.PROGRAM_TEXT.match(items[0]):
            yield from _of_row(items) if depth else ()
        elif fields.TRACE_TEXT.search(text) or fields.SPEAKING_TEXT.search(text):
            yield from (Entry(line, wire=True) for line in text.split("\n"))
        return
    if items and all(isinstance(item, dict) and set(item) == {"field", "value"} for item in items):
        yield from entries_of({str(item["field"]): item["value"] for item in items}, depth + 1)
        return
    if depth and not any(isinstance(item, dict | list) for item in items):
        yield from _of_row(items)
        return
    for item in items:
        if isinstance(item, dict | list) and depth < 4:
            yield from entries_of(item, depth + 1)


def _of_row(cells: list[Any]) -> Iterator[Entry]:
    """The line that stands in one of the cells of a table's row."""
    entry = entry_of({str(place): cell for place, cell in enumerate(cells)})
    if entry is not None:
        yield entry


def _labels(value: dict[str, Any]) -> str:
    stream = value.get("stream") or value.get("metric")
    return "/".join(str(part) for part in stream.values()) if isinstance(stream, dict) else ""


def members(value: dict[str, Any], depth: int = 0) -> list[Any] | None:
    """The list of entries in a store's answer; None if the object is itself an entry."""
    pairs = value.get("values")
    if isinstance(pairs, list) and pairs and all(isinstance(pair, list) and len(pair) > 1 for pair in pairs):
        return [str(pair[1]) for pair in pairs]
    if depth == 0 and _speaks(value):
        return None
    for child in value.values():
        if isinstance(child, list) and child and isinstance(child[0], dict):
            if any(
                _speaks(item) or members(item, depth + 1) is not None for item in child[:3] if isinstance(item, dict)
            ):
                return child
        elif isinstance(child, dict) and depth < 3 and (found := members(child, depth + 1)) is not None:
            return found if not found or not isinstance(found[0], str) else [child]
    return None


def _speaks(item: dict[str, Any]) -> bool:
    """Whether an object has a text of its own, on its own level or one below."""
    for name, child in item.items():
        plain = fields.plain_name(name)
        if (
            isinstance(child, str | list)
            and plain in fields.MESSAGE_NAMES
            and (isinstance(child, str) or _bytes(child))
        ):
            return True
        if plain in ("logentry", "exception", "jsonpayload", "record", "attributes", "source", "fields") and child:
            return isinstance(child, dict | str) or plain == "exception"
        if isinstance(child, str) and fields.TRACE_TEXT.search(child):
            return True
    return False


def _bytes(value: Any) -> bool:
    return bool(value) and isinstance(value, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value)


def entry_of(value: dict[str, Any]) -> Entry | None:
    """The entry that an object is; None if nothing in it reads like a log's text."""
    if "MESSAGE" in value and "__REALTIME_TIMESTAMP" in value:
        return _journald(value)
    if isinstance(value.get("log"), str) and isinstance(value.get("stream"), str) and len(value) < 5:
        return _docker(value)
    found = list(fields.leaves(value))
    role = fields.by_role(found)
    message, name = fields.message_of(role["message"], found)
    traces = _traces(value, found, message)
    if not message and not traces and not name and not any(text == "" for _, text in found):
        return None
    level = fields.level_of(role["level"])
    nested = message[:1] == "{" and isinstance(read_json(message), dict)
    wire = not traces and (name in fields.WIRE_NAMES or level is None or nested)
    key = fields.place_key(role["place"]) if wire else fields.program_key(role["process"], role["thread"])
    stripped = message[:-1] if message.endswith("\n") else message
    return Entry(
        message=stripped,
        trace=traces,
        key=key,
        time=fields.time_of(role["time"]),
        level=None if name in fields.WIRE_NAMES else level,
        logger=fields.logger_of(role["logger"]),
        thread=key if not wire and key else None,
        wire=wire,
        partial=name == "log" and len(message) >= DOCKER_PIECE and not message.endswith("\n"),
    )


def _journald(value: dict[str, Any]) -> Entry | None:
    """``journalctl -o json``: a text that is no UTF-8, or holds control characters, is a list of bytes."""
    text = value["MESSAGE"]
    if isinstance(text, list) and _bytes(text):
        text = bytes(text).decode("utf-8", "replace")
    if not isinstance(text, str):
        return None
    ident = value.get("SYSLOG_IDENTIFIER") or value.get("_SYSTEMD_UNIT") or value.get("_COMM") or ""
    pid = f"[{value['_PID']}]" if value.get("_PID") else ""
    key = "/".join(filter(None, (str(value.get("_HOSTNAME") or ""), f"{ident}{pid}")))
    return Entry(text, key=key, time=str(value["__REALTIME_TIMESTAMP"]), wire=True, name="journald-json")


def _docker(value: dict[str, Any]) -> Entry:
    """A line of docker's json-file driver."""
    text: str = value["log"]
    ended = text.endswith("\n")
    partial = not ended and len(text) >= DOCKER_PIECE
    message = text[:-1] if ended else text
    time = value.get("time")
    return Entry(
        message, key=value["stream"], time=str(time) if time else None, wire=True, partial=partial, name="docker-json"
    )


def _traces(value: dict[str, Any], found: list[fields.Leaf], message: str) -> tuple[str, ...]:
    """The lines of the entry's tracebacks that its message does not hold already."""
    texts: list[str] = []
    for path, text in found:
        if not isinstance(text, str) or "\n" not in text or "breadcrumbs" in path:
            continue
        speaks = fields.SPEAKING_TEXT.search(text) is not None
        if not speaks and not fields.TRACE_TEXT.search(text):
            continue
        body = text.strip("\n") if speaks else _from_traceback(text.strip("\n"), message)
        if body not in message and not any(body in other for other in texts):
            texts = [other for other in texts if other not in body]
            texts.append(body)
    if texts:
        return tuple(line for text in texts for line in _whole(text.split("\n"), found))
    if fields.TRACE_TEXT.search(message) and "\n" in message:
        return ()
    if not any(isinstance(child, dict | list) for child in value.values()):
        return ()
    return tuple(line for trace in find_traces(value) for line in printed(trace))


def _from_traceback(text: str, message: str) -> str:
    """The text from where its traceback begins, if what stands before only says the message again."""
    match = fields.TRACE_TEXT.search(text)
    start = text.rfind("\n", 0, match.start()) + 1 if match else 0
    return text[start:] if message and start and message.split("\n")[0] in text[:start] else text


def _whole(lines: list[str], found: list[fields.Leaf]) -> list[str]:
    """Frames without header and last line (AWS Lambda's ``stackTrace``), completed from the entry's other fields."""
    if not lines[0].lstrip().startswith('File "'):
        return lines
    kind = fields.text_of(found, fields.ERROR_TYPE)
    if lines[-1][:1] == " " and kind:
        says = fields.text_of(found, fields.ERROR_MESSAGE)
        lines = [*lines, *f"{kind}: {says}".split("\n")] if says else [*lines, kind]
    return ["Traceback (most recent call last):", *lines]
