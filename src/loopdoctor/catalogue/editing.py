"""Changes numbers in rule files where they stand: everything else of a file, its comments too, stays as it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from loopdoctor.errors import LoopdoctorError

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def write_numbers(edits: Iterable[tuple[str, float, float]]) -> list[str]:
    """Writes each (``file:line:column``, number before, number after); gives the files changed, each whole or not.

    Raises LoopdoctorError if another number stands there: the file was changed meanwhile.
    """
    by_file: dict[str, list[tuple[int, int, float, float]]] = defaultdict(list)
    for place, before, after in edits:
        file, line, column = place.rsplit(":", 2)
        by_file[file].append((int(line), int(column), before, after))
    texts = {file: _edited(file, sorted(spots, reverse=True)) for file, spots in by_file.items()}
    for file, text in texts.items():
        beside = Path(file).with_suffix(".part")
        beside.write_text(text, "utf-8", newline="")
        beside.replace(file)
    return sorted(texts)


def _edited(file: str, spots: list[tuple[int, int, float, float]]) -> str:
    lines = Path(file).read_bytes().decode().splitlines(keepends=True)
    for line, column, before, after in spots:
        text = lines[line - 1]
        found = _NUMBER.match(text, column - 1)
        if found is None or abs(float(found[0]) - before) > 1e-3:
            hint = "run the command again"
            message = f"{before:g} does not stand there any more"
            raise LoopdoctorError("rule-changed", message, context=f"{file}:{line}:{column}", hint=hint)
        lines[line - 1] = f"{text[: column - 1]}{after:g}{text[found.end() :]}"
    return "".join(lines)
