"""journalctl's outputs that spend a line on each field: ``-o export`` and ``-o verbose``.

Export (systemd's Journal Export Formats): ``NAME=value`` lines, or ``NAME`` alone, then eight bytes of little-endian
length, the value with its newlines, and a newline; an empty line ends the entry. Verbose: a head with a time and a
cursor, then ``    NAME=value``, further lines of a value indented to its first column.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.blocks import MAX_BLOCK_LINES, Piece
from loopdoctor.patterns import lazy

EXPORT_FIELD = lazy(r"(?P<name>[A-Z_][A-Z0-9_]{0,63})(?:=(?P<value>.*))?$", re.DOTALL)
# Names that may follow a value of several lines: a line of the value that merely looks like a field ends nothing.
KNOWN_FIELD = lazy(
    r"(?:_|MESSAGE|PRIORITY|SYSLOG_|CODE_|ERRNO|UNIT|USER_|INVOCATION|TID|THREAD|LOGGER|CONTAINER_|JOB_)"
)
MAX_FIELDS = 1000
LENGTH = lazy(r"[^\0]{0,4}\0{3,8}")
VERBOSE_HEAD = lazy(r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d (?P<time>\d\d:\d\d:\d\d\.\d+) \S+ \[s=[0-9a-f]+;i=")
VERBOSE_FIELD = lazy(r" {4}(?P<name>[A-Z_][A-Z0-9_]{0,63})=(?P<value>.*)$", re.DOTALL)


class JournalEntry:
    """The fields of one entry as they come in, whatever their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: dict[str, str] = {}
        self.message: list[tuple[int, str]] = []

    def pieces(self) -> list[Piece]:
        """The entry's message line by line, in the lane of its unit."""
        get = self.fields.get
        ident = get("SYSLOG_IDENTIFIER") or get("_SYSTEMD_UNIT") or get("_COMM") or ""
        pid = f"[{get('_PID')}]" if get("_PID") else ""
        key = "/".join(filter(None, (get("_HOSTNAME"), ident + pid)))
        time = get("__REALTIME_TIMESTAMP") or get("time")
        found = [Piece(number, text, self.name, key, time) for number, text in self.message]
        self.fields = {}
        self.message = []
        return found


class ExportBlock:
    """``journalctl -o export``."""

    raw = True

    def __init__(self) -> None:
        self.entry = JournalEntry("journald-export")
        self.binary = ""
        self.lengthy = False
        self.blanks: list[int] = []

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes a field, a line of a binary field, or the empty line that ends an entry."""
        if self.lengthy:
            match = LENGTH.match(text)
            if match is None and len(text) <= 4:
                return True, []  # the length itself held a newline
            self.lengthy = False
            self._value(number, text[match.end() :] if match else text)
            return True, []
        if not text:
            if not self.binary:
                return True, self.entry.pieces()
            self.blanks.append(number)  # the value's own, or the end of the entry: the next line tells
            return True, []
        match = EXPORT_FIELD.match(text)
        if match is not None and (not self.binary or KNOWN_FIELD.match(text)):
            return True, self._field(number, match)
        if not self.binary or len(self.entry.message) > MAX_BLOCK_LINES:
            return False, self.close()
        for blank in self.blanks:
            self._value(blank, "")
        self.blanks = []
        self._value(number, text)
        return True, []

    def _field(self, number: int, match: re.Match[str]) -> list[Piece]:
        found = self.entry.pieces() if self.blanks else []
        self.blanks = []
        self.binary = ""
        if match["value"] is None:
            self.binary, self.lengthy = match["name"], True
        else:
            self.entry.fields[match["name"]] = match["value"]
            if match["name"] == "MESSAGE":
                self.entry.message.append((number, match["value"]))
        if len(self.entry.fields) > MAX_FIELDS:
            found += self.entry.pieces()
        return found

    def _value(self, number: int, text: str) -> None:
        if self.binary == "MESSAGE":
            self.entry.message.append((number, text.replace("\0", "")))

    def close(self) -> list[Piece]:
        """The last entry, which no empty line may follow."""
        self.binary = ""
        return self.entry.pieces()


class VerboseBlock:
    """``journalctl -o verbose``."""

    raw = False

    def __init__(self) -> None:
        self.entry = JournalEntry("journald-verbose")
        self.field = ""

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes a head, a field, or a further line of a field."""
        if (head := VERBOSE_HEAD.match(text)) is not None:
            found = self.entry.pieces()
            self.entry.fields["time"] = head["time"]
            return True, found
        field = VERBOSE_FIELD.match(text)
        if field is not None:
            self.field = field["name"]
            if self.field == "MESSAGE":
                self.entry.message.append((number, field["value"]))
            else:
                self.entry.fields[self.field] = field["value"]
            return True, []
        width = 5 + len(self.field)
        if self.field and len(self.entry.message) < MAX_BLOCK_LINES and (not text.strip() or text[:width].isspace()):
            if self.field == "MESSAGE":
                self.entry.message.append((number, text[width:]))
            return True, []
        return False, self.close()

    def close(self) -> list[Piece]:
        """The last entry."""
        return self.entry.pieces()


def journal_block(text: str) -> ExportBlock | VerboseBlock | None:
    """The block that a line opens, if it is the first of an entry."""
    if text.startswith("__CURSOR="):
        return ExportBlock()
    if ";i=" in text and VERBOSE_HEAD.match(text):
        return VerboseBlock()
    return None
