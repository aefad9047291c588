"""Writes a log full of failures that are hard to tell apart from what stands around them, and says where each stands.

    python write_hostile.py SEED COUNT STYLE LOG EXPECTED

STYLE is a key of ``FORMATS``. Runs on Python 3.8 and later. LOG gets the lines, EXPECTED a JSON list of
{"start", "end", "kind", "exception", "message"}: the first line of the last exception's message, or null where the
record has no exception. Only what the text itself decides is written: a message of several lines needs a head behind
it that ends it, and so does an ordinary line that is indented.
"""

import asyncio
import faulthandler
import gc
import io
import json
import linecache
import logging
import os
import random
import sys
import tempfile
import threading
import traceback
import warnings

VERSION = sys.version_info[:2]
FORMATS = {
    "plain": "%(message)s",
    "usual": "%(asctime)s %(levelname)s %(name)s: %(message)s",
    "dashes": "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
    "basic": "%(levelname)s:%(name)s:%(message)s",
    "brackets": "[%(asctime)s] [%(levelname)s] %(message)s",
    "wide": "%(asctime)s %(levelname)-8s [%(name)s] %(filename)s:%(lineno)d %(message)s",
    "process": "[%(asctime)s: %(levelname)s/%(processName)s] %(message)s",
    "columns": "%(asctime)s | %(levelname)-8s | %(name)s:%(funcName)s:%(lineno)d - %(message)s",
}


class Refused(Exception):
    """Of this module's own."""


class Ёлка(Exception):
    """A name that is no ASCII."""


def class_in_function():
    class Spilt(Exception):
        pass

    Spilt.__module__ = "mill.sacks"
    return Spilt


class_in_lambda = (lambda: type("Torn", (Exception,), {"__module__": "mill.cloth"}))()
class_in_lambda.__qualname__ = "patch.<locals>.<lambda>.<locals>.Torn"
LOWER = type("timeout", (OSError,), {"__module__": "mill.wind"})
PLAIN_NAME = type("Empty", (Exception,), {"__module__": "mill._bins"})
NOT_ERROR = type("HTTPStatus", (Exception,), {"__module__": "mill.web.client.v2"})
PRIVATE = type("_Private", (Exception,), {"__module__": "_mill"})


class Mute(Exception):
    def __str__(self):
        raise ValueError("no words")


class MySyntax(SyntaxError):
    pass


ONE_LINE = [
    "", "Event loop is closed", "no such file: '/srv/mill/flour.txt'", "expected 3, got 4 (see mill.py:33)",
    "  leading blanks", "ends with colon:", "tabs\tin\tbetween", "naïve café ☕ ёлка 火", "{'a': [1, 2, {'b': None}]}",
    "2026-01-31 10:00:00,123 ERROR mill: not a head", "Traceback (most recent call last):", "File \"x\", line 3, in f",
    "<Task pending name='Task-1' coro=<f() running at x.py:3>>", "x" * 3000, "key: value: more: 12", "100%", "'", '"""',
    "ValueError: nested: inner", "(psycopg.OperationalError) connection refused", "| pipe", "+---- 1 ----", "----> 12",
    "task: <Task pending>", "During handling of the above exception, another exception occurred:",
]
HEADINGS = (
    "Traceback (most recent call last):",
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
EXTRA = [
    "second line", "", "  indented by two", "    indented by four", "\tindented by a tab", "Error: x", "key: value",
    "ValueError: not the last line", "asyncio.TimeoutError", "  File \"/srv/a.py\", line 3, in f", "^^^^^^", "~~~~^^~~",
    "The above exception was the direct cause of the following exception:", "- item one", "- item two: 3",
    "SELECT *", "  FROM sacks", " WHERE id = 3;", "[SQL: SELECT 1]", "(Background on this error at: https://sqlalche.me/e/20/e3q8)",
    "{", "  \"a\": 1,", "}", "x: <Thing at 0x7f>", "| a | b |", "=====", "-----", "...", "日本語", "Stack", "> quoted",
    "During handling of the above exception, another exception occurred:", "  | rail-like", "last words.", "12:30 lunch",
    "Traceback (most recent call last):", "E   assert 1", "future: none", "    ~~^~~",
]  # fmt: skip


def long_message(rnd):
    """Several lines, hostile ones among them; the first and the last say something."""
    lines = [rnd.choice(ONE_LINE[1:])] + [rnd.choice(EXTRA) for _ in range(rnd.randrange(1, 9))]
    if rnd.random() < 0.03:
        lines += ["row %d of the table" % n for n in range(rnd.choice([50, 150, 260]))]
    # A header that a frame follows, or that stands behind a link, is a traceback for every reader.
    kept = [line for line, before in zip(lines, ["", *lines]) if not before.endswith(HEADINGS) or "File" not in line]
    kept = [line for line, before in zip(kept, ["", *kept]) if not before.endswith(HEADINGS[1:]) or line != HEADINGS[0]]
    return "\n".join([*kept, "the end"])


EXEC = "def grind(x):\n    return grind_more(x)\ndef grind_more(x):\n    raise ValueError('milled')\ngrind(1)\n"


def sourced(rnd, source):
    """Runs source that linecache knows, so that carets and several source lines are shown."""
    name = "/srv/mill/part_%d.py" % rnd.randrange(10**6)
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), {"__name__": "mill.part"})


SOURCES = [
    "def f(a):\n    return (a\n            + 1\n            + [][3]\n            + 4)\nf(1)\n",
    "x = [1 / n for n in (1, 0)]\n",
    "class A:\n    def m(self):\n        return self.n()\n    n = lambda self: {}['k']\nA().m()\n",
    "def f():\n    raise RuntimeError(\n        'one'\n        'two'\n    )\nf()\n",
    "import json\njson.loads('{')\n",
    "def g(n):\n    if n: return g(n - 1)\n    raise KeyError('deep')\ng(12)\n",
    "assert (1 ==\n        2), 'sums'\n",
    "d = {'a': {'b': None}}\nd['a']['b']['c']['d']\n",
    "async def c(): raise EOFError\nc().send(None)\n",
    "def gen():\n    yield 1\n    raise LookupError('no more')\nlist(gen())\n",
    "raise ValueError('Traceback (most recent call last):')\n",
    "'''\nTraceback (most recent call last):\n'''; raise OSError(2, 'No such file', 'Traceback')\n",
    "import importlib; importlib.import_module('no_such_mill')\n",
    "from json import dump_it\n",
    "print(pront)\n",
    "''.uper()\n",
    "eval('1 +')\n",
    "exec('if 1:\\nx')\n",
    "exec('if 1:\\n\\tx\\n        y')\n",
    "compile('a b', 'odd name.py', 'exec')\n",
    "exec('x = (1,\\n  2,\\n  3')\n",
    "exec('f(1 for x in y, 2)')\n",
    "exec(\"s = '''never ended\")\n",
    "import subprocess; raise subprocess.CalledProcessError(3, ['mill', '-x'])\n",
    "int('x' * 90)\n",
    "open('/no/such/file')\n",
    "import struct; struct.unpack('i', b'')\n",
    "import zlib; zlib.decompress(b'x')\n",
    "import queue; queue.Queue().get_nowait()\n",
    "import socket; raise socket.timeout('timed out')\n",
    "import re; re.compile('(')\n",
    "b'\\xff'.decode()\n",
    "import concurrent.futures; raise concurrent.futures.TimeoutError()\n",
    "import xml.etree.ElementTree as e; e.fromstring('<a>')\n",
    "raise SystemExit(3)\n",
    "raise KeyboardInterrupt\n",
    "raise StopAsyncIteration('x')\n",
    "raise UserWarning('as an error')\n",
    "def f():\n\tx = 1\n\treturn x / 0\nf()\n",
]


def raise_one(rnd, several):
    """Raises a random exception without chain."""
    pick = rnd.randrange(14)
    if pick < 5:
        sourced(rnd, rnd.choice(SOURCES))
    if pick == 5:
        exec(EXEC, {})
    if pick == 6:
        raise Mute
    if pick == 7:
        raise MySyntax(rnd.choice(["bad words", "not here"]), rnd.choice([("s.py", 3, 2, "x = = 1\n"), ("s.py", None, None, None), (None, 2, 1, " y =\n")]))
    if pick == 8:
        raise SyntaxError(rnd.choice(["no place", "", None]))
    if pick == 9:
        raise AssertionError
    message = long_message(rnd) if several and rnd.random() < 0.6 else rnd.choice(ONE_LINE)
    cls = rnd.choice([Refused, Ёлка, class_in_function(), class_in_lambda, LOWER, PLAIN_NAME, NOT_ERROR, PRIVATE,
                      RuntimeError, KeyError, OSError, ImportError, asyncio.TimeoutError, asyncio.CancelledError])
    raise cls(message) if message or rnd.random() < 0.5 else cls()


def recurse(n):
    return recurse(n + 1)


def ping(n):
    return pong(n + 1)


def pong(n):
    return ping(n + 1)


class BadRepr:
    def __repr__(self):
        return "<%r>" % self.missing


def chain(rnd, several, depth):
    try:
        make(rnd, several, depth - 1)
    except BaseException as first:
        pick = rnd.randrange(4)
        if pick == 0:
            raise Refused("in place of it") from first
        if pick == 1 and rnd.random() < 0.5:
            raise Refused("suppressed") from None
        if pick == 1:
            raise Refused("for a reason") from rnd.choice([ValueError("never raised"), KeyError(), LOWER("in time")])
        if pick == 2:
            try:
                raise_one(rnd, several)
            except BaseException as second:
                raise LookupError("both") from second
        raise_one(rnd, several)


def group(rnd, several, depth):
    members = []
    for _ in range(rnd.choice([1, 1, 2, 3, 18 if depth < 2 else 2])):
        try:
            make(rnd, several, depth - 1)
        except BaseException as error:
            members.append(error)
    cls = BaseExceptionGroup  # noqa: F821
    if rnd.random() < 0.2:
        cls = type("Sacks", (BaseExceptionGroup,), {"__module__": rnd.choice(["mill.sacks", "__main__"])})  # noqa: F821
    text = rnd.choice(["unhandled errors in a TaskGroup", "several (2 of 3)", "x", "multi\nline" if several else "y"])
    raise cls(text, members)


def nested_group(depth):
    inner = ValueError("innermost")
    for level in range(depth):
        inner = ExceptionGroup("level %d" % level, [inner, KeyError(level)])  # noqa: F821
    raise inner


def add_notes(rnd, error, several):
    if VERSION < (3, 11):
        return
    pick = rnd.randrange(6)
    if pick == 0:
        error.add_note("seen at the mill")
    elif pick == 1:
        error.add_note("first\n  second\n\nValueError: third")
        error.add_note("another")
    elif pick == 2:
        error.__notes__ = ["fine", 3, BadRepr()]
    elif pick == 3:
        error.__notes__ = {"not": "a list"}
    elif pick == 4:
        error.add_note("Seen before:\nTraceback (most recent call last):\n  File \"x.py\", line 3, in g\nKeyError: 'quoted'")


def make(rnd, several, depth=2):
    pick = rnd.random()
    try:
        if depth > 0 and pick < 0.3:
            chain(rnd, several, depth)
        elif depth > 0 and pick < 0.5 and VERSION >= (3, 11):
            group(rnd, several, depth)
        elif pick < 0.53:
            recurse(0)
        elif pick < 0.55:
            ping(0)
        elif pick < 0.57:
            repr([BadRepr()])
        elif pick < 0.6 and VERSION >= (3, 11):
            nested_group(rnd.choice([3, 9, 10, 11, 14]))
        else:
            raise_one(rnd, several)
    except BaseException as error:
        if several and rnd.random() < 0.3:
            add_notes(rnd, error, several)
        raise


def caught(rnd, several):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        make(rnd, several)
    except BaseException as error:
        return error
    finally:
        sys.setrecursionlimit(limit)


def printed(error):
    """The name and the first line of the message, as the last lines of a traceback have them."""
    cls = type(error)
    module = cls.__module__
    name = cls.__qualname__ if module in ("builtins", "__main__") else module + "." + cls.__qualname__
    lines = "".join(traceback.format_exception_only(cls, error)).split("\n")
    own = next(line for line in lines if line == name or line.startswith(name + ":"))
    return name, own[len(name) + 2 :]


def c_prints_alike(error):
    """Whether the interpreter's own printer, which is written in C, names this as ``traceback`` does."""
    if VERSION < (3, 11) and ("." in type(error).__qualname__ or type(error).__module__ == "__main__"):
        return False
    return not (isinstance(error, (Mute, SystemExit)) or isinstance(error, SyntaxError) and error.msg in (None, ""))


ORDINARY = [
    "handled sack 7 in 3 ms", "Error: x", "key: value", "GET /mill 200 OK", "done", "Exception handling is fine",
    "see mill.py:33", "{'a': 1}", "100% [=====>]", "a traceback was seen", "12:30 lunch", "warning: low on flour",
    "https://mill.example/path?x=1", "SELECT * FROM sacks", "- item", "* bullet", "ValueError is what we raise",
    "File uploaded", "raise the bar", "The above is fine", "task finished", "ready.", "#1", "日本語",
    "Stack of 3 sacks", "=> next", "x = 3", "name: Anna", "Process finished", "ok: 3 failed: 0", "...", "---", "==",
]
INDENTED = ["  - item", "    x = 1", "\tTab", " one", "      deep: yes", "  File upload: done", "    ^ here", ""]


class Writer:
    def __init__(self, rnd, style):
        self.rnd = rnd
        self.plain = style == "plain"
        self.out = io.StringIO()
        self.expected = []
        handler = logging.StreamHandler(self.out)
        handler.setFormatter(logging.Formatter(FORMATS[style]))
        self.logger = logging.getLogger("mill.wheel")
        for logger in (self.logger, logging.getLogger("asyncio"), logging.getLogger("py.warnings")):
            logger.handlers = [handler]
            logger.setLevel(logging.DEBUG)
            logger.propagate = False

    def line(self):
        return self.out.getvalue().count("\n") + 1

    def ordinary(self):
        rnd = self.rnd
        if self.plain:
            for _ in range(rnd.randrange(1, 4)):
                self.out.write(rnd.choice(ORDINARY) + "\n")
            return
        for _ in range(rnd.randrange(1, 3)):
            text = rnd.choice(ORDINARY)
            if rnd.random() < 0.3:
                text += "\n" + "\n".join(rnd.choice(ORDINARY + INDENTED) for _ in range(rnd.randrange(1, 5)))
            self.logger.log(rnd.choice([logging.INFO, logging.DEBUG, logging.INFO]), "%s", text)
        if rnd.random() < 0.3:
            for _ in range(rnd.randrange(1, 4)):
                self.out.write(rnd.choice(ORDINARY + INDENTED) + "\n")

    def expect(self, start, kind, error=None, name=None, message=None):
        if error is not None:
            name, message = printed(error)
        end = self.line() - 1
        self.expected.append({"start": start, "end": end, "kind": kind, "exception": name, "message": message})

    def to_stderr(self, action):
        before, sys.stderr = sys.stderr, self.out
        try:
            action()
        finally:
            sys.stderr = before

    # --- failures: each writes one record

    def print_exception(self):
        error = caught(self.rnd, False)
        start = self.line()
        traceback.print_exception(type(error), error, error.__traceback__, file=self.out)
        self.expect(start, "traceback", error)

    def uncaught(self):
        error = caught(self.rnd, False)
        if not c_prints_alike(error):
            return
        start = self.line()
        self.to_stderr(lambda: sys.__excepthook__(type(error), error, error.__traceback__))
        self.expect(start, "traceback", error)

    def thread(self):
        error = caught(self.rnd, False)
        if not c_prints_alike(error):
            return
        start = self.line()
        args = threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
        self.to_stderr(lambda: threading.__excepthook__(args) if VERSION >= (3, 10) else threading.excepthook(args))
        self.expect(start, "traceback", error)

    def unraisable(self):
        message = self.rnd.choice(["Event loop is closed", "no flour", ""])

        class Link:
            def __del__(self):
                raise RuntimeError(message) if message else RuntimeError

        start = self.line()

        def drop():
            link = Link()
            del link
            gc.collect()

        self.to_stderr(drop)
        self.expect(start, "unraisable", name="RuntimeError", message=message)

    def warn(self):
        start = self.line()
        name = "/srv/mill/warn_%d.py" % self.rnd.randrange(10**6)
        text = self.rnd.choice(["x", "coroutine 'f' was never awaited", "unclosed <socket fd=3>", "a: b: c"])
        source = "\n\n" + self.rnd.choice(["    f()\n", "x = 1  # Warning: y\n", "\n", "raise ValueError('x')\n"])
        if self.rnd.random() < 0.7:
            linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        cls = self.rnd.choice([RuntimeWarning, DeprecationWarning, ResourceWarning, UserWarning])
        self.to_stderr(lambda: warnings._showwarnmsg_impl(warnings.WarningMessage(text, cls, name, 3)))
        self.expect(start, "warning")

    def faulted(self):
        with tempfile.TemporaryFile("w+") as file:
            faulthandler.dump_traceback(file, all_threads=self.rnd.random() < 0.5)
            file.seek(0)
            text = file.read()
        start = self.line()
        self.out.write(text)
        self.expect(start, "stack")

    def logged(self):
        rnd = self.rnd
        error = caught(rnd, not self.plain)
        head = rnd.choice(ORDINARY[:1] + ["job failed", "job failed: %s" % error.__class__.__name__, "", "lost it:"])
        if not self.plain and rnd.random() < 0.3:
            head = "job failed\n" + "\n".join(rnd.choice(ORDINARY + INDENTED) for _ in range(rnd.randrange(1, 4))) + "\nand so"
        start = self.line()
        level = rnd.choice([logging.ERROR, logging.WARNING, logging.CRITICAL])
        info = (type(error), error, error.__traceback__)
        self.logger.log(level, "%s", head, exc_info=info, stack_info=not self.plain and rnd.random() < 0.2)
        if self.plain:
            start += head.count("\n") + 1
        self.expect(start, "traceback", error)

    def stack_only(self):
        start = self.line() + self.plain
        self.logger.warning("slow wheel", stack_info=True)
        self.expect(start, "stack")

    def asyncio_report(self):
        rnd = self.rnd
        loop = asyncio.new_event_loop()
        error = caught(rnd, not self.plain)
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            error = ValueError("x")
        future = loop.create_future()
        context = {"message": rnd.choice(["Task exception was never retrieved", "Future exception was never retrieved",
                                          "Unhandled error in exception handler", "Fatal write error on socket transport"]),
                   "exception": error, "future": future}
        start = self.line()
        loop.default_exception_handler(context)
        loop.close()
        self.expect(start, "asyncio", error)

    def failures(self):
        found = [self.print_exception, self.uncaught, self.thread, self.unraisable, self.warn, self.faulted, self.logged,
                 self.logged, self.logged, self.asyncio_report, self.asyncio_report]
        return found if self.plain else [*found, self.stack_only]


def main():
    seed, count, style, log_path, expected_path = sys.argv[1:]
    rnd = random.Random(seed + style)
    gc.disable()  # what is collected while the stack is used up brings Python 3.8 down
    writer = Writer(rnd, style)
    for _ in range(int(count)):
        writer.ordinary()
        rnd.choice(writer.failures())()
    writer.ordinary()
    with open(log_path, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as log:
        log.write(writer.out.getvalue())
    with open(expected_path, "w", encoding="utf-8") as file:
        json.dump(writer.expected, file)


if __name__ == "__main__":
    main()
    os._exit(0)  # Python 3.12.1 breaks down while it clears away what was left of deep recursions
