"""What msgspec says of a value that does not fit its type, in a rule author's words, with the nearest right one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from loopdoctor.catalogue.document import steps
from loopdoctor.catalogue.schema import Prior, RuleId

_PATH = re.compile(r" - at (?:`key` in )?`(?P<path>\$[^`]*)`$")
_KEY = re.compile(r"^Object (?P<what>contains unknown|missing required) field `(?P<key>.*)`$", re.DOTALL)
_ENUM = re.compile(r"^Invalid enum value (?P<value>.*)$", re.DOTALL)
_WORDS = {
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`null`": "nothing",
    "`array`": "a list",
    "`object`": "keys and values",
}


def explain(error: str, value: Any, shape: Any) -> tuple[str, str, str, str]:
    """Path, key at that path ("" if the value itself is wrong), message and hint for a ``msgspec.ValidationError``.

    ``value`` is what ``msgspec.convert`` was given and ``shape`` the type that it did not fit.
    """
    found = _PATH.search(error)
    path, said = (found["path"], error[: found.start()]) if found else ("$", error)
    if "[...]" in path or "`key` in" in error:
        return _wrong_share(path.removesuffix("[...]"), said, value)
    if key := _KEY.match(said):
        return _wrong_key(path, key["key"], key["what"] == "contains unknown", shape)
    if enum := _ENUM.match(said):
        known = _inner(shape, path, inspect.LiteralType)
        choices = [str(choice) for choice in known.values] if known else []
        return path, "", f"unknown value {enum['value'][:60]}", nearest(enum["value"].strip("'"), choices)
    return path, "", _plain(said), _advice(said)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word closest to a wrong one, or all of them where none is close."""
    choices = sorted(known)
    close = difflib.get_close_matches(word[:80], choices, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    shown = ", ".join(choices[:24])
    return f"known: {shown}{', ...' if len(choices) > 24 else ''}" if choices else ""


def _wrong_key(path: str, key: str, unknown: bool, shape: Any) -> tuple[str, str, str, str]:
    if not unknown:
        return path, "", f"the key `{key}` is missing", f"add `{key}:` here"
    known = _inner(shape, path, inspect.StructType)
    names = [field.encode_name for field in known.fields] if known else []
    return path, key, f"unknown key `{key[:60]}`", nearest(key, names)


def _wrong_share(path: str, said: str, value: Any) -> tuple[str, str, str, str]:
    """Finds the entry: msgspec names only the mapping. A symptom's ``causes`` is the one mapping with free keys."""
    shares = value
    for step in steps(path):
        shares = shares[step]
    for key, share in shares.items():
        try:
            msgspec.convert({key: share}, dict[RuleId, Prior])
        except msgspec.ValidationError:
            return path, key, f"{key[:60]}: {_plain(said)}", "the id of a cause, and its share between 0 and 1"
    return path, "", _plain(said), ""


def _plain(said: str) -> str:
    if "matching regex '^[a-z0-9]" in said:
        return "an id is lower-case words joined by hyphens"
    for word, plain in _WORDS.items():
        said = said.replace(word, plain)
    return said[:1].lower() + said[1:]


def _advice(said: str) -> str:
    if said.startswith("Expected `str`, got"):
        return "put quotes round it"
    if said.startswith("Expected `array`"):
        return "write it as a list: [ ... ], or one `- ` a line"
    return ""


def _inner(shape: Any, path: str, wanted: Any) -> Any:
    """The type description of kind ``wanted`` that stands at ``path`` below ``shape``; ``None`` if there is none."""
    options = [inspect.type_info(shape)]
    for step in steps(path):
        options = [deeper for option in _spread(options) for deeper in _enter(option, step)]
    return next((option for option in _spread(options) if isinstance(option, wanted)), None)


def _spread(options: list[Any]) -> list[Any]:
    return [single for option in options for single in (getattr(option, "types", None) or (option,))]


def _enter(option: Any, step: str | int) -> list[Any]:
    if isinstance(step, int):
        return [option.item_type] if isinstance(option, inspect.VarTupleType) else []
    fields = option.fields if isinstance(option, inspect.StructType) else ()
    return [field.type for field in fields if field.encode_name == step]
