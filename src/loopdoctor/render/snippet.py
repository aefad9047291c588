"""The user's own source lines round a frame, where the file is at hand and still says what the log saw."""

from __future__ import annotations

from loopdoctor.checkout import Checkout
from loopdoctor.model import Frame

AROUND = 2


def source_lines(frame: Frame | None, checkout: Checkout | None, around: int = AROUND) -> list[tuple[int, str]]:
    """The frame's line and those round it, numbered, their common indent taken off; empty if the file is not sure."""
    if frame is None or frame.line is None or checkout is None:
        return []
    file = checkout.find(frame.file, frame.line, frame.source)
    lines = checkout.lines(file, frame.line, around) if file else []
    here = next((text for number, text in lines if number == frame.line), None)
    if here is None or not here.strip() or (frame.source and here.strip() != frame.source.strip()):
        return []  # the file has changed since
    while lines and not lines[0][1].strip():
        lines = lines[1:]
    while lines and not lines[-1][1].strip():
        lines = lines[:-1]
    texts = [text.expandtabs(4) for _, text in lines]
    indent = min(len(text) - len(text.lstrip()) for text in texts if text.strip())
    return [(number, text[indent:].rstrip()) for (number, _), text in zip(lines, texts, strict=True)]
