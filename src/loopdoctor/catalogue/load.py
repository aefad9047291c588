"""The catalogue: the built-in rules, and a team's own on top of them.

A directory of rules holds

    symptoms/<library>/<id>.yaml    one symptom a file
    causes/<id>.yaml                one cause a file
    marks.yaml                      a list of marks

A team's own directory may be flat: a file with ``signatures`` is a symptom, one with ``clues`` or ``steps`` a cause, a
list is marks. An installed loopdoctor has the built-in rules compiled (2 ms to load); a source tree reads the YAML, so
that a changed rule counts at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from loopdoctor.catalogue.compile import from_json, to_json
from loopdoctor.catalogue.schema import Catalogue, Cause, MarkRule, Symptom
from loopdoctor.errors import LoopdoctorError, RuleErrors

if TYPE_CHECKING:
    from loopdoctor.catalogue.document import Document

COMPILED = Path(__file__).with_name("rules.json")
SOURCE = Path(__file__).parents[3] / "rules"

MAX_FILES = 5000
"""A directory with more YAML files than this is not one of rules: ``--rules /`` must end soon, and say why."""

_Named = TypeVar("_Named", Symptom, Cause)
_Shape = TypeVar("_Shape")


class Rules(Struct, frozen=True):
    """What one directory holds: its rules, and the file of each by kind (symptom, cause, mark) and id."""

    catalogue: Catalogue
    files: dict[tuple[str, str], str]


def load_catalogue(extra: Sequence[str] = ()) -> Catalogue:
    """The built-in rules, then each extra directory (or single file); a rule replaces one with the same id.

    Raises ``RuleErrors`` with every broken file of every directory. Rules of an extra directory are also refused if
    they could not work (``lint.breaking``: a pattern that does not compile, a cause that does not exist); the
    built-in rules were checked when they were released.
    """
    catalogue = _built_in(SOURCE, COMPILED)
    problems: list[LoopdoctorError] = []
    parts = []
    for directory in extra:
        try:
            parts.append(load_directory(directory))
        except RuleErrors as error:
            problems.extend(error.problems)
    if problems:
        raise RuleErrors(problems)
    for part in parts:
        catalogue = _overlay(catalogue, part.catalogue)
    problems = [problem for part in parts for problem in _unusable(part, catalogue)]
    if problems:
        raise RuleErrors(problems)
    return catalogue


def name_of_rules(catalogue: Catalogue) -> str:
    """What tells one set of rules from another: a digest of all of them."""
    from hashlib import blake2b

    return blake2b(to_json(catalogue), digest_size=12).hexdigest()


def load_directory(path: str | Path) -> Rules:
    """The rules below one directory (or of one file), without the built-in ones.

    Raises ``RuleErrors`` with every mistake of every file, each at its file:line:column.
    """
    tables: dict[str, dict[str, Any]] = {"symptom": {}, "cause": {}, "mark": {}}
    files: dict[tuple[str, str], str] = {}
    problems: list[LoopdoctorError] = []
    for file, relative in _rule_files(Path(path)):
        try:
            for kind, rule, where in _read(file, relative):
                if rule.id in tables[kind]:
                    hint = f"it stands in {files[kind, rule.id]}"
                    problems.append(_problem(where, f"a {kind} `{rule.id}` exists already", hint))
                else:
                    tables[kind][rule.id] = rule
                    files[kind, rule.id] = str(file)
        except RuleErrors as error:
            problems.extend(error.problems)
    if problems:
        raise RuleErrors(problems)
    return Rules(Catalogue(tables["symptom"], tables["cause"], tables["mark"]), files)


def places(spots: Iterable[tuple[str, str, str]], extra: Sequence[str] = ()) -> list[str]:
    """``file:line:column`` of each (kind, id, path in the rule), for messages; "" for a rule only there compiled.

    ``kind`` is symptom, cause or mark, ``path`` such as ``$.clues[3].ask``. The last directory of ``extra`` that holds
    the rule counts, as it does in ``load_catalogue``. Reads the YAML again: for the rare case that one has to be told.
    """
    files: dict[tuple[str, str], str] = {}
    for directory in (*([str(SOURCE)] if _in_source_tree() else []), *extra):
        files |= load_directory(directory).files
    return [
        _place_in(files[kind, rule], kind, rule, path) if (kind, rule) in files else "" for kind, rule, path in spots
    ]


@cache
def _built_in(source: Path, compiled: Path) -> Catalogue:
    # The source tree first: compiled rules left lying there would hide every change of the YAML.
    if _in_source_tree():
        return load_directory(source).catalogue
    try:
        return from_json(compiled.read_bytes())
    except (OSError, msgspec.DecodeError):
        hint = "install loopdoctor anew: pip install --force-reinstall loopdoctor"
        message = "the built-in rules cannot be read"
        raise RuleErrors([LoopdoctorError("rules-missing", message, context=str(compiled), hint=hint)]) from None


def _in_source_tree() -> bool:
    return SOURCE.parent.joinpath("src", "loopdoctor", "catalogue") == COMPILED.parent and SOURCE.is_dir()


def _overlay(below: Catalogue, above: Catalogue) -> Catalogue:
    return Catalogue(below.symptoms | above.symptoms, below.causes | above.causes, below.marks | above.marks)


def _unusable(part: Rules, whole: Catalogue) -> Iterator[LoopdoctorError]:
    from loopdoctor.catalogue.lint import breaking

    for found in breaking(part.catalogue, whole):
        file = part.files[found.kind, found.rule]
        yield _problem(_place_in(file, found.kind, found.rule, found.path), found.message, found.hint)


def _place_in(file: str, kind: str, rule: str, path: str) -> str:
    from loopdoctor.catalogue.document import read_document

    document = read_document(Path(file))
    if kind == "mark":
        index = next((at for at, mark in enumerate(document.value) if mark["id"] == rule), 0)
        path = f"$[{index}]{path.removeprefix('$')}"
    return document.place(path)


def _rule_files(top: Path) -> Iterator[tuple[Path, Path]]:
    """Each YAML file below ``top`` and its path relative to it, in a fixed order."""
    if top.is_file():
        yield top, Path(top.name)
        return
    if not top.is_dir():
        hint = "give a directory of YAML rules; `loopdoctor rules new` starts one"
        message = "no such directory of rules"
        raise RuleErrors([LoopdoctorError("rules-not-found", message, context=str(top), hint=hint)])
    count = 0
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            # is_file() keeps a named pipe from being waited for.
            if name.startswith(".") or file.suffix not in {".yaml", ".yml"} or not file.is_file():
                continue
            count += 1
            if count > MAX_FILES:
                raise RuleErrors([_problem(str(top), f"more than {MAX_FILES} YAML files", "is this a rule directory?")])
            yield file, file.relative_to(top)


def _read(file: Path, relative: Path) -> Iterator[tuple[str, Symptom | Cause | MarkRule, str]]:
    """Each rule of a file: its kind, the rule, the place of its id. Raises ``RuleErrors``."""
    from loopdoctor.catalogue.document import read_document

    document = read_document(file)
    kind = _kind(document.value, relative)
    match kind:
        case "mark":
            for index, mark in enumerate(_typed(document, tuple[MarkRule, ...])):
                yield kind, mark, document.place(f"$[{index}].id")
        case "symptom":
            yield kind, _named(_typed(document, Symptom), document, file), document.place("$.id")
        case "cause":
            yield kind, _named(_typed(document, Cause), document, file), document.place("$.id")
        case _:
            hint = "a symptom has `signatures`, a cause has `clues` and `steps`, marks.yaml is a list"
            raise RuleErrors([_problem(document.place(), "this is no rule", hint)])


def _kind(value: object, relative: Path) -> str:
    if relative.name in {"marks.yaml", "marks.yml"} or isinstance(value, list):
        return "mark"
    if len(relative.parts) > 1 and relative.parts[0] in {"symptoms", "causes"}:
        return relative.parts[0].removesuffix("s")
    keys: Mapping[str, object] = value if isinstance(value, dict) else {}
    if "signatures" in keys:
        return "symptom"
    return "cause" if "clues" in keys or "steps" in keys else ""


def _named(rule: _Named, document: Document, file: Path) -> _Named:
    if rule.id != file.stem:
        message = f"the id `{rule.id}` is not the file's name"
        hint = f"name the file {rule.id}{file.suffix}, or the rule {file.stem}"
        raise RuleErrors([_problem(document.place("$.id"), message, hint)])
    return rule


def _typed(document: Document, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(document.value, shape)
    except msgspec.ValidationError as error:
        from loopdoctor.catalogue.mistakes import explain

        path, key, message, hint = explain(str(error), document.value, shape)
        raise RuleErrors([_problem(document.place(path, key), message, hint)]) from None


def _problem(context: str, message: str, hint: str) -> LoopdoctorError:
    return LoopdoctorError("rule-broken", message, context=context, hint=hint)
