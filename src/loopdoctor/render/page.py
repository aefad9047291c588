"""Lays text out for people: a narrow column of labels, a wide one of words, wrapped without breaking paths.

Only ``Text`` values are printed, never markup, and everything passes ``visible`` on its way into one.
"""

from __future__ import annotations

from io import StringIO
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from loopdoctor.patterns import lazy
from loopdoctor.render import View
from loopdoctor.render.escape import visible

_WORD = lazy(r"\s*\S+\s*")
_MARGIN = 2


class Glyphs(NamedTuple):
    """The few signs of a report; all of one column."""

    full: str
    empty: str
    rail: str
    bullet: str
    line: str


_UNICODE = Glyphs("█", "░", "│", "•", "─")
_ASCII = Glyphs("#", ".", "|", "*", "-")

# pygments' names, where they are not the catalogue's.
_LEXERS = {"shell": "bash", "dockerfile": "docker"}

# What the catalogue's prose uses beyond ASCII, for terminals that have no more.
_TYPOGRAPHY = str.maketrans(
    dict(zip("–—‘’“”…×→≥≤\xa0", ("-", "-", "'", "'", '"', '"', "...", "x", "->", ">=", "<=", " "), strict=True))
)


class Page:
    """Text being laid out; ``take`` hands over what has been written since the last call."""

    def __init__(self, view: View, *, label: int = 11) -> None:
        self.view = view
        self._left = _MARGIN + label
        self.width = max(view.width, 40)
        self.glyphs = _ASCII if view.ascii else _UNICODE
        self._buffer = StringIO()
        self._label = Text()
        self._console = Console(
            file=self._buffer,
            width=self.width,
            force_terminal=view.color,
            # The sixteen colours are those that the reader chose for the terminal.
            color_system="standard" if view.color else None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )

    def take(self) -> str:
        """The text written since the last call."""
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.translate(_TYPOGRAPHY) if self.view.ascii else text

    def blank(self) -> None:
        """An empty line."""
        self._buffer.write("\n")

    def label(self, name: str) -> None:
        """Puts ``name`` beside whatever is written next."""
        self._label = Text(name, "dim")

    def section(self, name: str) -> None:
        """Starts a section: an empty line, and ``name`` beside whatever is written next."""
        self.blank()
        self.label(name)

    def rule(self) -> None:
        """A line across the page."""
        self._print(Text(self.glyphs.line * self.width, "dim"))

    def wide(self, text: Text, *, hang: int = 0) -> None:
        """``text`` over the whole width, without the column of labels."""
        self._lines(text, Text(), Text(" " * hang))

    def words(self, text: Text, *, first: str | Text = "", indent: int = 0) -> None:
        """A paragraph in the wide column: ``first`` stands before its first line, the others are indented as far."""
        lead = Text(" " * indent)
        lead.append(first if isinstance(first, Text) else Text(first))
        hang = Text(" " * (self._left + lead.cell_len))
        self._lines(text, self._column() + lead, hang)

    def quoted(self, lines: list[Text], *, indent: int = 0) -> None:
        """Lines of a log, each behind a rail; what is too long goes on behind the rail too."""
        lead = Text(" " * indent) + Text(self.glyphs.rail, "dim") + Text(" ")
        for line in lines:
            inset = min(len(line.plain) - len(line.plain.lstrip()), 16) + 2
            self._lines(line, self._column() + lead, Text(" " * self._left) + lead + Text(" " * inset))

    def code(self, source: str, *, indent: int = 0, note: str = "") -> None:
        """A piece of Python, coloured where there is colour; its lines are never wrapped."""
        if note:
            self.words(Text(note, "dim"), indent=indent)
        for line in self._highlighted(source):
            self._print(Text(" " * (self._left + indent + 2)) + line)

    def listing(self, source: str, language: str = "python") -> None:
        """A whole file or a run of commands, from the first column on, so that it can be copied."""
        for line in self._highlighted(source, language):
            self._print(line)

    def bar(self, share: float, cells: int) -> Text:
        """A bar of ``cells`` columns, filled by ``share`` (0 to 1)."""
        full = round(min(max(share, 0.0), 1.0) * cells)
        style = "green" if share >= 0.5 else "yellow" if share >= 0.2 else "dim"
        return Text.assemble((self.glyphs.full * full, style), (self.glyphs.empty * (cells - full), "dim"))

    def _column(self) -> Text:
        label, self._label = self._label, Text()
        column = Text(" " * _MARGIN) + label
        column.append(" " * (self._left - column.cell_len))
        return column

    def _highlighted(self, source: str, named: str = "") -> list[Text]:
        safe = "\n".join(visible(line) for line in source.rstrip().split("\n"))
        if not self.view.color:
            return [Text(line) for line in safe.split("\n")]
        from rich.syntax import Syntax  # pygments costs 40 ms: only where colour is shown

        from loopdoctor.catalogue.snippets import language

        name = named or language(source)
        lexer = _LEXERS.get(name, name)
        text = Syntax(safe, lexer, theme="ansi_dark", background_color="default").highlight(safe)
        text.rstrip()
        return list(text.split("\n", allow_blank=True))

    def _lines(self, text: Text, first: Text, rest: Text) -> None:
        width = max(self.width - max(first.cell_len, rest.cell_len), 20)
        lead = first
        for line in text.divide(_breaks(text.plain, width)):
            line.rstrip()
            self._print(lead + line)
            lead = rest

    def _print(self, line: Text) -> None:
        line.rstrip()
        self._console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)


def _breaks(text: str, width: int) -> list[int]:
    """Where to break ``text``: between words only, since rich would fold a long path and then nobody can copy it."""
    breaks = []
    used = 0
    for word in _WORD.finditer(text):
        size = cell_len(word[0].rstrip())
        if used and word.start() and used + size > width:
            breaks.append(word.start())
            used = 0
        used += cell_len(word[0])
    return breaks


def plain(text: str, style: str = "") -> Text:
    """``text`` as one line of data in one style."""
    return Text(visible(text), style)


def prose(text: str, style: str = "") -> Text:
    """A sentence of the catalogue: `code` stands out, its backticks stay for readers without colour."""
    out = Text(style=style)
    for index, part in enumerate(visible(text.strip()).split("`")):
        if index:
            out.append("`", "cyan")
        out.append(part, "cyan" if index % 2 else None)
    return out


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a block of prose: a line break in the rule file is one here, an empty line is none."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def columns(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return cell_len(text)
