"""JUnit's XML as pytest and unittest runners write it: what a test printed and how it failed, one lane a test.

Read as text, not by an XML parser: a report may be cut off, may hold control characters, and must not be able to
define entities. Only the five predefined entities and numbers are known.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.blocks import Piece
from loopdoctor.patterns import lazy

OPENING = lazy(r"\s*<(?:\?xml\b|testsuites?\b|testcase\b)")
TAG = lazy(r"<(?P<end>/?)(?P<name>[\w:?!\[-]+)(?P<attributes>(?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'])*)>|<!\[CDATA\[|\]\]>")
CDATA = "<![CDATA["
CDATA_END = lazy(r"\]\]>")
ATTRIBUTE = lazy(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
SPEAKING = frozenset({"failure", "error", "skipped", "system-out", "system-err"})
ESCAPE = lazy(r"#x([0-9A-F]{2})(?![0-9A-Fa-f])")


class JUnitBlock:
    """A report, read as it comes."""

    raw = False

    def __init__(self) -> None:
        self.test = ""
        self.inside = ""
        self.depth = 0
        self.cdata = False
        self.pending = ""
        self.message: str | None = None
        self.seen = False

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes a line; gives the parts of it that a test printed."""
        if not self.inside and not self.pending and self.seen and "<" not in text:
            return (True, []) if not text.strip() else (False, [])
        self.seen = True
        if self.pending:
            text, self.pending = f"{self.pending}\n{text}", ""
        found: list[Piece] = []
        at = 0
        while (match := (CDATA_END if self.cdata else TAG).search(text, at)) is not None:
            self._text(number, text[at : match.start()], found, ends=True)
            self._tag(number, match, found)
            at = match.end()
        rest = text[at:]
        if "<" in rest and not self.cdata and len(rest) < 1 << 16:
            self.pending = rest
        else:
            self._text(number, rest, found, ends=False)
        return True, found

    def _text(self, number: int, text: str, found: list[Piece], *, ends: bool) -> None:
        if not self.inside or (ends and not text):
            return
        from html import unescape  # its table of entities takes longer to load than a short log to read

        plain = text if self.cdata else unescape(text)
        plain = ESCAPE.sub(lambda match: chr(int(match[1], 16)), plain) if "#x" in plain else plain
        name = "junit-xml"
        found.extend(Piece(number, line, name, self.test, whole=True) for line in plain.split("\n"))

    def _tag(self, number: int, match: re.Match[str], found: list[Piece]) -> None:
        if match[0] in (CDATA, "]]>"):
            self.cdata = match[0] == CDATA
            return
        name = match["name"]
        attributes = match["attributes"] or ""
        if name == "testcase":
            self.test = "" if match["end"] else self._test_id(attributes)
        elif name in SPEAKING:
            closed = attributes.rstrip().endswith("/")
            if name in ("failure", "error") and not match["end"] and not closed:
                # pytest's own heading of a failure, which its XML leaves out
                found.append(
                    Piece(
                        number, f" {self.test.rpartition('::')[2]} ".center(80, "_"), "junit-xml", self.test, whole=True
                    )
                )
            self.inside = "" if match["end"] or closed else name
            if closed and not match["end"] and (message := _attributes(attributes).get("message")):
                found.extend(Piece(number, line, "junit-xml", self.test, whole=True) for line in message.split("\n"))

    @staticmethod
    def _test_id(attributes: str) -> str:
        values = _attributes(attributes)
        return "::".join(filter(None, (values.get("classname"), values.get("name"))))

    def close(self) -> list[Piece]:
        """Nothing is held back but half a tag."""
        return []


def _attributes(text: str) -> dict[str, str]:
    from html import unescape

    return {name: unescape(double or single) for name, double, single in ATTRIBUTE.findall(text)}


def junit_block(text: str) -> JUnitBlock | None:
    """The block that a line opens, if it is the first of a report (or a test of a report that was cut)."""
    return JUnitBlock() if OPENING.match(text) else None
