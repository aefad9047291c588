"""What a project and the environment have set: options of ``scan``, in a file and in variables.

    [tool.loopdoctor]
    rules = ["ops/loopdoctor-rules"]      # paths are relative to the file
    fail-on = "likely"

    [tool.loopdoctor.limits]
    margin = 60

The nearest ``pyproject.toml`` with that table counts, or the nearest ``loopdoctor.toml``, which needs no table; it is
looked for in the working directory and above. In a directory that has both, ``loopdoctor.toml`` counts. A variable
``LOOPDOCTOR_FAIL_ON`` counts before the file, the command line before both.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from loopdoctor.errors import LoopdoctorError
from loopdoctor.option_table import LIMITS, OPTIONS, Option
from loopdoctor.settings import Held, Settings, Span

OWN = "loopdoctor.toml"
SHARED = "pyproject.toml"
TABLE = b"tool.loopdoctor"
MAX_SIZE = 1 << 20


class Setting(Struct, frozen=True):
    """What one option was set to, and by whom: ``file:line``, or the name of a variable."""

    name: str
    value: Any
    origin: str


class Configuration(Struct, frozen=True):
    """What is set outside the command line, what counts more coming later. ``path`` is the file used, "" if none."""

    path: str = ""
    settings: tuple[Setting, ...] = ()

    def of(self, name: str) -> tuple[Setting, ...]:
        """What holds for an option: the last word, or all of them where they join."""
        found = tuple(setting for setting in self.settings if setting.name == name)
        return found if name in OPTIONS and OPTIONS[name].joins else found[-1:]

    def joined(self, name: str) -> tuple[Any, ...]:
        """All that is set of an option whose values join."""
        return tuple(value for setting in self.of(name) for value in setting.value)

    @property
    def rules(self) -> tuple[str, ...]:
        """The project's rule directories."""
        return self.joined("rules")

    @property
    def limits(self) -> dict[str, Any]:
        """The limits that are set, by the names that they have in ``Settings``."""
        held = (setting for row in LIMITS.values() for setting in self.of(row.name))
        return {setting.name.removeprefix("limits.").replace("-", "_"): setting.value for setting in held}

    def held(self) -> list[Held]:
        """What holds for every option and limit, apart from the command line."""
        return [self._held(row) for row in (*OPTIONS.values(), *LIMITS.values())]

    def _held(self, row: Option) -> Held:
        said = self.of(row.name)
        origins = tuple(setting.origin for setting in said)
        value = self.joined(row.name) if row.joins else said[-1].value if said else row.default
        return Held(row.name, value, row.default, origins, row.variable, row.meaning)

    def defaults(self, *, everywhere: bool) -> dict[str, Any]:
        """What takes the place of the options' own defaults, by parameter: for ``scan``, or for every command."""
        rows = (row for row in OPTIONS.values() if not row.joins and (row.everywhere or not everywhere))
        return {row.parameter: setting.value for row in rows for setting in self.of(row.name)}


def read_configuration(start: Path | None = None, environment: Mapping[str, str] | None = None) -> Configuration:
    """The configuration that holds in ``start`` (default: the working directory).

    Raises LoopdoctorError for a file that is no TOML, a key that is not known, or a value of the wrong type.
    """
    path, settings = "", []
    found = _find(start)
    if found is not None:
        file, data, table = found
        path, settings = str(file), list(_from_table(file, data, table))
    settings += _from_environment(os.environ if environment is None else environment)
    return Configuration(path, tuple(settings))


def settings_of(
    configuration: Configuration, rules: tuple[str, ...], *, full: bool, span: Span | None = None, jobs: int = 0
) -> Settings:
    """The settings of a scan: the project's rule directories before these, and its limits."""
    return Settings(rules=(*configuration.rules, *rules), full=full, span=span, jobs=jobs, **configuration.limits)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like ours and set nothing."""
    known = {row.variable for row in (*OPTIONS.values(), *LIMITS.values())} | {"LOOPDOCTOR_DEBUG"}
    return sorted(name for name in environment if name.startswith("LOOPDOCTOR_") and name not in known)


def _from_environment(environment: Mapping[str, str]) -> Iterator[Setting]:
    for row in (*OPTIONS.values(), *LIMITS.values()):
        text = environment.get(row.variable)
        if text:
            from loopdoctor.values import from_variable

            yield Setting(row.name, from_variable(row, text), row.variable)


def _find(start: Path | None) -> tuple[Path, bytes, dict[str, Any]] | None:
    try:
        folder = (start or Path.cwd()).absolute()
    except OSError:  # the working directory was removed
        return None
    for directory in (folder, *folder.parents):
        for name in (OWN, SHARED):
            data = _read(directory / name)
            if data is None or (name == SHARED and TABLE not in data):
                continue
            table = _table(directory / name, data)
            if table is not None:
                return directory / name, data, table
    return None


def _read(path: Path) -> bytes | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(MAX_SIZE)
    except OSError:
        return None


@lru_cache(maxsize=4)  # one command asks several times
def _table(path: Path, data: bytes) -> dict[str, Any] | None:
    """The file's own keys; None for a ``pyproject.toml`` without the table."""
    import tomllib

    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
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


def _from_table(path: Path, data: bytes, table: dict[str, Any]) -> Iterator[Setting]:
    header = "" if path.name == OWN else "tool.loopdoctor"
    for key, value in table.items():
        if key == "limits":
            inner = f"{header}.limits" if header else "limits"
            if not isinstance(value, dict):
                place, hint = place_of(path, data, header, key), f"write [{inner}] and the limits below it"
                raise LoopdoctorError("config-wrong-type", "`limits` must be a table", context=place, hint=hint)
            for limit, amount in value.items():
                yield _setting(path, place_of(path, data, inner, limit), LIMITS, limit, amount)
        else:
            yield _setting(path, place_of(path, data, header, key), OPTIONS, key, value)


def _setting(path: Path, place: str, known: Mapping[str, Option], key: str, value: Any) -> Setting:
    from loopdoctor.values import from_toml

    row = known.get(key)
    if row is None:
        from loopdoctor.catalogue.mistakes import nearest

        choices = [*known, *(["limits"] if known is OPTIONS else [])]
        raise LoopdoctorError(
            "config-unknown-key", f"unknown key `{key[:60]}`", context=place, hint=nearest(key, choices)
        )
    return Setting(row.name, from_toml(row, key, value, path.parent, place), re.sub(r"(:\d+):\d+$", r"\1", place))


def place_of(path: Path, data: bytes, table: str, key: str) -> str:
    """``file:line:column`` of a key where a plain look at the lines tells it, else the file alone.

    tomllib keeps no positions. Dotted and quoted keys and inline tables are rare and not looked for.
    """
    header = ""
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if opened := re.match(r"\s*\[\[?\s*([^\[\]]*?)\s*\]", line):
            header = opened[1]
        elif header == table and (found := re.match(rf'(\s*)["\']?{re.escape(key)}["\']?\s*=', line)):
            return f"{path}:{number}:{len(found[1]) + 1}"
    return str(path)
