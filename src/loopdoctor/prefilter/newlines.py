"""Counts line breaks: where stringzilla is there five times as fast as Python does, which else is half of a scan."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache


@cache
def counter() -> Callable[[bytes], int]:
    """What counts the line breaks of a block. Python's own count reads 3 GB/s and lets no other thread run."""
    try:
        from stringzilla import count
    except Exception:  # noqa: BLE001 - missing, or broken: it is spared either way
        return lambda block: block.count(b"\n")
    return lambda block: int(count(block, b"\n"))
