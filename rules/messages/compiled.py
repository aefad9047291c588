"""The messages in Cython's sources, and the sentences in a compiled module.

Runs under Python 3.8, with the standard library alone (see ``collect.py``).
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING

from written import FIELD, PERCENT, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = re.compile(r"[A-Za-z'_][\w()'.:]* (?:[^ ]+ )*[a-zA-Z%'(*]")
_DEBUG = re.compile(r"GCC|GNU|(?:(?:un)?signed|short|long|char|int|float|double) |Accelerator module")


def cython_messages(source: str, module: str) -> Iterator[Message]:
    """Cython is no Python, but has its tokens: a call of an exception, ``warn`` or a logger that opens with a text."""
    code = re.compile(
        r"(?:(?P<exception>\w*(?:Error|Warning|Exception))|(?P<warn>warn)|\w*log\w*\.(?P<log>error|warning|debug|info))"
        r"\(\s*$|(?P<message>['\"]message['\"]\s*:\s*$|\b(?:msg|message)\s*=\s*\(?$)|(?P<fatal>_fatal_error\(\s*\w+,\s*(?:\w+,\s*)?$)"
    )
    before, text, start = "", [], ""
    function = ""
    tokens = _tokens(source)
    for at, token in enumerate(tokens):
        if token.type == tokenize.STRING and not token.string.lstrip("rbfRBFu").startswith(('"""', "'''")):
            text.append(_literal(token.string))
            start = start or before[-200:]
            before += "'message'" if text[-1] == "message" else "''"
            if text[-1] == "message":
                text, start = [], ""
            continue
        if token.type in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.COMMENT):
            continue
        if text:
            category = next((t.string for t in tokens[at : at + 15] if t.string.endswith("Warning")), "UserWarning")
            yield from _cython_message(code.search(start), "".join(text), category, module + ":" + function)
            text, start = [], ""
        if re.search(r"(?:def|cdef \w+|cdef)$", before.strip()[-40:]) and token.type == tokenize.NAME:
            function = token.string
        before = (before + (" " if before[-1:].isalnum() and token.string[:1].isalnum() else "") + token.string)[-300:]


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            found.append(token)
    except (tokenize.TokenError, IndentationError):
        pass  # what Cython allows and Python does not; the rest of the file is lost
    return found


def _cython_message(found: re.Match[str] | None, text: str, category: str, where: str) -> Iterator[Message]:
    if found is None or not re.search(r"[A-Za-z]{3}", text.replace("{}", "")):
        return
    if found["exception"]:
        kind = "warn" if found["exception"].endswith("Warning") else "raise"
        yield Message(text, kind, re.sub(r"^aio_", "", found["exception"]), where)
    elif found["warn"]:
        yield Message(text, "warn", category, where)
    else:
        yield Message(text, "log" if found["log"] else "handler", found["log"] or "", where)


def _literal(token: str) -> str:
    text = str(ast.literal_eval(token.lstrip("rbfuRBFU")))
    text = FIELD.sub("{}", text)
    return PERCENT.sub("{}", text)


def sentences(data: bytes) -> Iterator[str]:
    """The sentences among a binary's NUL-ended strings: several words, one line (docstrings have several)."""
    for chunk in data.split(b"\0"):
        if 12 <= len(chunk) <= 300 and chunk.isascii() and b"\n" not in chunk:
            text = chunk.decode()
            if text.isprintable() and _WORDS.match(text) and not _DEBUG.match(text):
                yield text
