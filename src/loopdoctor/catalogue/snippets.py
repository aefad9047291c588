"""The code of a step: whether it is what it claims to be.

A snippet is Python unless its first line says otherwise: ``# shell`` (or a prompt, ``$ ``), ``# toml`` (or a table,
``[tool.``), ``# ini``, ``# yaml``, ``# dockerfile``, ``# text``. Python is parsed as at the prompt of
``python -m asyncio``, so ``await`` may stand at the top; TOML is parsed too; of the rest nothing is checked.
"""

from __future__ import annotations

import ast
import re
import tomllib
import warnings

from loopdoctor.catalogue.placeholders import fill

HINT = "start code of another language with a line `# shell`, `# toml`, `# ini`, `# yaml`, `# dockerfile` or `# text`"

_LANGUAGE = re.compile(
    r"\s*(?:# ?(?P<named>shell|toml|ini|yaml|dockerfile|text)\b|(?P<prompt>\$ )|(?P<table>\[tool\.))",
)


def language(code: str) -> str:
    """``python``, ``shell``, ``toml``, ``ini``, ``yaml``, ``dockerfile`` or ``text``, as the first line says."""
    found = _LANGUAGE.match(code)
    if found is None:
        return "python"
    if found["named"]:
        return found["named"]
    return "shell" if found["prompt"] else "toml"


def fault(code: str) -> str:
    """What keeps a snippet from being read, with its line there; "" for a sound one (or an empty one).

    Placeholders take their defaults first. Nothing is executed.
    """
    filled = fill(code, {})
    match language(code):
        case "python":
            return _python_fault(filled)
        case "toml":
            return _toml_fault(filled)
        case _:
            return ""


def _python_fault(code: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(code, "<snippet>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        return f"not Python: {error.msg} (line {error.lineno} of the snippet)"
    except (Warning, ValueError, RecursionError, MemoryError) as error:
        return f"not Python: {error or type(error).__name__}"
    return ""


def _toml_fault(code: str) -> str:
    try:
        tomllib.loads(code)
    except tomllib.TOMLDecodeError as error:
        return f"not TOML: {error}"
    return ""
