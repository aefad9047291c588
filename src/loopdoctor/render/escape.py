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
# Commands to CI runners that stand anywhere in a line: ##[...] (GitHub's first form), ##vso[...], ##teamcity[...].
_COMMAND = lazy(r"(##\w{0,20})\[")
_COMMAND_LINE = lazy(r"(?m)^([^\S\n]*):(?=:)")


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
    """A JSON document whose strings mean the same, but which no terminal or CI runner takes for more than text."""
    safe = _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", document)
    return _COMMAND.sub(r"\1\\u005b", safe) if "##" in safe else safe


def runner_safe(text: str) -> str:
    """Printed text in which a CI runner that reads along finds no command: neither ``::error::`` nor ``##[error]``.

    Sources: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs (both forms),
    https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
    """
    return _COMMAND.sub(r"\1\\x5b", _COMMAND_LINE.sub(r"\1\\x3a", text))


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
    return _COMMAND.sub(r"\1&#91;", safe)
