"""Prints failures through one library's own printer, between ordinary lines, and says where each stands.

    python print_through.py PRODUCER COUNT LOG EXPECTED

PRODUCER is a key of ``PRODUCERS``. EXPECTED gets a JSON list of {"start", "end", "exception", "message"}. Exits with
status 77 where the library is absent.
"""

import asyncio
import importlib
import io
import json
import logging
import random
import sys
import traceback


class OrderLost(Exception):
    """Of this program's own."""


OrderLost.__module__ = "depot.orders"


def closed_loop(rnd):
    raise RuntimeError("Event loop is closed")


def wrong_loop(rnd):
    raise RuntimeError(
        "Task <Task pending name='Task-7' coro=<fetch() running at /srv/depot/db.py:31>> got Future <Future pending> "
        "attached to a different loop"
    )


def chained(rnd):
    try:
        {}["sku %d" % rnd.randrange(99)]
    except KeyError as error:
        if rnd.random() < 0.5:
            raise OrderLost("order %d has no sku" % rnd.randrange(99)) from error
        raise OrderLost("order %d" % rnd.randrange(99))


def several_lines(rnd):
    raise OrderLost("three things are wrong:\n  the label\n  the weight")


def silent(rnd):
    raise asyncio.CancelledError


def syntax(rnd):
    compile("x = = 1", "settings.py", "exec")


def deep(rnd, n=12):
    if n:
        return deep(rnd, n - 1)
    raise OSError(111, "Connection refused", "db:5432")


def grouped(rnd):
    members = []
    for make in (closed_loop, chained, silent, deep)[: rnd.randrange(1, 5)]:
        try:
            make(rnd)
        except BaseException as error:
            members.append(error)
    raise BaseExceptionGroup("unhandled errors in a TaskGroup", members)


def recursive(rnd, n=0):
    if n > 60:
        raise RecursionError("maximum recursion depth exceeded")
    return recursive(rnd, n + 1)


MAKERS = [closed_loop, wrong_loop, chained, several_lines, silent, syntax, deep, grouped, recursive]


def caught(rnd, without=()):
    make = rnd.choice([maker for maker in MAKERS if maker.__name__ not in without])
    label, weight = "box %d" % rnd.randrange(99), {"kg": rnd.random(), "text": "Traceback (most recent call last):"}
    try:
        make(rnd)
    except BaseException as error:
        return error


class Out(io.StringIO):
    """What the log holds so far."""

    def isatty(self):
        return False

    @property
    def line(self):
        return self.getvalue().count("\n") + 1


class Producer:
    """Writes ordinary lines and failures; ``without`` names the makers that its printer cannot tell apart."""

    needs = None
    without = ()
    names = staticmethod(lambda error: name_of(error))

    def __init__(self, out, rnd):
        self.out = out
        self.rnd = rnd
        self.setup()

    def setup(self):
        pass

    def ordinary(self):
        self.out.write("packed box %d\n" % self.rnd.randrange(99))

    def failure(self, error):
        raise NotImplementedError


def name_of(error):
    cls = type(error)
    return cls.__qualname__ if cls.__module__ in ("builtins", "__main__") else cls.__module__ + "." + cls.__qualname__


def short_name(error):
    return type(error).__qualname__


def info(error):
    return type(error), error, error.__traceback__


class Rich(Producer):
    needs = "rich"
    names = staticmethod(short_name)
    options = {}
    width = 100

    def setup(self):
        from rich.console import Console

        self.console = Console(file=self.out, width=self.width)

    def failure(self, error):
        from rich.traceback import Traceback

        self.console.print(Traceback.from_exception(*info(error), width=self.width, **self.options))


class RichLocals(Rich):
    options = {"show_locals": True}


class RichNarrow(RichLocals):
    width = 80


class RichSuppressed(Rich):
    options = {"suppress": [asyncio], "max_frames": 6, "extra_lines": 1}


class RichHandler(Producer):
    needs = "rich"
    names = staticmethod(short_name)
    tracebacks = True
    width = 110

    def setup(self):
        from rich.console import Console
        from rich.logging import RichHandler as Handler

        console = Console(file=self.out, width=self.width)
        self.logger = logging.getLogger("depot")
        self.logger.handlers = [Handler(console=console, rich_tracebacks=self.tracebacks, tracebacks_show_locals=self.tracebacks)]
        self.logger.propagate = False
        self.logger.setLevel("DEBUG")

    def ordinary(self):
        self.logger.info("packed box %d", self.rnd.randrange(99))

    def failure(self, error):
        self.logger.error("order lost", exc_info=info(error))


class RichHandlerPlain(RichHandler):
    tracebacks = False
    names = staticmethod(name_of)


class Loguru(Producer):
    needs = "loguru"
    options = {"backtrace": False, "diagnose": False}

    def setup(self):
        from loguru import logger

        logger.remove()
        logger.add(self.out, level="DEBUG", **self.options)
        self.logger = logger

    def ordinary(self):
        self.logger.info("packed box {}", self.rnd.randrange(99))

    def failure(self, error):
        self.logger.opt(exception=error).error("order lost")


class LoguruFull(Loguru):
    options = {"backtrace": True, "diagnose": True}


class LoguruJson(Loguru):
    options = {"serialize": True, "backtrace": False, "diagnose": False}


class Structlog(Producer):
    needs = "structlog"

    def processors(self, structlog):
        return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]

    def setup(self):
        import structlog

        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                *self.processors(structlog),
            ],
            logger_factory=structlog.PrintLoggerFactory(file=self.out),
        )
        self.logger = structlog.get_logger("depot")

    def ordinary(self):
        self.logger.info("packed", box=self.rnd.randrange(99))

    def failure(self, error):
        self.logger.error("order lost", exc_info=error, shelf=3)


class StructlogRich(Structlog):
    names = staticmethod(short_name)

    def processors(self, structlog):
        return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.RichTracebackFormatter(width=100))]


class StructlogJson(Structlog):
    def processors(self, structlog):
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class StructlogDict(Structlog):
    names = staticmethod(short_name)

    def processors(self, structlog):
        return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]


class Plain(Producer):
    """With a head before each line, as logging writes it."""

    def setup(self):
        handler = logging.StreamHandler(self.out)
        handler.setFormatter(self.formatter())
        self.logger = logging.getLogger("depot")
        self.logger.handlers = [handler]
        self.logger.propagate = False
        self.logger.setLevel("DEBUG")

    def formatter(self):
        return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def ordinary(self):
        self.logger.info("packed box %d", self.rnd.randrange(99))

    def failure(self, error):
        self.logger.error("order lost", exc_info=info(error))


class BetterExceptions(Plain):
    needs = "better_exceptions"

    def formatter(self):
        import better_exceptions

        class Formatter(logging.Formatter):
            def formatException(self, ei):
                return "".join(better_exceptions.format_exception(*ei)).rstrip("\n")

        return Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


class Stackprinter(Plain):
    needs = "stackprinter"
    names = staticmethod(short_name)
    without = ("grouped",)

    def formatter(self):
        import stackprinter

        class Formatter(logging.Formatter):
            def formatException(self, ei):
                return stackprinter.format(ei)

        return Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


class Friendly(Plain):
    needs = "friendly_traceback"
    names = staticmethod(short_name)

    def formatter(self):
        import friendly_traceback

        class Formatter(logging.Formatter):
            def formatException(self, ei):
                held = io.StringIO()
                session = friendly_traceback.config.session
                session.set_include("friendly_tb")
                try:
                    raise ei[1]
                except BaseException:
                    friendly_traceback.explain_traceback(redirect=held.write)
                return held.getvalue()

        return Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


class Billiard(Plain):
    needs = "billiard"
    without = ("grouped",)

    def failure(self, error):
        from billiard.einfo import ExceptionInfo

        self.logger.error("Task depot.pack[%s] raised unexpected: %r\n%s", "3f-7a", error, ExceptionInfo(info(error)).traceback)


class Tblib(Plain):
    needs = "tblib"
    without = ("chained", "several_lines", "grouped")

    def failure(self, error):
        import pickle

        from tblib import pickling_support

        pickling_support.install(error)
        error = pickle.loads(pickle.dumps(error))
        self.logger.error("order lost", exc_info=info(error))


class Concurrent(Plain):
    """The traceback of another process, between quotes."""

    without = ("grouped",)

    def failure(self, error):
        from concurrent.futures.process import _ExceptionWithTraceback

        build, args = _ExceptionWithTraceback(error, error.__traceback__).__reduce__()
        again = build(*args)
        try:
            raise again
        except BaseException as raised:
            self.logger.error("order lost", exc_info=info(raised))


class ConcurrentBare(Concurrent):
    without = ("grouped", "several_lines")

    def ordinary(self):
        self.out.write("packed box %d\n" % self.rnd.randrange(99))

    def failure(self, error):
        from concurrent.futures.process import _ExceptionWithTraceback

        build, args = _ExceptionWithTraceback(error, error.__traceback__).__reduce__()
        again = build(*args)
        try:
            raise again
        except BaseException as raised:
            traceback.print_exception(*info(raised), file=self.out)


class DjangoText(Plain):
    """What Django mails to its admins."""

    needs = "django"
    names = staticmethod(short_name)
    without = ("grouped",)

    def setup(self):
        super().setup()
        from django.conf import settings

        if not settings.configured:
            settings.configure(DEBUG=True, SECRET_KEY="x")
            import django

            django.setup()

    def failure(self, error):
        from django.views.debug import ExceptionReporter

        self.logger.error("order lost\n%s", ExceptionReporter(None, *info(error)).get_traceback_text())


class Trio(Plain):
    needs = "trio"
    without = ("silent", "grouped")

    def failure(self, error):
        import trio

        async def main():
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(self.fail, error)

        try:
            trio.run(main)
        except BaseException as raised:
            self.raised = raised
            self.logger.error("order lost", exc_info=info(raised))

    async def fail(self, error):
        raise error

    @staticmethod
    def names(error):
        return "ExceptionGroup"


class Hypercorn(Plain):
    needs = "hypercorn"

    def failure(self, error):
        self.logger.error("Error in ASGI Framework\n%s", "".join(traceback.format_exception(*info(error))).rstrip("\n"))


class SqlAlchemy(Plain):
    needs = "sqlalchemy"

    def failure(self, error):
        import sqlalchemy

        try:
            with sqlalchemy.create_engine("sqlite://").connect() as connection:
                connection.execute(sqlalchemy.text("SELECT *\nFROM boxes\nWHERE id = :id"), {"id": 3})
        except Exception as raised:
            self.logger.error("order lost", exc_info=info(raised))

    @staticmethod
    def names(error):
        return "sqlalchemy.exc.OperationalError"


class Unittest(Producer):
    without = ("grouped", "several_lines")

    def failure(self, error):
        import unittest

        def fails(self):
            raise error

        case = type("Packs", (unittest.TestCase,), {"test_it": fails})("test_it")
        self.out.write("E\n")
        result = unittest.TextTestResult(unittest.runner._WritelnDecorator(self.out), True, 1)
        sink, result.stream = result.stream, unittest.runner._WritelnDecorator(io.StringIO())
        case.run(result)
        result.stream = sink
        before = self.out.line
        result.printErrors()
        self.start = before + 4
        text = self.out.getvalue().rstrip("\n")
        self.end = text.count("\n") + 1
        self.out.write("ok\n")


PRODUCERS = {
    "rich": Rich, "rich-locals": RichLocals, "rich-narrow": RichNarrow, "rich-suppressed": RichSuppressed,
    "rich-handler": RichHandler, "rich-handler-plain": RichHandlerPlain,
    "loguru": Loguru, "loguru-full": LoguruFull, "loguru-json": LoguruJson,
    "structlog": Structlog, "structlog-rich": StructlogRich, "structlog-json": StructlogJson, "structlog-dict": StructlogDict,
    "better-exceptions": BetterExceptions, "stackprinter": Stackprinter, "friendly": Friendly,
    "billiard": Billiard, "tblib": Tblib, "concurrent": Concurrent,
    "concurrent-bare": ConcurrentBare, "django-text": DjangoText, "trio": Trio, "hypercorn": Hypercorn,
    "sqlalchemy": SqlAlchemy, "unittest": Unittest,
}  # fmt: skip


def main():
    key, count, log_path, expected_path = sys.argv[1:]
    kind = PRODUCERS[key]
    if kind.needs:
        try:
            importlib.import_module(kind.needs)
        except ImportError:
            sys.exit(77)
    rnd = random.Random(key)
    out = Out()
    producer = kind(out, rnd)
    expected = []
    for _ in range(int(count)):
        for _ in range(rnd.randrange(1, 4)):
            producer.ordinary()
        error = caught(rnd, producer.without)
        start = out.line
        producer.failure(error)
        end = out.getvalue().rstrip().count("\n") + 1
        start, end = getattr(producer, "start", start), getattr(producer, "end", end)
        expected.append({"start": start, "end": end, "exception": producer.names(error)})
    producer.ordinary()
    with open(log_path, "w", encoding="utf-8") as log:
        log.write(out.getvalue())
    with open(expected_path, "w", encoding="utf-8") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main()
