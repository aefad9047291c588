"""The messages in a module's Python source, read with ``ast``: what it raises, warns, logs and reports.

Runs under Python 3.8, with the standard library alone (see ``collect.py``).
"""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    Names = dict[str, list[str]]
    """What each variable may hold at a point of the source: texts, with ``{}`` for their gaps."""

_EXCEPTION = re.compile(r"(?:[a-z_.]*\.)?[A-Z]\w*(?:Error|Exception|Warning|Group|Closed|Timeout|Operation|State)$")
_LOG = {"debug": "debug", "info": "info", "warning": "warning", "warn": "warning", "error": "error"}
_LOG.update({"exception": "error", "critical": "critical", "log": ""})
PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:ll|l|z|h)?[a-zA-Z]")
FIELD = re.compile(r"\{[^{}]*\}")
MAX_VARIANTS = 8


class Message(NamedTuple):
    """A text that can be written: ``kind`` is raise, warn, log, handler (a loop's exception handler) or c."""

    text: str
    kind: str
    exception: str
    where: str


def python_messages(source: str, module: str) -> Iterator[Message]:
    """Every message in one module's source; ``module`` is its path as it shall be told."""
    body = ast.parse(source).body
    yield from _in_body(body, module + ":", _assigned(body))


def _in_body(body: Iterable[ast.stmt], where: str, names: Names) -> Iterator[Message]:
    """Statement by statement, so that a message kept in a variable is known where it is used."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _in_definition(statement, where, names)
            continue
        yield from _in_expressions(statement, where, names)
        if isinstance(statement, ast.If):
            if _is_default(statement):  # default_exception_handler: what a context without a message is called
                yield from _messages(statement.body[0].value, names, "handler", "", where)  # type: ignore[attr-defined]
            other = dict(names)
            yield from _in_body(statement.body, where, names)
            yield from _in_body(statement.orelse, where, other)
            for name in other:
                names[name] = list(dict.fromkeys(names.get(name, []) + other[name]))[:MAX_VARIANTS]
            continue
        for field in ("body", "handlers", "orelse", "finalbody", "cases"):
            for inner in getattr(statement, field, []):
                yield from _in_body([inner] if isinstance(inner, ast.stmt) else inner.body, where, names)
        if isinstance(statement, ast.Assign) and _dotted(statement.targets[0]).lower().endswith("_message"):
            yield from _messages(statement.value, names, "handler", "", where)
        _note_assignment(statement, names)


def _is_default(statement: ast.If) -> bool:
    return ast.dump(statement.test) == ast.dump(ast.parse("not message", mode="eval").body) and isinstance(
        statement.body[0], ast.Assign
    )


def _in_definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, where: str, names: Names
) -> Iterator[Message]:
    inner = where + ("" if where.endswith(":") else ".") + node.name
    if not isinstance(node, ast.ClassDef):
        for at, default in enumerate(reversed(node.args.defaults), 1):
            if (node.args.posonlyargs + node.args.args)[-at].arg == "message":
                yield from _messages(default, names, "handler", "", inner)
    yield from _in_body(node.body, inner, dict(_assigned(node.body), **names))


def _assigned(body: list[ast.stmt]) -> Names:
    """What a body assigns anywhere: a function inside it may use what is assigned only after it."""
    names: Names = {}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                texts = templates(node.value, names)
                if texts:
                    names.setdefault(node.targets[0].id, texts)
    return names


def _note_assignment(statement: ast.stmt, names: Names) -> None:
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AugAssign):
        target = statement.target
    if not isinstance(target, ast.Name):
        return
    texts = templates(statement.value, names)  # type: ignore[attr-defined]
    if isinstance(statement, ast.AugAssign):
        texts = [first + more for first in names.get(target.id, []) for more in texts]
    if texts:
        names[target.id] = texts[:MAX_VARIANTS]


def _in_expressions(statement: ast.stmt, where: str, names: Names) -> Iterator[Message]:
    """The messages of a statement's own expressions, without those of the statements inside it."""
    if isinstance(statement, ast.Assert) and statement.msg is not None:
        yield from _messages(statement.msg, names, "raise", "AssertionError", where)
    if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
        yield from _raised(statement.exc, where, names, certain=True)
    waiting: list[ast.AST] = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr)]
    for item in getattr(statement, "items", []):
        waiting.append(item.context_expr)
    while waiting:
        node = waiting.pop(0)
        waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call):
            yield from _in_call(node, where, names)
        elif isinstance(node, ast.Dict):
            for at, key in enumerate(node.keys):
                if isinstance(key, ast.Constant) and key.value == "message":
                    yield from _messages(node.values[at], names, "handler", "", where)


def _in_call(call: ast.Call, where: str, names: Names) -> Iterator[Message]:
    name = _dotted(call.func)
    method = name.rpartition(".")[2]
    if method in ("warn", "_warn") and call.args and not name.startswith(("logger.", "_log")):
        category = next((word.value for word in call.keywords if word.arg == "category"), None)
        category = category or (call.args[1] if len(call.args) > 1 else None)
        kind = _dotted(category).rpartition(".")[2] if category else "UserWarning"
        yield from _messages(call.args[0], names, "warn", kind or "UserWarning", where)
    elif method == "_deprecated" and call.args:
        yield from _deprecated(call, where, names)
    elif method in _LOG and "log" in name.rpartition(".")[0].lower():
        yield from _messages(call.args[1 if method == "log" else 0 :], names, "log", _LOG[method], where)
    elif method == "_fatal_error" and len(call.args) > 1:
        yield from _messages(call.args[1], names, "handler", "", where)
    elif method in ("fail", "skip") and call.args:  # pytest's
        yield from _messages(call.args[0], names, "raise", {"fail": "Failed", "skip": "Skipped"}[method], where)
    elif method == "print" and any(word.arg == "file" for word in call.keywords):
        yield from _messages(call.args, names, "log", "", where)
    elif _EXCEPTION.match(name):
        yield from _raised(call, where, names, certain=False)


def _raised(call: ast.Call, where: str, names: Names, certain: bool) -> Iterator[Message]:
    name = _dotted(call.func)
    if certain and _EXCEPTION.match(name):
        return  # found again among the statement's calls
    texts = call.args[1:] if call.args[1:] and not templates(call.args[0], names) else call.args  # OSError(errno, text)
    yield from _messages(texts, names, "raise", name.rpartition(".")[2], where)


def _deprecated(call: ast.Call, where: str, names: Names) -> Iterator[Message]:
    """``warnings._deprecated(name, message, remove=...)``: the message's own fields are ``name`` and ``remove``."""
    default = "{name!r} is deprecated and slated for removal in Python {remove}"
    given = [word.value for word in call.keywords if word.arg == "message"] + call.args[1:2]
    for name in templates(call.args[0], names):
        for text in [str(value.value) for value in given if isinstance(value, ast.Constant)] or [default]:
            text = text.replace("{name!r}", repr(name)).replace("{remove}", "{}")
            yield Message(text, "warn", "DeprecationWarning", where)


def _messages(node: object, names: Names, kind: str, exception: str, where: str) -> Iterator[Message]:
    first = node[:1] if isinstance(node, list) else [node]
    for expression in first:
        for text in templates(expression, names):
            if kind == "log":
                text = PERCENT.sub("{}", text)
            if re.search(r"[A-Za-z]{3}", text.replace("{}", "")):
                yield Message(text, kind, exception, where)


def templates(node: object, names: Names) -> list[str]:
    """The texts that an expression may give, with ``{}`` for what is known only when it is run; none if all is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    if isinstance(node, ast.Name):
        return names.get(node.id, [])
    if isinstance(node, ast.IfExp):
        return templates(node.body, names) + templates(node.orelse, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return [PERCENT.sub("{}", text).replace("%%", "%") for text in templates(node.left, names)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = templates(node.left, names), templates(node.right, names)
        if left or right:
            return [one + other for one in left or ["{}"] for other in right or ["{}"]][:MAX_VARIANTS]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return [FIELD.sub("{}", text) for text in templates(node.func.value, names)]
    if isinstance(node, ast.Call) and _dotted(node.func).endswith("dedent") and node.args:
        return [textwrap.dedent(text) for text in templates(node.args[0], names)]
    return []


def _dotted(node: object) -> str:
    if isinstance(node, ast.Attribute):
        return _dotted(node.value) + "." + node.attr
    if isinstance(node, ast.Name):
        return node.id
    return _dotted(node.func) + "()" if isinstance(node, ast.Call) else ""
