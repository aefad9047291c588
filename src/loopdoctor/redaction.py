"""A report without secrets: what identifies a person or opens a door is masked, all that explains a failure stays.

The same secret has the same mask all over a report. Masks are numbered as they come and tell nothing about what they
stand for. What is no text of a log stays as it is: ids, fingerprints, counts, line numbers, times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import msgspec

from loopdoctor.checkout import Checkout
from loopdoctor.masks import mask_key_blocks, mask_text
from loopdoctor.model import Line, Report, Trace
from loopdoctor.secrets_seen import Secrets

AS_THEY_ARE = frozenset(
    {"id", "fingerprint", "kind", "verdict", "carrier", "level", "time", "link", "library", "libraries", "python"}
    | {"counts", "references", "switch", "stats"}
)
"""Fields that no log has a word in, or only one of a closed set."""

MAX_ROUNDS = 4
"""A mask can make a value of what was none before; what is masked again and again is a game that ends here."""

Told = TypeVar("Told", bound=msgspec.Struct)


def redact(report: Report) -> Report:
    """The same report with every secret masked. Redacting it again changes nothing."""
    return Redaction().of(report)


class Redaction:
    """The secrets met so far: what is redacted by one ``Redaction`` has the same mask for the same secret.

    ``formats`` are those of several reports of one run that it is meant for.
    """

    def __init__(self, formats: Collection[str] = ()) -> None:
        self.formats = formats
        self._report: tuple[Report, Report] | None = None
        self.secrets = Secrets()
        self._own: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._changed = False

    def of(self, told: Told) -> Told:
        """A report, or a part of one, with its secrets masked."""
        _Walk(self._reserve, list).through(told)
        for _ in range(MAX_ROUNDS):
            self._changed = False
            told = _Walk(self._mask_own, self._mask_key_blocks).through(told)
            self._known.clear()
            told = _Walk(self._mask_known, list).through(told)
            if not self._changed:
                break
        return told

    def edit(self, format: str, report: Report, look: Mapping[str, Any]) -> tuple[Report, Mapping[str, Any]]:  # noqa: A002
        """What one of several formats is to be made of: masked if it is one of ``formats``. A report is masked once."""
        if format not in self.formats:
            return report, look
        if self._report is None or self._report[0] is not report:
            self._report = (report, self.of(report))
        return self._report[1], self.look(look)

    def look(self, look: Mapping[str, Any]) -> dict[str, Any]:
        """What makes a ``View``, with the user's own sources masked too: a report may quote them."""
        checkout = look.get("checkout")
        return {**look, "checkout": RedactedCheckout(checkout, self)} if checkout is not None else dict(look)

    def text(self, text: str) -> str:
        """A text that stands in no report, masked as the report is."""
        return self.secrets.mask_known(self._mask_own(text))

    def _reserve(self, text: str) -> str:
        self.secrets.reserve(text)
        return text

    def _mask_own(self, text: str) -> str:
        """What the text itself shows to be a secret, masked."""
        masked = self._own.get(text)
        if masked is None:
            masked, before = mask_text(text, self.secrets), text
            for _ in range(MAX_ROUNDS):
                if masked == before:
                    break
                masked, before = mask_text(masked, self.secrets), masked
            self._own[text] = masked
        self._changed = self._changed or masked != text
        return masked

    def _mask_known(self, text: str) -> str:
        """What was a secret elsewhere in the report, masked."""
        masked = self._known.get(text)
        if masked is None:
            masked = self._known[text] = self.secrets.mask_known(text)
        self._changed = self._changed or masked != text
        return masked

    def _mask_key_blocks(self, texts: list[str]) -> list[str]:
        masked = mask_key_blocks(texts, self.secrets)
        self._changed = self._changed or masked != texts
        return masked


class RedactedCheckout(Checkout):
    """A checkout that finds files by their masked paths, and whose lines are masked."""

    def __init__(self, checkout: Checkout, redaction: Redaction) -> None:
        super().__init__(checkout.root)
        self._redaction = redaction

    def find(self, file: str, line: int | None = None, source: str = "") -> str | None:
        """As ``Checkout.find``; ``file`` and ``source`` may be masked."""
        unmask = self._redaction.secrets.unmask
        return super().find(unmask(file), line, unmask(source))

    def lines(self, file: str, line: int, around: int = 2) -> list[tuple[int, str]]:
        """As ``Checkout.lines``, masked."""
        return [(number, self._redaction.text(text)) for number, text in super().lines(file, line, around)]


class _Walk:
    """Rebuilds a value with every text of a log in it changed; what stays the same is the same object."""

    def __init__(self, on_text: Callable[[str], str], on_lines: Callable[[list[str]], list[str]]) -> None:
        self.on_text = on_text
        self.on_lines = on_lines
        self._done: dict[int, Any] = {}  # by id: a record stands in a report as often as it has symptoms

    def through(self, told: Told) -> Told:
        """``told`` rebuilt."""
        rebuilt: Told = self._value(told)
        return rebuilt

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            after = self.on_text(value)
            return value if after == value else after
        if isinstance(value, tuple):
            return self._tuple(value)
        if not isinstance(value, msgspec.Struct):
            return value
        done = self._done.get(id(value))
        if done is None:
            done = self._done[id(value)] = self._chain(value) if isinstance(value, Trace) else self._struct(value)
        return done

    def _struct(self, value: msgspec.Struct, **given: Any) -> Any:
        changed = {name: after for name, after in given.items() if after is not getattr(value, name)}
        for name in value.__struct_fields__:
            if name not in AS_THEY_ARE and name not in given:
                before = getattr(value, name)
                after = self._value(before)
                if after is not before:
                    changed[name] = after
        return msgspec.structs.replace(value, **changed) if changed else value

    def _chain(self, trace: Trace) -> Trace:
        """A chain of exceptions may be thousands long: first causes first, without recursion."""
        chain = [trace]
        while chain[-1].previous is not None:
            chain.append(chain[-1].previous)
        rebuilt: Trace | None = None
        for each in reversed(chain):
            rebuilt = self._struct(each, previous=rebuilt)
        assert rebuilt is not None  # noqa: S101 - the chain holds the trace itself
        return rebuilt

    def _tuple(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        told = values
        if values and isinstance(values[0], Line):
            texts = self.on_lines([line.text for line in values])
            told = tuple(
                line if line.text == text else msgspec.structs.replace(line, text=text)
                for line, text in zip(values, texts, strict=True)
            )
        # Lines are many and each stands once: they are not worth remembering.
        after = tuple(self._struct(each) if isinstance(each, Line) else self._value(each) for each in told)
        return values if all(one is other for one, other in zip(values, after, strict=True)) else after
