"""One YAML file, read safely: plain values, and the place of each in the file.

The only module that imports yaml, and itself imported only where YAML is read: an installed loopdoctor has its rules
compiled (``catalogue.compile``) and never pays for the import.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from loopdoctor.errors import LoopdoctorError, RuleErrors

MAX_BYTES = 256 << 10
"""No rule file comes near this size, and YAML of this size is read in well under a second."""

MAX_DEPTH = 40
"""Levels of nesting: what reads a tree recurses, so an endless ``[[[[`` must end before it."""

# The parser in C is seven times as fast; wheels of PyYAML have it, builds without libyaml do not.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# All other scalars are text: YAML 1.1 would make a date of 2024-01-02, which no rule has a use for.
_CONVERTED = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_STEP = re.compile(r"\.(?P<key>[^.\[\]]+)|\[(?P<index>\d+)\]")


class Document(Struct, frozen=True):
    """A YAML file: its ``value`` in dicts, lists, strings, numbers, booleans and ``None``, and its node tree."""

    file: str
    value: Any
    root: yaml.Node

    def place(self, path: str = "$", key: str = "") -> str:
        """``file:line:column`` of the value at ``path`` (msgspec's: ``$.clues[3].ask``), or of a ``key`` in it.

        A path that leads nowhere gives the last place on the way that exists.
        """
        node = self.root
        for step in steps(path):
            inner = _inside(node, step)
            if inner is None:
                break
            node = inner
        mark = node.start_mark
        if key and isinstance(node, yaml.MappingNode):
            mark = next((name.start_mark for name, _ in node.value if name.value == key), mark)
        return _at(self.file, mark)


def steps(path: str) -> Iterator[str | int]:
    """The keys (text) and indices (numbers) of a path such as ``$.clues[3].ask``."""
    for step in _STEP.finditer(path):
        yield step["key"] if step["key"] is not None else int(step["index"])


def read_document(file: Path) -> Document:
    """Reads one YAML file. Raises ``RuleErrors`` with every mistake that YAML itself can have."""
    text = _read_text(file)
    try:
        _refuse_tricks(str(file), text)
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise _error(f"{file}:1:1", "the file is empty", "a rule file holds one rule; remove it if it is spare")
            mistakes: list[LoopdoctorError] = []
            value = _plain(str(file), root, loader, mistakes)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise RuleErrors([_syntax_error(str(file), error)]) from None
    except LoopdoctorError as error:
        raise RuleErrors([error]) from None
    if mistakes:
        raise RuleErrors(mistakes)
    return Document(str(file), value, root)


def _read_text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problem = LoopdoctorError("rules-unreadable", f"cannot read the rule file: {reason}", context=str(file))
        raise RuleErrors([problem]) from None
    if len(data) > MAX_BYTES:
        hint = "a rule file holds one rule; is this one?"
        raise RuleErrors([_error(str(file), f"a rule file may hold {MAX_BYTES >> 10} KiB, this one is larger", hint)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        problem = _error(f"{file}:{_line_column(before)}", "the file is not UTF-8", "save it in UTF-8")
        raise RuleErrors([problem]) from None
    # Looked for here, since PyYAML tells its place in characters and libyaml in bytes.
    if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
        where = f"{file}:{_line_column(text[: odd.start()])}"
        raise RuleErrors([_error(where, f"YAML does not allow the character {odd[0]!r}", "remove it")])
    return text


def _refuse_tricks(file: str, text: str) -> None:
    """Refuses, before any tree is built, what makes a small YAML file a large value or more than plain data."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _error(_at(file, event.start_mark), "aliases (*name) are not used in rules", "write the value out")
        if tag := getattr(event, "tag", None):
            raise _error(_at(file, event.start_mark), f"tags ({tag}) are not used in rules", "remove it")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _error(_at(file, event.start_mark), f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _plain(file: str, node: yaml.Node, loader: Any, mistakes: list[LoopdoctorError]) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, item, loader, mistakes) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _mapping(file, node, loader, mistakes)
    if node.tag not in _CONVERTED:
        return node.value
    try:
        return loader.construct_object(node)
    except ValueError:
        hint = "put quotes round it if it is text"
        mistakes.append(_error(_at(file, node.start_mark), f"not a number that can be read: {node.value[:40]}", hint))
        return None


def _mapping(file: str, node: yaml.MappingNode, loader: Any, mistakes: list[LoopdoctorError]) -> dict[str, Any]:
    # PyYAML keeps the last of two equal keys without a word, and msgspec never sees the first.
    found: dict[str, yaml.Node] = {}
    result = {}
    for name, item in node.value:
        if not isinstance(name, yaml.ScalarNode):
            mistakes.append(_error(_at(file, name.start_mark), "a key must be a word", "put quotes round it"))
            continue
        key = str(name.value)
        if key in found:
            first = found[key].start_mark.line + 1
            hint = f"it stands first in line {first}; keep one of the two"
            mistakes.append(_error(_at(file, name.start_mark), f"the key `{key}` is given twice", hint))
            continue
        found[key] = name
        result[key] = _plain(file, item, loader, mistakes)
    return result


def _inside(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(step, int):
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        return items[step] if step < len(items) else None
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((item for name, item in pairs if name.value == step), None)


def _syntax_error(file: str, error: yaml.YAMLError) -> LoopdoctorError:
    hint = "text that holds ': ', ' #' or starts with one of []{}&*!|>'\"%@` needs quotes"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "not YAML"
        return _error(_at(file, mark) if mark else file, f"not YAML: {message}", hint)
    return _error(file, "not YAML", hint)


def _line_column(before: str) -> str:
    return f"{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _at(file: str, mark: Any) -> str:
    return f"{file}:{mark.line + 1}:{mark.column + 1}"


def _error(context: str, message: str, hint: str) -> LoopdoctorError:
    return LoopdoctorError("rule-not-yaml", message, context=context, hint=hint)
