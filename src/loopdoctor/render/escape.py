"""Log text is data: what could steer a terminal, or cannot be encoded, is shown as an escape instead."""

from __future__ import annotations

import re

from loopdoctor.patterns import lazy

# C0 (but not the tab), DEL and C1 move cursors and set titles; U+2028/9 break lines; the rest reorders or hides text
# (Unicode TR 36, "Trojan Source"); lone surrogates come from bytes that were no UTF-8.
_UNSAFE = lazy(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_UNSAFE_IN_JSON = lazy("[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_SURROGATE = lazy("[\ud800-\udfff]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def visible(text: str) -> str:
    """``text`` as one harmless line: controls, bidirectional marks and surrogates become ``\\x1b``, ``\\u202e`` ..."""
    return _UNSAFE.sub(_escape, text)


def encodable(text: str) -> str:
    """``text`` with lone surrogates written as ``\\udc80``, so that UTF-8 can hold it; nothing else changes."""
    return _SURROGATE.sub(_escape, text)


def json_safe(document: str) -> str:
    """A JSON document whose strings mean the same, but which no terminal takes for anything but text."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", document)
