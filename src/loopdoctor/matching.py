"""Record x catalogue -> symptoms: which rules' words a record says, what they capture, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from loopdoctor import grammar
from loopdoctor.catalogue.schema import Catalogue, MarkRule, Signature
from loopdoctor.model import Line, Mark, Record, Refusal, Symptom
from loopdoctor.patterns import needed

if TYPE_CHECKING:
    import regex

    Match = re.Match[str] | regex.Match[str]

MAX_WORD = 4000
QUOTING = frozenset("+-*>|#•")
"""What opens a line of a diff, a quotation, a list, a table or a comment: patterns let that go before the words."""
VETTED_LENGTH = 400
"""Characters up to which lint holds every built-in pattern to be quick, whatever the text."""


MUTE = "its words stand only in a line that does not speak, such as a frame's source line"

ANY_DIGIT = str.maketrans("123456789", "000000000")
MAX_KNOWN = 20_000


class _Held(Struct, frozen=True, gc=False):
    """The literals that a text holds: of symptoms, and of marks."""

    symptoms: tuple[str, ...]
    marks: tuple[str, ...]


class Matcher:
    """A catalogue made ready for matching.

    Patterns are compiled when first needed. They run in ``regex`` with a time limit, but for those of a ``vetted``
    catalogue (the built-in one alone) on short texts: there ``re`` does, and spares a short scan half its start-up.
    """

    def __init__(self, catalogue: Catalogue, timeout: float = 0.1, *, vetted: bool = False) -> None:
        self.catalogue = catalogue
        self.timeout = timeout
        self.vetted = vetted
        self.slow: set[str] = set()
        self._quick: dict[str, re.Pattern[str]] = {}
        self._guarded: dict[str, regex.Pattern[str]] = {}
        self._known: dict[str, _Held] = {}
        self._framed: Record | None = None
        self._frames_fit: dict[str, bool] = {}
        self._by_literal: dict[str, list[tuple[str, Signature]]] = {}
        # By id: the order of reading must decide nothing, and is another one in a wheel than in a source tree.
        for _, symptom in sorted(catalogue.symptoms.items()):
            for signature in symptom.signatures:
                self._by_literal.setdefault(signature.literal, []).append((symptom.id, signature))

    @cached_property
    def _mark_literals(self) -> list[str]:
        return [literal for mark in self.catalogue.marks.values() for literal in mark.literals]

    def _held(self, text: str) -> _Held:
        """The literals in a text, remembered for all texts that differ from it only in their digits.

        No literal holds a digit, so this loses nothing. 600 literals cost 25 us a line; a line known costs one.
        """
        key = text.translate(ANY_DIGIT)
        held = self._known.get(key)
        if held is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            held = self._known[key] = _Held(
                tuple(literal for literal in self._by_literal if literal in text),
                tuple(literal for literal in self._mark_literals if literal in text),
            )
        return held

    @property
    def literals(self) -> list[bytes]:
        """Every literal that the prefilter must look for: those of symptoms and of marks."""
        return sorted({literal.encode() for literal in [*self._by_literal, *self._mark_literals]})

    def speaks(self, text: str) -> bool:
        """Whether ``text`` holds words of any symptom."""
        return bool(self._held(text).symptoms)

    def search(self, pattern: str, text: str) -> Match | None:
        """Searches a rule's pattern; one that takes too long counts as not fitting and is remembered in ``slow``."""
        if not self.vetted or len(text) > VETTED_LENGTH:
            return self._search_guarded(pattern, text[:MAX_WORD])
        quick = self._quick.get(pattern)
        if quick is None:
            if needed(pattern) not in text:
                return None
            quick = self._quick[pattern] = re.compile(pattern)
        return quick.search(text)

    def _search_guarded(self, pattern: str, text: str) -> Match | None:
        compiled = self._guarded.get(pattern)
        if compiled is None:
            import regex

            compiled = self._guarded[pattern] = regex.compile(pattern)
        try:
            return compiled.search(text, timeout=self.timeout)
        except TimeoutError:
            self.slow.add(pattern)
            return None

    def match(self, record: Record) -> list[Symptom]:
        """The record's symptoms, each rule once, in the order in which the record says them."""
        found: dict[str, Symptom] = {}
        for number, word in zip(record.words_at, record.words, strict=True):
            for literal in self._held(word).symptoms:
                for rule, signature in self._by_literal[literal]:
                    if rule not in found and (captures := self._fits(record, word, signature)) is not None:
                        found[rule] = Symptom(rule, record, number, word, captures)
        return list(found.values())

    def _fits(self, record: Record, word: str, signature: Signature) -> tuple[tuple[str, str], ...] | None:
        if signature.kinds and record.kind not in signature.kinds:
            return None
        if signature.exception and not self._exception_fits(word, signature.exception):
            return None
        captures: tuple[tuple[str, str], ...] = ()
        start = word.find(signature.literal)
        if signature.pattern:
            match = self.search(signature.pattern, word)
            if match is None:
                return None
            start = match.start()
            captures = tuple((key, value) for key, value in match.groupdict().items() if value)
        if (start or word[:1] in QUOTING) and _must_open(record):
            return None
        if signature.frame and not self._frame_fits(record, signature.frame):
            return None
        return captures

    def _exception_fits(self, word: str, pattern: str) -> bool:
        split = grammar.split_exception(word)
        return split is not None and self.search(pattern, split[0]) is not None

    def _frame_fits(self, record: Record, pattern: str) -> bool:
        if self._framed is not record:  # asked for every word of a record, which may have thousands of both
            self._framed, self._frames_fit = record, {}
        fits = self._frames_fit.get(pattern)
        if fits is None:
            fits = any(self.search(pattern, f"{frame.file}:{frame.function}") for frame in record.frames())
            self._frames_fit[pattern] = fits
        return fits

    def refusals(self, record: Record) -> Iterator[Refusal]:
        """The rules that a record calls up by a literal without having the symptom, in the order of its lines."""
        had = {symptom.id for symptom in self.match(record)}
        spoken = dict(zip(record.words_at, record.words, strict=True))
        told: set[tuple[str, str]] = set()
        for line in record.lines:
            text = spoken.get(line.number, line.text)
            for literal in self._held(text).symptoms:
                for rule, signature in self._by_literal[literal]:
                    if rule not in had and (rule, literal) not in told:
                        told.add((rule, literal))
                        reason = self._why_not(record, text, signature) if line.number in spoken else MUTE
                        yield Refusal(rule, literal, line.number, reason)

    def _why_not(self, record: Record, word: str, signature: Signature) -> str:
        """The first thing that a signature asks for and the words do not have; the order is that of ``_fits``."""
        if signature.kinds and record.kind not in signature.kinds:
            return f"the record is of kind {record.kind}, not {' or '.join(signature.kinds)}"
        if signature.exception and not self._exception_fits(word, signature.exception):
            return f"the exception does not fit {signature.exception}"
        start = word.find(signature.literal)
        if signature.pattern:
            match = self.search(signature.pattern, word)
            if match is None:
                return f"the pattern does not fit: {signature.pattern}"
            start = match.start()
        if (start or word[:1] in QUOTING) and _must_open(record):
            return "the words do not open the line, and nothing else shows that it is a report"
        return f"no frame fits {signature.frame}"

    def marks(self, line: Line) -> Iterator[Mark]:
        """The marks that a line holds."""
        held = self._held(line.text).marks
        if not held:
            return
        for mark in self.catalogue.marks.values():
            if any(literal in held for literal in mark.literals) and (
                mark.pattern is None or self.search(mark.pattern, line.text)
            ):
                yield Mark(mark.id, line.source, line.stream, line.number, line.text[:MAX_WORD])

    def names_of(self, mark: Mark) -> dict[str, str]:
        """What the mark's pattern captures, such as a version."""
        rule: MarkRule | None = self.catalogue.marks.get(mark.id)
        if rule is None or rule.pattern is None:
            return {}
        match = self.search(rule.pattern, mark.text)
        return {key: value for key, value in match.groupdict().items() if value} if match else {}


def _must_open(record: Record) -> bool:
    """Whether a symptom's words must open the line: nothing but the words tells that a bare line is a report.

    A sentence that merely quotes a message has it further on; a log entry of level warning and above is trusted.
    """
    if record.kind == "asyncio":
        return len(record.lines) == 1
    return record.kind == "log" and record.head.level in (None, "INFO", "DEBUG", "NOTICE", "TRACE")
