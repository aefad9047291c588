"""The state of one lane: everything that a line's meaning may depend on, and that ends where lines were skipped."""

from __future__ import annotations

from loopdoctor.carriers.blocks import Block
from loopdoctor.carriers.cells import Learned
from loopdoctor.carriers.loguru_lines import LoguruFilter
from loopdoctor.carriers.reprinted import Reprinted

MAX_CHILDREN = 1024


class Lane:
    """One stream of lines inside another; lanes nest as their wrappings do.

    ``key`` and ``carrier`` are the outer ones' joined with this one's. ``sticky`` is the process or thread of the
    last logging head: lines without a head belong to it. ``aligned`` is the column to which a transport indents the
    further lines of an entry, and the lane of that entry. ``blanks`` holds how few blanks stood between a level and
    a message: what is more is the message's own indentation. ``between`` says that a server-sent event was read,
    which an empty line ends.
    """

    __slots__ = (
        "aligned", "between", "blanks", "block", "carrier", "children", "filter", "key", "learned", "margin",
        "pending", "quoted", "reprinted", "sticky", "tail_logger", "waiting",
    )  # fmt: skip

    def __init__(self, key: str = "", carrier: str = "") -> None:
        self.key = key
        self.carrier = carrier
        self.children: dict[tuple[str, str], Lane] = {}
        self.block: Block | None = None
        self.filter: LoguruFilter | None = None
        self.reprinted = Reprinted()
        self.learned: list[Learned] = []
        self.waiting: list[tuple[int, str, str | None]] = []
        self.aligned: tuple[int, Lane] | None = None
        self.margin = ""
        self.pending = ""
        self.sticky = ""
        self.quoted = False
        self.between = False
        self.blanks: dict[str | None, int] = {}
        self.tail_logger = False

    @property
    def idle(self) -> bool:
        """Whether nothing is open that the next line could belong to."""
        return not (
            self.block is not None
            or self.filter is not None
            or self.aligned is not None
            or self.margin
            or self.pending
            or self.waiting
            or self.learned
            or self.quoted
            or self.tail_logger
            or self.between
        )

    def child(self, key: str, carrier: str) -> Lane:
        """The lane of a key inside this one."""
        found = self.children.get((key, carrier))
        if found is None:
            found = Lane(joined(self.key, key), f"{self.carrier}+{carrier}" if self.carrier else carrier)
            self.children[key, carrier] = found
        return found


def joined(outer: str, inner: str) -> str:
    """The key of a lane inside another."""
    return f"{outer}/{inner}" if outer and inner else outer or inner
