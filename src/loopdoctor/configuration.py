"""A project's own defaults, in the nearest ``pyproject.toml`` that has the table, or the nearest ``loopdoctor.toml``.

    [tool.loopdoctor]
    rules = ["ops/loopdoctor-rules"]      # directories, relative to the file

The file is looked for in the working directory and above. In a directory that has both, ``loopdoctor.toml`` counts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from loopdoctor.errors import LoopdoctorError

OWN = "loopdoctor.toml"
SHARED = "pyproject.toml"
TABLE = b"tool.loopdoctor"
MAX_SIZE = 1 << 20


class Configuration(Struct, frozen=True):
    """What a project has set. ``path`` is the file it stands in ("" if there is none), ``rules`` absolute paths."""

    path: str = ""
    rules: tuple[str, ...] = ()


def read_configuration(start: Path | None = None) -> Configuration:
    """The configuration that holds in ``start`` (default: the working directory).

    Raises LoopdoctorError for a file that is no TOML, a key that is not known, or a value of the wrong type.
    """
    try:
        folder = (start or Path.cwd()).absolute()
    except OSError:  # the working directory was removed
        return Configuration()
    for directory in (folder, *folder.parents):
        for name in (OWN, SHARED):
            data = _read(directory / name)
            if data is None or (name == SHARED and TABLE not in data):
                continue
            table = _table(directory / name, data)
            if table is not None:
                return _configuration(directory / name, table)
    return Configuration()


def _read(path: Path) -> bytes | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(MAX_SIZE)
    except OSError:
        return None


def _table(path: Path, data: bytes) -> dict[str, Any] | None:
    """The file's own keys; None for a ``pyproject.toml`` without the table."""
    import tomllib

    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if path.name == SHARED:  # other tools complain of that better than we do
            return None
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        place = f"{path}:{found[1]}:{found[2]}" if found else str(path)
        raise LoopdoctorError("config-broken", f"this is no TOML: {error}", context=place) from None
    if path.name == OWN:
        return document
    tool = document.get("tool")
    table = tool.get("loopdoctor") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _configuration(path: Path, table: dict[str, Any]) -> Configuration:
    known = [name for name in Configuration.__struct_fields__ if name != "path"]
    for key in table:
        if key not in known:
            from loopdoctor.catalogue.mistakes import nearest

            hint = nearest(key, known)
            raise LoopdoctorError("config-unknown-key", f"unknown key `{key}`", context=str(path), hint=hint)
    rules = table.get("rules", [])
    rules = [rules] if isinstance(rules, str) else rules
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        hint = 'write rules = ["directory"]'
        raise LoopdoctorError(
            "config-wrong-type", "`rules` must be a list of directories", context=str(path), hint=hint
        )
    return Configuration(str(path), tuple(str(path.parent / rule) for rule in rules))
