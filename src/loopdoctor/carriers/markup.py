"""Text inside HTML or XML of any kind: ``File &quot;x&quot;, line 1, in &lt;module&gt;`` ... ``</pre></body>``.

What the tags mean does not matter. Those that open a line are a prefix like any other; here are the entities, and the
tags that close behind a last line.
"""

from __future__ import annotations

import html
import re

from loopdoctor.patterns import lazy

_NAMES = "quot|lt|gt|amp|apos|nbsp|#[0-9]{2,5}|#[xX][0-9a-fA-F]{2,4}"
ENTITY = lazy(rf"&(?:{_NAMES});".encode())
_TEXT = re.compile(f"&(?:{_NAMES});")
CLOSING_TAGS = lazy(r"(?:\]\]>)?(?:</[A-Za-z][\w:-]{0,60}>)+$|<br ?/?>$")


def without_entities(text: str) -> str:
    """The text with its entities read: of names only those that are common to HTML and XML."""
    return _TEXT.sub(lambda match: html.unescape(match[0]), text)
