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
_UNSAFE_IN_XML = lazy("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TICKS = lazy("`+")
_MARKUP = lazy(r"[\\`*_{}\[\]()#+!|~$-]")
_LINKED = lazy(r"@|#|:(?=//)|(?i:www)(?=\.)")


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


def workflow_data(text: str) -> str:
    """``text`` as the message of a GitHub workflow command: its line breaks stay inside the command.

    Source: escapeData in https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    lines = "\n".join(visible(line) for line in text.split("\n"))
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """``text`` as a property of a workflow command, which ``:`` and ``,`` would end. Source: escapeProperty there."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")


def xml(text: str) -> str:
    """``text`` as XML content or a quoted attribute; characters that XML 1.0 cannot hold are shown as escapes.

    Source: https://www.w3.org/TR/xml/#charsets
    """
    safe = _UNSAFE_IN_XML.sub(_escape, "\n".join(visible(line) for line in text.split("\n")))
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        safe = safe.replace(character, entity)
    return safe


def markdown_code(text: str) -> str:
    """``text`` as a code span, in which nothing is a link, a mention or markup."""
    text = visible(text).replace("\t", " ").strip() or " "
    ticks = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    inner = f" {text} " if text.startswith("`") or text.endswith("`") else text
    return f"{ticks}{inner}{ticks}"


def markdown_block(text: str, language: str = "") -> str:
    """``text`` as a fenced block of code that it cannot end."""
    lines = "\n".join(visible(line) for line in text.rstrip("\n").split("\n"))
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(lines)), default=0))
    return f"{fence}{language}\n{lines}\n{fence}\n"


def markdown_text(text: str) -> str:
    """``text`` as one paragraph of plain words, with the code spans that a catalogue's prose has."""
    parts = visible(" ".join(text.split())).split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is but a backtick
        parts[-2:] = ["`".join(parts[-2:])]
    return "".join(markdown_code(part) if odd % 2 else _markdown_words(part) for odd, part in enumerate(parts))


def _markdown_words(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    # GitHub makes links of addresses, @names and #numbers in what is left; an empty comment keeps it from that.
    return _LINKED.sub(r"\g<0><!-- -->", escaped)
