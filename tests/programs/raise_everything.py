"""Prints random exceptions through this Python's own traceback and logging, and says where each one stands.

    python raise_everything.py SEED COUNT LOG EXPECTED

Runs on Python 3.8 and later. LOG gets the lines, EXPECTED a JSON list of {"start", "end", "exception"}.
"""

import asyncio
import io
import json
import logging
import random
import sys
import traceback

MODERN = sys.version_info >= (3, 11)


class Refused(Exception):
    """An exception of this module's own, with a dotted name in its last line."""


def fail(rnd, depth):
    """Raises a random exception, some frames down."""
    if depth > 0:
        return (lambda: fail(rnd, depth - 1))() if rnd.random() < 0.2 else fail(rnd, depth - 1)
    kind = rnd.randrange(9)
    if kind == 0:
        raise RuntimeError("Event loop is closed")
    if kind == 1:
        return {}["order %d" % rnd.randrange(99)]
    if kind == 2:
        raise asyncio.CancelledError
    if kind == 3:
        return compile("x = = 1", "settings_%d.py" % rnd.randrange(9), "exec")
    if kind == 4:
        return exec("def f():\n    1/0\nf()", {})
    if kind == 5:
        raise Refused("no place for item %d" % rnd.randrange(99))
    if kind == 6:
        return int("twelve")
    if kind == 7:
        raise AssertionError
    raise OSError(111, "Connection refused", "db:5432")


def recurse(n):
    """Runs out of stack, so that frames are folded into a repeat."""
    return recurse(n + 1)


def chained(rnd):
    """An exception with a cause or a context."""
    try:
        fail(rnd, rnd.randrange(3))
    except BaseException as first:
        if rnd.random() < 0.5:
            raise Refused("second") from first
        fail(rnd, 1)


def grouped(rnd, depth=0):
    """A group of exceptions, perhaps of groups."""
    members = []
    for _ in range(rnd.randrange(1, 4)):
        try:
            if depth < 2 and rnd.random() < 0.3:
                grouped(rnd, depth + 1)
            elif rnd.random() < 0.3:
                chained(rnd)
            else:
                fail(rnd, rnd.randrange(2))
        except BaseException as error:
            members.append(error)
    raise BaseExceptionGroup("several things failed", members)  # noqa: F821


def one(rnd, logged):
    """Raises something, and returns the exception."""
    choice = rnd.random()
    try:
        if choice < 0.25:
            chained(rnd)
        elif choice < 0.45 and MODERN:
            grouped(rnd)
        elif choice < 0.5:
            recurse(0)
        elif choice < 0.6 and logged:
            raise ValueError("line one\nline two\n  indented line three")
        else:
            fail(rnd, rnd.randrange(4))
    except BaseException as error:
        if MODERN and logged and rnd.random() < 0.2:
            error.add_note("while handling item %d" % rnd.randrange(99))
        return error


def name_of(error):
    """The exception's name as Python prints it at the end of a traceback."""
    cls = type(error)
    return cls.__qualname__ if cls.__module__ in ("builtins", "__main__") else cls.__module__ + "." + cls.__qualname__


def main():
    """Writes the log and what stands in it."""
    seed, count, log_path, expected_path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    rnd = random.Random(seed)
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("orders")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    expected = []

    def lines():
        return out.getvalue().count("\n")

    for number in range(count):
        for _ in range(rnd.randrange(1, 4)):
            logger.info("handled order %d in %d ms", rnd.randrange(1000), rnd.randrange(90))
        logged = rnd.random() < 0.6
        error = one(rnd, logged)
        start = lines() + 1
        if logged:
            head = "order %d failed" % number if rnd.random() < 0.8 else "order %d failed\nwhile it was packed" % number
            logger.error(head, exc_info=(type(error), error, error.__traceback__))
        else:
            traceback.print_exception(type(error), error, error.__traceback__, file=out)
        expected.append({"start": start, "end": lines(), "exception": name_of(error)})
    logger.info("done")
    with open(log_path, "w", encoding="utf-8") as log:
        log.write(out.getvalue())
    with open(expected_path, "w", encoding="utf-8") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main()
