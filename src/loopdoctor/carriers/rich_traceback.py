"""rich's traceback boxes -> the lines that CPython prints.

Reads ``rich.traceback`` of any width, with or without locals, in round or ASCII boxes, folded paths and folded last
lines, chains, and the panels of an exception group's members. Only the marked line of each excerpt is a frame's
source.
"""

from __future__ import annotations

from loopdoctor.carriers.folding import Numbered, unfolded, was_folded
from loopdoctor.patterns import lazy

TOP = lazy(r"(?P<indent>[ ]*)[╭┌+][─-]+ Traceback \(most\b[^─│\n]{0,24}?[─-]+[╮┐+]\s*$")
PANEL = lazy(r"[╭┌+][─-]+ Sub-exception #(?P<number>\d+) [─-]+[╮┐+]\s*$")
SYNTAX_TOP = lazy(r"[╭┌+][─-]{20,}[╮┐+]$")
BOTTOM = lazy(r"[╰└+][─-]{8,}[╯┘+]?\s*$")
INNER_TOP = lazy(r"[╭┌+][─-]+ locals [─-]+")
PLACE = lazy(r"(?P<file>.+?):(?P<line>\d+) in (?P<function>.+)$")
NAMELESS = lazy(r"in (?P<function>.+):(?P<line>\d+)$")
CODE = lazy(r"(?P<mark>[❱>]?) *(?P<line>\d+)(?: (?P<code>.*))?$")
GUIDES = lazy(r"^[│| ]+")
LINKS = ("The above exception was", "During handling of the")
GROUP = lazy(r"[\w.]*(?:Group|[Ee]rrors?)\b.*\(\d+ sub-exceptions?\)$")
MAX_LINES = 8000


class RichTraceback:
    """One traceback of rich's with its chain, fed line by line from the column where its box begins."""

    def __init__(self) -> None:
        self.state = "start"  # start, box, locals, tail, after, panel
        self.width = 0
        self.frames: list[Numbered] = []
        self.place: list[Numbered] = []
        self.tail: list[Numbered] = []
        self.child: RichTraceback | None = None
        self.members: list[list[Numbered]] = []
        self.blanks: list[Numbered] = []
        self.count = 0
        self.last = 0  # the number of the last line taken that is not blank

    def feed(self, number: int, text: str) -> tuple[bool, list[Numbered]]:
        """Whether the line belonged to the traceback, and the lines that are finished now."""
        taken, found = self._feed(number, text)
        if taken and text.strip():
            self.last = number
        return taken, found

    def _feed(self, number: int, text: str) -> tuple[bool, list[Numbered]]:
        self.count += 1
        if self.count > MAX_LINES:
            return False, self.close()
        state = self.state
        if state in ("box", "locals"):
            return self._in_box(number, text)
        if state == "panel":
            return self._in_panel(number, text)
        if TOP.match(text) and state != "tail":
            return self._begin(number, text)
        if state == "after" and self.frames and (panel := PANEL.match(text)) is not None:
            self.state, self.child = "panel", RichTraceback()
            self.members.append([(number, panel["number"])])
            self.blanks = []
            return True, []
        if state == "after":
            return self._after(number, text)
        return self._in_tail(number, text)

    def _begin(self, number: int, text: str) -> tuple[bool, list[Numbered]]:
        found = self._finished()
        if self.frames or found:
            found += [(line, "") for line, _ in self.blanks[:1]]
        self.blanks = []
        self.width = len(text.rstrip())
        self.frames = [(number, "Traceback (most recent call last):")]
        self.state = "box"
        return True, found

    def _in_box(self, number: int, text: str) -> tuple[bool, list[Numbered]]:
        if BOTTOM.match(text):
            self.state = "tail"
            return True, []
        if text[:1] not in ("│", "|", "┃"):
            self.state = "tail"
            return (True, []) if not text.strip() else (False, self.close())
        content = text.rstrip()
        content = content[2:].rstrip("│|┃ ") if content[-1:] in "│|┃" else content[2:]
        if self.state == "locals":
            if BOTTOM.match(content):
                self.state = "box"
        elif INNER_TOP.match(content):
            self.state = "locals"
        elif content and content[0] not in " │❱|>╭╰" and not content.startswith("... "):
            self.place.append((number, content))
        elif self.place and not content:
            self._frame()
        elif (code := CODE.match(content.lstrip() if content[:1] == " " else content)) is not None and code["mark"]:
            source = GUIDES.sub("", code["code"] or "").strip()
            if source:
                self.frames.append((number, f"    {source}"))
        return True, []

    def _frame(self) -> None:
        """A frame's heading, which may be folded anywhere, even within its path."""
        number = self.place[0][0]
        whole = ""
        for _, text in self.place:
            blank = " " if whole and (whole.endswith(" in") or text.startswith("in ")) else ""
            whole += blank + text
        self.place = []
        if (match := PLACE.match(whole)) is not None:
            self.frames.append((number, f'  File "{match["file"]}", line {match["line"]}, in {match["function"]}'))
        elif (match := NAMELESS.match(whole)) is not None:
            self.frames.append((number, f'  File "<unknown>", line {match["line"]}, in {match["function"]}'))

    def _in_tail(self, number: int, text: str) -> tuple[bool, list[Numbered]]:
        """The exception's own line behind the box, folded to the box's width."""
        text = text.rstrip()
        if not self.tail and SYNTAX_TOP.match(text):
            self.state = "locals"  # the source of a SyntaxError, in a box of its own
            return True, []
        if not text:
            self.state = "after"
            self.blanks = [(number, "")]
            return True, []
        if self.tail and not was_folded(self.tail[-1][1], text, self.width):
            return False, self.close()
        self.tail.append((number, text))
        return True, []

    def _after(self, number: int, text: str) -> tuple[bool, list[Numbered]]:
        if not text.strip():
            self.blanks.append((number, ""))
            return len(self.blanks) < 4, []
        if text.startswith(LINKS):
            found = self._finished()
            found += [(line, "") for line, _ in self.blanks[:1]]
            self.blanks = []
            self.tail = [(number, text.rstrip())]
            self.state = "tail"
            return True, found
        return False, self.close()

    def _in_panel(self, number: int, text: str) -> tuple[bool, list[Numbered]]:
        child = self.child
        if child is None:
            return False, self.close()
        if BOTTOM.match(text) or text[:1] not in ("│", "|", "┃"):
            self.members[-1] += child.close()
            self.child = None
            self.state = "after"
            return True, []
        content = text.rstrip()[1:-1]
        taken, lines = child.feed(number, content.removeprefix(" ").rstrip())
        self.members[-1] += lines if taken else [*lines, (number, content.strip())]
        return True, []

    def _finished(self) -> list[Numbered]:
        """The box and its last line, as CPython prints them; a group's with rails."""
        if self.place:
            self._frame()
        tail = unfolded(self.tail, self.width) if self.tail else []
        lines = [*self.frames, *tail]
        self.frames, self.tail = [], []
        members, self.members = self.members, []
        if not (tail and lines and lines[0][1].startswith("Traceback") and (members or GROUP.match(tail[0][1]))):
            return lines
        found = [(lines[0][0], "  + Exception Group Traceback (most recent call last):")]
        found += [(number, f"  | {text}") for number, text in lines[1:]]
        for index, member in enumerate(members):
            opening = "  +-+" if index == 0 else "    +"
            found.append((member[0][0], f"{opening}---------------- {member[0][1]} ----------------"))
            for number, text in member[1:]:
                found.append((number, f"    | {text.removeprefix('  + ') if '+ Exc' in text else text}"))
        if members:
            found.append((found[-1][0], "    +------------------------------------"))
        return found

    def close(self) -> list[Numbered]:
        """What is still held."""
        found = self._finished()
        found += self.blanks
        self.blanks = []
        return found
