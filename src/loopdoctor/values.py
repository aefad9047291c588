"""Values of options as files and variables write them: checked, and said in words what is wanted where one is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from loopdoctor.errors import LoopdoctorError
from loopdoctor.gate import Ignore
from loopdoctor.option_table import Option

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_KINDS = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}


def from_toml(option: Option, key: str, value: Any, base: Path, place: str) -> Any:
    """The value of a key of a configuration file; paths are relative to ``base``. Raises LoopdoctorError."""
    if option.takes == "ignores":
        return _ignores(option, key, value, place)
    if option.many:
        return tuple(_path(option, item, base) for item in _texts(option, key, value, place))
    if option.takes == "text" and hasattr(value, "isoformat"):  # a time without quotes is one of TOML's own
        value = value.isoformat()
    fits = {
        "switch": isinstance(value, bool),
        "number": isinstance(value, int) and not isinstance(value, bool),
        "fraction": isinstance(value, int | float) and not isinstance(value, bool),
    }.get(option.takes, isinstance(value, str))
    if not fits or not _within(option, value):
        raise _wrong(option, key, value, place)
    return _path(option, value, base) if isinstance(value, str) else value


def from_variable(option: Option, text: str) -> Any:
    """The value of an environment variable; a list is written with commas. Raises LoopdoctorError."""
    if option.many:
        items = tuple(item.strip() for item in text.split(",") if item.strip())
        return tuple(map(Ignore, items)) if option.takes == "ignores" else items
    value: Any = text
    try:
        if option.takes == "switch":
            value = _switch(text)
        elif option.takes in {"number", "fraction"}:
            value = int(text) if option.takes == "number" else float(text)
    except ValueError:
        value = None
    if value is None or not _within(option, value):
        raise _wrong(option, option.variable, text, "", variable=True)
    return value


def _switch(text: str) -> bool | None:
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _within(option: Option, value: Any) -> bool:
    if option.choices:
        return value in option.choices
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return (option.least is None or value >= option.least) and (option.most is None or value <= option.most)


def _texts(option: Option, key: str, value: Any, place: str) -> list[str]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise _wrong(option, key, value, place)
    return items


def _ignores(option: Option, key: str, value: Any, place: str) -> tuple[Ignore, ...]:
    """Each with its reason: a project that leaves something out must know why a year later."""
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _wrong(option, key, value, place)
    for item in items:
        odd = sorted(set(item) - {"id", "reason"})
        message = f"`{key}` has an unknown key `{odd[0][:60]}`" if odd else ""
        for wanted_key in ("id", "reason"):
            text = item.get(wanted_key)
            if not isinstance(text, str) or not text.strip():
                message = message or f"`{key}`: an entry has no `{wanted_key}`: {str(item.get('id', ''))[:60]}"
        if message:
            hint = _example(option, key, variable=False)
            raise LoopdoctorError("config-wrong-type", message.removesuffix(": "), context=place, hint=hint)
    return tuple(Ignore(item["id"], item["reason"]) for item in items)


def _path(option: Option, text: str, base: Path) -> str:
    """A path of a file, so that it is the same from every directory of the project."""
    if option.takes == "directories" or (option.takes == "file" and text != "-"):
        return str(base / text)
    if option.takes == "reports":
        name, equals, path = text.partition("=")
        return f"{name}={base / path}" if equals and path not in {"", "-"} else text
    return text


def wanted(option: Option) -> str:
    """What an option takes, in words."""
    if option.choices:
        return f"one of {', '.join(option.choices)}"
    words = {
        "switch": "true or false",
        "number": "a whole number",
        "fraction": "a number",
        "text": "text",
        "file": "a path",
        "reports": "a list of FORMAT=FILE",
        "directories": "a list of directories",
        "ignores": "a list of ids with their reasons",
    }[option.takes]
    if option.most is not None:
        return f"{words} from {option.least:g} to {option.most:g}"
    return words if option.least is None else f"{words}, {option.least:g} or more"


def _example(option: Option, key: str, *, variable: bool) -> str:
    if option.takes == "ignores":
        return f'write {key} = [{{id = "...", reason = "..."}}]'
    value = {
        "reports": ["json=report.json"],
        "text": "2h",
        "directories": ["directory"],
        "file": "file",
        "switch": True,
    }.get(option.takes, option.choices[0] if option.choices else option.default or option.least)
    if variable:
        return f"{key}={','.join(value) if isinstance(value, list) else str(value).lower()}"
    return f"write {key} = {json.dumps(value)}"


def _wrong(option: Option, key: str, value: Any, place: str, *, variable: bool = False) -> LoopdoctorError:
    shown = repr(value) if isinstance(value, str | int | float) else _KINDS.get(type(value), "that")
    message = f"`{key}` must be {wanted(option)}, not {shown[:60]}"
    hint = _example(option, key, variable=variable)
    return LoopdoctorError("config-wrong-type", message, context=place, hint=hint)
