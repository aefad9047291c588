"""Rules about rules: what the types of a rule file cannot say.

Each check is a generator over the rules of one part (a team's directory, or everything) that may point into the whole
catalogue. A problem's ``path`` is that of the value inside its rule (``$.clues[3].ask``): ``load.places`` turns it into
file:line:column.
"""

from __future__ import annotations

import re
import types
import typing
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import regex
from msgspec import Struct

from loopdoctor.catalogue import snippets
from loopdoctor.catalogue.mistakes import nearest
from loopdoctor.catalogue.placeholders import NAMES, placeholders
from loopdoctor.catalogue.schema import Ask, Catalogue, Cause, Clue, Pattern, Symptom, Variant

PATTERN_SECONDS = 0.1
"""Time for one pattern on one hostile text of ``HOSTILE_LENGTH`` characters; a sound pattern needs a thousandth."""

HOSTILE_LENGTH = 400
PRIORS_AT_MOST = 1.05
"""Shares are estimates and need not add up to 1, but much more than 1 means that one of them was not thought of."""

_LITERAL = re.compile(r"""[ !#-&(-/:-\[\]-~]{6,}""")
_PYTHONS = re.compile(r"(?:(?:[<>]=?|==|!=)\d+(?:\.\d+)*(?:,(?!$)|$))*")
_LIBRARY = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_SEEDS = ("a", "A_", "a.", "/a", "a/a.py", " ", "a ", "a, ", "<a ", "('", "a=", "0x", "1:", "-", "'", "[]", "\\")
_WORD = re.compile(r"(?:\\\W|[^\\()\[\]{}|*+?.^$])+")
# Fields that hold no text for the reader: names, examples of logs, and addresses.
_NOT_PROSE = frozenset({"id", "literal", "literals", "match", "no_match", "references", "library", "python"})


class Problem(Struct, frozen=True):
    """One mistake: the rule's id, what is wrong, what to do; the rule's kind (symptom, cause, mark), the path in it."""

    rule: str
    message: str
    hint: str
    kind: str = "symptom"
    path: str = "$"


Check = Callable[[Catalogue, Catalogue], Iterator[Problem]]


def lint(catalogue: Catalogue) -> list[Problem]:
    """Every problem of a catalogue, sorted by kind, rule and path; an empty list for a sound one."""
    return _run((*_BREAKING, *_QUALITY), catalogue, catalogue)


def breaking(part: Catalogue, whole: Catalogue) -> list[Problem]:
    """Only those problems of ``part`` that would make a scan fail or miss: literals, patterns, asks, ids, dead ends."""
    return _run(_BREAKING, part, whole)


def _run(checks: Iterable[Check], part: Catalogue, whole: Catalogue) -> list[Problem]:
    found = {problem for check in checks for problem in check(part, whole)}
    return sorted(found, key=lambda problem: (problem.kind, problem.rule, problem.path, problem.message))


# --- what would make a scan fail or miss -----------------------------------------------------------------------------


def _literals(part: Catalogue, _: Catalogue) -> Iterator[Problem]:
    """A literal must survive every escaping (JSON, repr, syslog's octal), or the prefilter would pass it by."""
    for kind, rule in _rules(part):
        for path, _owner, field, value in _strings(rule, "$"):
            if field in {"literal", "literals"} and not _LITERAL.fullmatch(value):
                message = f"the literal {value!r} can be hidden by escaping"
                yield Problem(rule.id, message, "6 or more ASCII characters; no quote, backslash, digit", kind, path)


def _patterns(part: Catalogue, _: Catalogue) -> Iterator[Problem]:
    """A pattern must compile, and end soon on any text."""
    for kind, rule in _rules(part):
        for path, owner, field, value in _strings(rule, "$"):
            if field in _pattern_fields(owner):
                message = _pattern_fault(value)
                if message:
                    hint = "escape brackets; no repeat inside a repeat, [^x]* in place of .*"
                    yield Problem(rule.id, message, hint, kind, path)


def _asks(part: Catalogue, _: Catalogue) -> Iterator[Problem]:
    """An ask is one question: two keys would be an ``all`` or an ``any``, and nobody could say which."""
    for kind, rule in _rules(part):
        for path, owner in _structs(rule, "$"):
            if isinstance(owner, Ask):
                given = [name for name, value in _fields(owner) if value is not None]
                if len(given) != 1:
                    message = f"an ask needs exactly one key, this one has {len(given)}: {', '.join(given) or 'none'}"
                    yield Problem(rule.id, message, "join several with `all: [...]` or `any: [...]`", kind, path)
                elif owner.all == () or owner.any == ():
                    yield Problem(rule.id, "an empty list of asks", "ask something, or leave the clue out", kind, path)


def _ids(part: Catalogue, whole: Catalogue) -> Iterator[Problem]:
    """Every rule that another one names must exist."""
    tables = {"symptom": set(whole.symptoms), "cause": set(whole.causes), "mark": set(whole.marks)}
    for kind, rule in _rules(part):
        for path, target, name in _references_of(rule):
            known = tables[target]
            if name not in known:
                yield Problem(rule.id, f"there is no {target} `{name}`", nearest(name, known), kind, path)
            elif target == kind and name == rule.id:
                yield Problem(rule.id, "the rule points to itself", "name another one, or none", kind, path)


def _references_of(rule: Any) -> Iterator[tuple[str, str, str]]:
    """Path, kind and id of each rule that this one points to."""
    if isinstance(rule, Symptom):
        for cause in rule.causes:
            yield f"$.causes.{cause}", "cause", cause
        for index, symptom in enumerate(rule.wreckage_of):
            yield f"$.wreckage_of[{index}]", "symptom", symptom
    if isinstance(rule, Cause):
        for index, neighbour in enumerate(rule.neighbours):
            yield f"$.neighbours[{index}].id", "cause", neighbour.id
    for path, owner in _structs(rule, "$"):
        if isinstance(owner, Ask):
            if owner.mark:
                yield f"{path}.mark.id", "mark", owner.mark.id
            for field in ("symptom", "elsewhere"):
                for index, symptom in enumerate(getattr(owner, field) or ()):
                    yield f"{path}.{field}[{index}]", "symptom", symptom


def _dead_ends(part: Catalogue, _: Catalogue) -> Iterator[Problem]:
    """A symptom leads somewhere, or a scan that meets it could say nothing."""
    for symptom in part.symptoms.values():
        if not symptom.causes:
            yield Problem(symptom.id, "the symptom leads to no cause", "name the likeliest", "symptom", "$.causes")


def _pattern_fault(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = regex.compile(pattern)
            re.compile(pattern)  # on short texts the built-in patterns run there: both must read them alike
    except (regex.error, re.error, Warning, OverflowError, RecursionError, MemoryError, ValueError) as error:
        return f"the pattern does not compile: {error or type(error).__name__}"
    for text in _hostile(pattern):
        if all(_is_slow(compiled, text) for _ in range(3)):  # a busy machine may have stood still once
            return f"the pattern runs for more than {PATTERN_SECONDS} s on {len(text)} characters like {text[:12]!r}"
    return ""


def _is_slow(compiled: regex.Pattern[str], text: str) -> bool:
    try:
        compiled.search(text, timeout=PATTERN_SECONDS)
    except TimeoutError:
        return True
    return False


def _hostile(pattern: str) -> Iterator[str]:
    """Texts on which a pattern with one repeat inside another is slow: long runs that fail only at their end."""
    # The engine gives up at once on a text without a word that the pattern must hold: so its own words close each
    # text, in the wrong order.
    words = "\x00".join(reversed([word.replace("\\", "") for word in _WORD.findall(pattern)]))
    for seed in _SEEDS:
        run = (seed * HOSTILE_LENGTH)[:HOSTILE_LENGTH]
        yield f"{run}\x00{words}\x00"


# --- what would make a diagnosis poor --------------------------------------------------------------------------------


def _symptoms(part: Catalogue, _: Catalogue) -> Iterator[Problem]:
    """The shares of a symptom's causes can be shares."""
    for symptom in part.symptoms.values():
        total = sum(symptom.causes.values())
        if total > PRIORS_AT_MOST:
            message = f"the shares of the causes add up to {total:.2f}"
            yield Problem(symptom.id, message, f"at most {PRIORS_AT_MOST}", "symptom", "$.causes")


def _causes(part: Catalogue, whole: Catalogue) -> Iterator[Problem]:
    """A cause can be reached, and what the log shows can speak for it and against it."""
    reached = {cause for symptom in whole.symptoms.values() for cause in symptom.causes}
    for cause in part.causes.values():
        if cause.id not in reached:
            yield Problem(cause.id, "no symptom leads to this cause", "name it in a symptom's `causes`", "cause", "$")
        if sum(clue.weight > 0 for clue in cause.clues) < 2:
            yield Problem(cause.id, "fewer than 2 clues speak for the cause", "weight above 0", "cause", "$.clues")
        if not any(clue.weight < 0 or clue.absent < 0 for clue in cause.clues):
            message = "no clue can speak against the cause"
            yield Problem(cause.id, message, "give one a weight or an `absent` below 0", "cause", "$.clues")
        yield from _clues(cause)


def _clues(cause: Cause) -> Iterator[Problem]:
    first: dict[str, Clue] = {}
    for index, clue in enumerate(cause.clues):
        if first.setdefault(clue.id, clue) is not clue:
            path = f"$.clues[{index}].id"
            yield Problem(cause.id, f"two clues are called `{clue.id}`", "rename one of them", "cause", path)
        if clue.weight == 0 and clue.absent == 0:
            path = f"$.clues[{index}].weight"
            yield Problem(cause.id, "the clue changes nothing", "give it a weight, or leave it out", "cause", path)


def _texts(part: Catalogue, _: Catalogue) -> Iterator[Problem]:
    """Placeholders are of the closed set and read well unfilled; references can be opened."""
    for kind, rule in _rules(part):
        for path, owner, field, value in _strings(rule, "$"):
            if field == "references" and not value.startswith("https://"):
                yield Problem(rule.id, f"not an https address: {value[:60]}", "https://...", kind, path)
            if field in _NOT_PROSE or field in _pattern_fields(owner):
                continue
            for name, default in placeholders(value):
                if name not in NAMES:
                    yield Problem(rule.id, f"unknown placeholder `{name}`", nearest(name, NAMES), kind, path)
                elif not default:
                    hint = f"${{{name}:-words that read well without it}}"
                    yield Problem(rule.id, f"the placeholder `{name}` has no default", hint, kind, path)


def _variants(part: Catalogue, _: Catalogue) -> Iterator[Problem]:
    """A step's code is code, for a library and Pythons that the ranking can compare."""
    for kind, rule in _rules(part):
        for path, owner in _structs(rule, "$"):
            if not isinstance(owner, Variant):
                continue
            if not _PYTHONS.fullmatch(owner.python):
                hint = 'such as ">=3.11" or ">=3.8,<3.12"'
                yield Problem(rule.id, f"not a range of versions: {owner.python!r}", hint, kind, f"{path}.python")
            if not _LIBRARY.fullmatch(owner.library):
                hint = "the import name in lower case, `asyncio` if for none in particular"
                yield Problem(rule.id, f"not a library's name: {owner.library!r}", hint, kind, f"{path}.library")
            for field, code in (("right", owner.right), ("wrong", owner.wrong)):
                fault = snippets.fault(code)
                if fault:
                    yield Problem(rule.id, fault, snippets.HINT, kind, f"{path}.{field}")


_BREAKING: tuple[Check, ...] = (_literals, _patterns, _asks, _ids, _dead_ends)
_QUALITY: tuple[Check, ...] = (_symptoms, _causes, _texts, _variants)


# --- walking rules ---------------------------------------------------------------------------------------------------


def _rules(part: Catalogue) -> Iterator[tuple[str, Any]]:
    for kind, table in (("symptom", part.symptoms), ("cause", part.causes), ("mark", part.marks)):
        for rule in table.values():
            yield kind, rule


def _fields(owner: Struct) -> Iterator[tuple[str, Any]]:
    """Name in the file and value of each field."""
    for name, attribute in zip(owner.__struct_encode_fields__, owner.__struct_fields__, strict=True):
        yield name, getattr(owner, attribute)


def _structs(owner: Struct, path: str) -> Iterator[tuple[str, Struct]]:
    """A rule and everything in it that is a struct itself, each with its path."""
    yield path, owner
    for name, value in _fields(owner):
        if isinstance(value, Struct):
            yield from _structs(value, f"{path}.{name}")
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Struct):
                    yield from _structs(item, f"{path}.{name}[{index}]")


def _strings(rule: Struct, top: str) -> Iterator[tuple[str, Struct, str, str]]:
    """Every text of a rule: its path, the struct it stands in, its field's name, the text."""
    for path, owner in _structs(rule, top):
        for name, value in _fields(owner):
            if isinstance(value, str):
                yield f"{path}.{name}", owner, name, value
            elif isinstance(value, tuple):
                for index, item in enumerate(value):
                    if isinstance(item, str):
                        yield f"{path}.{name}[{index}]", owner, name, item


def _pattern_fields(owner: Struct) -> frozenset[str]:
    return _pattern_fields_of(type(owner))


@cache
def _pattern_fields_of(kind: type[Struct]) -> frozenset[str]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return frozenset(name for name, hint in hints.items() if hint == Pattern or Pattern in _members(hint))


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else ()
