"""Text that a terminal library folded to a column's width, unfolded again.

rich breaks a line only where the next word would not fit, so a line that leaves room for the next one's first word
was ended by the program itself. A word longer than the column is cut into pieces of exactly its width.
"""

from __future__ import annotations

from loopdoctor.patterns import lazy

# asyncio and its libraries put each of these on a line of its own, even where it would have been folded there too.
OWN_LINE = lazy(
    r"(?:task|future|handle|transport|protocol|connector|connections|client_session|client_response|client_connection"
    r"|asyncgen|socket|server|source_traceback|handle_traceback):(?: |$)|Traceback \(most"
)

# What ends a frame's source line, however full it is: the exception's own line, which stands at column 0.
LAST_LINE = lazy(r"(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*: |[A-Z]\w*(?:Error|Exception|Group)$)")

Numbered = tuple[int, str]


def was_folded(text: str, following: str, width: int) -> bool:
    """Whether ``following`` is the rest of ``text``, folded at ``width``."""
    if not text or not following or following[0] == " " or OWN_LINE.match(following):
        return False
    if text.startswith("    ") and LAST_LINE.match(following):
        return False
    return len(text) + 1 + len(following.split(" ", 1)[0]) > width


def unfolded(lines: list[Numbered], width: int) -> list[Numbered]:
    """The lines as they were before they were folded; each keeps the number of its first piece."""
    found: list[Numbered] = []
    previous = ""
    for number, text in lines:
        text = text.rstrip()
        if found and was_folded(previous, text, width):
            begin, whole = found[-1]
            cut = len(previous) >= width and " " not in previous
            found[-1] = (begin, whole + text if cut else f"{whole} {text}")
        else:
            found.append((number, text))
        previous = text
    return found
