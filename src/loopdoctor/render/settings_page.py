"""What holds for every option, and where it was set: for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import to_builtins

from loopdoctor.render.escape import visible
from loopdoctor.render.json_report import document
from loopdoctor.settings import Held


def render(path: str, rows: Sequence[Held], unknown: Sequence[str], format: str) -> Iterator[str]:  # noqa: A002
    """``path`` is the configuration file ("" if there is none), ``unknown`` the variables that set nothing."""
    if format == "json":
        options = [to_builtins(row) for row in rows]
        yield document({"path": path or None, "options": options, "unknown_variables": list(unknown)})
        return
    yield f"file: {visible(path) or 'none'}\n\n"
    names = max(len(row.name) for row in rows)
    values = min(max(len(_shown(row.value)) for row in rows), 40)
    for row in rows:
        origin = ", ".join(row.origins) or "default"
        yield f"{row.name:<{names}}  {visible(_shown(row.value)):<{values}}  {visible(origin)}\n"
    for name in unknown:
        yield f"\n{visible(name)} is set, but there is no such option\n"


def _shown(value: Any) -> str:
    if value is None or value == ():
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(str(getattr(item, "id", item)) for item in value)
    return str(value)
