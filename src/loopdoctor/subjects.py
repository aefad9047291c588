"""Whose failure it is: the user's own frame, the libraries that took part, the objects that are named.

Never names the standard library, installed packages, a test runner or an APM wrapper as the culprit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from loopdoctor import grammar
from loopdoctor.model import Frame, Record, Symptom
from loopdoctor.patterns import lazy
from loopdoctor.reprs import ObjectRepr, find_objects

INSTALLED = lazy(r"[\\/](?:site|dist)-packages[\\/](?P<package>[^\\/]+)")
STANDARD = lazy(
    r"(?:[\\/](?:lib|lib64|Lib)[\\/](?:python|pypy)3?(?:\.\d+)?t?[\\/])|[\\/][Pp]ython3?\d*[\\/][Ll]ib[\\/]|[\\/]Lib[\\/]asyncio[\\/]"
    r"|^(?:asyncio|concurrent|threading|unittest|logging)[\\/.]"
)
PYTHON = lazy(
    r"[\\/]versions[\\/](?P<full>3\.\d+\.\d+)[\\/]|[\\/]python(?P<dotted>3\.\d+)t?[\\/]|[\\/]Python3(?P<minor>\d{1,2})[\\/]"
)
DOTTED = lazy(r"<(?:class ')?(?P<package>[a-z_]\w*)\.(?P<rest>[\w.]+)")
SUFFIX = lazy(r"\.(?:py|pyx|pxi|so|pyd)$")
QUIET_PACKAGES = frozenset({"pytest", "pluggy", "asyncio", "concurrent", "builtins", "unittest", "functools", "main"})
ADDRESS = lazy(r"0x[0-9a-fA-F]{6,}")


def package_of(file: str) -> str:
    """The installed package that a frame's file belongs to, spelled as on PyPI ("pytest-asyncio"); "" if none."""
    match = INSTALLED.search(file)
    if match:
        name = match["package"]
    elif file.endswith((".pyx", ".pxi", ".pxd")) and not file.startswith(("/", "\\")):
        name = re.split(r"[\\/]", file)[0]
    else:
        return ""
    return SUFFIX.sub("", name).lstrip("_").lower().replace("_", "-")


def is_user_file(file: str) -> bool:
    """Whether a frame's file is neither Python's own, nor an installed package's, nor no file at all."""
    if not file or file[0] == "<" or package_of(file):
        return False
    return STANDARD.search(file) is None


def user_frames(frames: Iterable[Frame]) -> list[Frame]:
    """The user's own frames, in printed order."""
    return [frame for frame in frames if is_user_file(frame.file)]


def objects_of(record: Record) -> list[ObjectRepr]:
    """The objects that the record's speaking lines print."""
    return [found for word in record.words if "<" in word for found in find_objects(word)]


def _object_place(record: Record) -> Frame | None:
    """Where the record's first object with a user's file runs or was made."""
    for found in objects_of(record):
        if found.file and is_user_file(found.file):
            return Frame(found.file, found.line, found.coro or found.name)
    return None


def _warning_place(record: Record) -> Frame | None:
    match = grammar.WARNING.match(record.head.text)
    if match is None or not is_user_file(match["file"]) or match["file"] in ("sys", "<sys>"):
        return None
    source = record.lines[1].text.strip() if record.lines[1:] else ""
    return Frame(match["file"].strip(), int(match["line"]), "", source)


def _traced_place(record: Record, symptom: Symptom | None) -> Frame | None:
    """The innermost user frame of the exception that says the symptom, else of the first one that has any."""
    traces = list(record.trace.walk()) if record.trace else []
    if symptom is not None:
        said = [trace for trace in traces if trace.message and trace.message in symptom.text]
        traces = said + [trace for trace in traces if trace not in said]
    for trace in traces:
        own = user_frames(trace.frames)
        if own:
            return own[-1]
    return None


def culprit_of(record: Record, symptom: Symptom | None = None) -> Frame | None:
    """The user's own place that the record points to; None if it points to none."""
    return _traced_place(record, symptom) or _object_place(record) or _created_place(record) or _warning_place(record)


def _created_place(record: Record) -> Frame | None:
    """The innermost user frame of a "created at" stack inside a warning or a report."""
    own: list[Frame] = []
    for line in record.lines:
        match = grammar.FRAME.match(line.text)
        if match and is_user_file(match["file"]):
            own.append(Frame(match["file"], int(match["line"]), match["function"] or ""))
    return own[-1] if own else None


def libraries_of(record: Record) -> Iterator[str]:
    """The packages whose frames or objects stand in the record, innermost last; the test runner's are left out."""
    for frame in record.frames():
        name = package_of(frame.file)
        if name and name not in QUIET_PACKAGES:
            yield name
    for word in record.words:
        split = grammar.split_exception(word)
        if split and "." in split[0]:
            head = split[0].partition(".")[0]
            if head.islower() and head not in QUIET_PACKAGES:
                yield head.replace("_", "-")
        for match in DOTTED.finditer(word):
            if match["package"] not in QUIET_PACKAGES and not match["package"].startswith("_"):
                yield match["package"].replace("_", "-")


def python_of(record: Record) -> str | None:
    """The Python version that the frames' paths show, such as ``3.11`` or ``3.11.7``."""
    for frame in record.frames():
        match = PYTHON.search(frame.file)
        if match:
            return match["full"] or match["dotted"] or f"3.{match['minor']}"
    for word in record.words:
        if match := PYTHON.search(word):
            return match["full"] or match["dotted"] or f"3.{match['minor']}"
    return None


def keys_of(record: Record) -> frozenset[str]:
    """What may tie this record to another one of the same process: addresses and coroutine names."""
    keys: set[str] = set()
    for word in record.words:
        keys.update(ADDRESS.findall(word)[:8])
        for match in COROUTINE.finditer(word):
            keys.add("coro:" + match["name"].rpartition(".")[2])
    return frozenset(keys)


COROUTINE = lazy(r"(?:coro=<|coroutine (?:object |method )?'?)(?P<name>[A-Za-z_][\w.]*)")


NAMED_OBJECT = lazy(r"<(?P<class>(?:\w+\.)*\w+)(?: object)?(?P<place> at 0x[0-9a-fA-F]+)?[ >\[]")


def spoken_of(text: str) -> str:
    """An object as a sentence can hold it: ``the asyncio.locks.Lock at 0x7f2a...`` for its repr; else as it is."""
    match = NAMED_OBJECT.search(text + " ")
    return f"the {match['class']}{match['place'] or ''}" if match else text


def names_of(record: Record, symptom: Symptom, culprit: Frame | None) -> dict[str, str]:
    """The names that texts of the catalogue may hold: what the rule captured and what the objects and frames say."""
    names: dict[str, str] = {}
    for found in objects_of(record):
        for key, value in (("coroutine", found.coro), ("task", found.name)):
            if value and key not in names:
                names[key] = value
        if found.kind not in ("Task", "Future", "Handle", "TimerHandle", "coroutine", "function"):
            names.setdefault("object", found.text[:100])
            names.setdefault("class", found.kind)
    names.update(symptom.captures)
    if "object" in names:
        names["object"] = spoken_of(names["object"])
    libraries = list(libraries_of(record))
    if libraries:
        names.setdefault("library", libraries[-1])
    if culprit is not None:
        names.update(file=culprit.file, line=str(culprit.line), function=culprit.function or "the module")
    if record.test:
        names["test"] = record.test
    return names
