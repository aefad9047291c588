"""JSON spread over several lines: journalctl's json-pretty, ``gcloud logging read``, an event exported by hand.

A document is read whole, since one event's traceback may lie deep in it. A list of entries that grows beyond the
bound is read element by element; each entry keeps the number of the line where its own object began.
"""

from __future__ import annotations

from loopdoctor.carriers.blocks import MAX_BLOCK_CHARS, MAX_BLOCK_LINES, Piece
from loopdoctor.carriers.json_lines import entries_of, read_json, salvaged
from loopdoctor.patterns import lazy

OPENING = lazy(r"\s*[{\[](?:\s*$|\s*(?:\"[^\"]*\"\s*:|[{\[]).*[,{\[]\s*$)")
ELEMENT = lazy(r"(?P<indent>\s*)\{\s*$")
STRING = lazy(r'"(?:[^"\\]|\\.)*"')
NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
# What a line can begin with, by what the line before it ended in.
MEMBER = lazy(r'\s*(?:"|\}|$)')
VALUE = lazy(
    rf'\s*(?:[{{"}}\],]|\[\s*(?:$|[\]{{\["]|{NUMBER}\s*[,\]]|true|false|null)|{NUMBER}\s*[,\]}}]?\s*$|true|false|null|$)'
)
CLOSING = lazy(r"\s*(?:[\]},]|$)")


def _depth(text: str) -> int:
    """How many objects and lists a line opens beyond those it closes."""
    if '"' in text:
        text = STRING.sub("", text)
    return text.count("{") + text.count("[") - text.count("}") - text.count("]")


class JsonBlock:
    """One document, from its opening brace to the one that closes it."""

    raw = False

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.first = 0
        self.size = 0
        self.open = 0
        self.done = False
        self.quoted = False
        self.last = ""  # the character that the last line which is not blank ends in

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes lines until all braces are closed."""
        if self.done:
            return False, []
        if not self.lines:
            self.first = number
        elif not self._goes_on(text):
            return False, self._given_up()
        self.lines.append(text)
        self.size += len(text)
        self.last = text.rstrip()[-1:] or self.last
        self.open += _depth(text)
        self.quoted ^= STRING.sub("", text).count('"') % 2 == 1 if '"' in text else False
        if self.open <= 0:
            self.done = True
            return True, self.close()
        if len(self.lines) > MAX_BLOCK_LINES or self.size > MAX_BLOCK_CHARS:
            return True, self._shed()
        return True, []

    def _goes_on(self, text: str) -> bool:
        """Whether a line can stand here in JSON: a lone brace may open many other things."""
        if self.quoted:
            return True  # within a string that somebody broke
        last = self.last
        if last == "{":
            return MEMBER.match(text) is not None
        return (VALUE if last in ("[", ",", ":") else CLOSING).match(text) is not None

    def _given_up(self) -> list[Piece]:
        """It was no JSON: the lines are the program's own."""
        lines, self.lines = self.lines, []
        return [Piece(self.first + index, text, "", whole=True) for index, text in enumerate(lines)]

    def _shed(self) -> list[Piece]:
        """Gives the finished elements of a list too long to be held, and keeps the one that is open."""
        spans = self._elements()
        found: list[Piece] = []
        for begin, end in spans:
            found += self._read(self.lines[begin:end], self.first + begin)
        kept = spans[-1][1] if spans else len(self.lines)
        self.first += kept
        self.lines = self.lines[kept:]
        self.size = sum(map(len, self.lines))
        if not spans:
            self.open = 0
            self.done = True
        return found

    def _elements(self) -> list[tuple[int, int]]:
        """The outermost objects that stand in a list: begin and end as indexes of lines."""
        begin = 1 if self.lines and self.lines[0].strip() in ("{", "[") else 0
        spans = []
        indent: str | None = None
        for index in range(begin, len(self.lines)):
            text = self.lines[index]
            match = ELEMENT.match(text)
            if match is not None and (indent is None or len(match["indent"]) <= len(indent)):
                indent, begin = match["indent"], index
            elif indent is not None and text.startswith(indent + "}"):
                spans.append((begin, index + 1))
        return spans

    def _read(self, lines: list[str], number: int) -> list[Piece]:
        text = "\n".join(lines).rstrip().removesuffix(",")
        value = read_json(text)
        if value is None:
            value = salvaged(text)
        return [Piece(number, "", entry.name, entry=entry) for entry in entries_of(value)]

    def close(self) -> list[Piece]:
        """The document's entries; if it was cut off, those that can be read; if it has none, its lines."""
        if not self.lines:
            return []
        lines = self.lines
        found = self._entries()
        self.lines = [] if found else lines
        return found or self._given_up()

    def _entries(self) -> list[Piece]:
        lines, self.lines = self.lines, []
        value = read_json("\n".join(lines))
        if value is None:
            self.lines = lines
            spans = self._elements()
            self.lines = []
            spans = spans or [(0, len(lines))]
            return [piece for begin, end in spans for piece in self._read(lines[begin:end], self.first + begin)]
        entries = list(entries_of(value))
        if len(entries) < 2:
            return [Piece(self.first, "", entry.name, entry=entry) for entry in entries]
        self.lines = lines
        spans = self._elements()
        self.lines = []
        if len(spans) != len(entries):
            return [Piece(self.first, "", entry.name, entry=entry) for entry in entries]
        numbers = [self.first + begin for begin, _ in spans]
        return [Piece(number, "", entry.name, entry=entry) for number, entry in zip(numbers, entries, strict=True)]


def json_block(text: str) -> JsonBlock | None:
    """The block that a line opens: a lone brace, or an object that goes on in the next line."""
    return JsonBlock() if OPENING.match(text) and _depth(text) > 0 else None
