"""Counts what was read of a source, while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loopdoctor.model import Notice


class Tally:
    """What has been read of one source so far; exact once its windows are exhausted.

    ``bytes`` and ``lines`` are those of the log (unpacked, in UTF-8); ``handed_over`` the bytes that windows held;
    ``cut_lines`` lines of windows that were longer than ``max_line``, and ``nul_lines`` those with zero bytes in them.
    ``whole`` says why the source was handed over whole ("" if it was not). ``watch``, if set, is called for each block.
    """

    def __init__(self, watch: Callable[[Tally], None] | None = None) -> None:
        self.bytes = 0
        self.lines = 0
        self.handed_over = 0
        self.cut_lines = 0
        self.nul_lines = 0
        self.whole = ""
        self.watch = watch

    def read(self, size: int, newlines: int) -> None:
        """Counts a block."""
        self.bytes += size
        self.lines += newlines
        if self.watch is not None:
            self.watch(self)

    def losses(self, source: str, max_line: int) -> Iterator[Notice]:
        """What to say of text that was not handed over as it stood."""
        if self.cut_lines:
            lines = "1 line longer" if self.cut_lines == 1 else f"{self.cut_lines} lines longer"
            yield Notice("line-cut", f"{lines} than {max_line} bytes cut to that length", source)
        if self.nul_lines:
            lines = "1 line" if self.nul_lines == 1 else f"{self.nul_lines} lines"
            yield Notice("zero-bytes", f"zero bytes left out of {lines}: text may have been lost", source)
