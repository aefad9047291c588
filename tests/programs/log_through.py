"""Logs the same failures through a logging library, one file a failure: ``log_through.py LIBRARY FOLDER``.

``LIBRARY`` is a key of ``SETUPS``. Exit status 77 says that the library is not installed here. The exceptions are
really raised, so each library prints their frames in its own way.
"""

import json
import logging
import os
import sys

GONE = 77
TASK = "<Task pending name='Task-7' coro=<count() running at /opt/till/count.py:31> wait_for=<Future pending cb=[Task.task_wakeup()]>>"
DONE = "<Task finished name='Task-9' coro=<pay() done, defined at /opt/till/pay.py:5> exception=RuntimeError('Event loop is closed')>"
MADE = """Object created at (most recent call last):
  File "/opt/till/main.py", line 40, in <module>
    asyncio.run(main(), debug=True)
  File "/opt/till/main.py", line 33, in main
    asyncio.create_task(count())"""
NEVER = "/opt/till/main.py:12: RuntimeWarning: coroutine 'ring' was never awaited"


def drawer():
    raise OSError("drawer stuck")


def close_drawer():
    try:
        drawer()
    except OSError as error:
        raise RuntimeError("Event loop is closed") from error


def close_till():
    try:
        close_drawer()
    except RuntimeError:
        raise LookupError("no such till\nask the manager")


def close_all():
    raise ExceptionGroup("tills left open", [_raised(close_drawer), _raised(drawer)])


def _raised(call):
    try:
        call()
    except Exception as error:
        return error


PAYLOADS = {
    "chained": ("asyncio", "ERROR", "till could not be closed", close_drawer),
    "context": ("till.core", "ERROR", "Unhandled: till is left open", close_till),
    "group": ("till.core", "ERROR", "several tills are open", close_all),
    "pending": ("asyncio", "ERROR", f"Task was destroyed but it is pending!\ntask: {TASK}", None),
    "debug": ("asyncio", "ERROR", f"Task was destroyed but it is pending!\nsource_traceback: {MADE}\ntask: {TASK}", None),
    "never": ("asyncio", "ERROR", f"Task exception was never retrieved\nfuture: {DONE}", close_drawer),
    "warned": ("py.warnings", "WARNING", f"{NEVER}\n  ring()\n", None),
    "created": (
        "py.warnings",
        "WARNING",
        f"{NEVER}\nCoroutine created at (most recent call last)\n{MADE.partition(chr(10))[2]}\n  ring()\n",
        None,
    ),
}


# --- one setup a library: configures the root logger to write into a stream, or gives a function that logs -----------


def handled(formatter, handler=None):
    """Sends everything that logging gets through a formatter."""

    def setup(stream):
        made = handler(stream) if handler else logging.StreamHandler(stream)
        if formatter:
            made.setFormatter(formatter())
        logging.root.handlers = [made]
        logging.root.setLevel("DEBUG")

    return setup


def plain():
    return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


def basic():
    return logging.Formatter(logging.BASIC_FORMAT)


def json_logger():
    try:
        from pythonjsonlogger.json import JsonFormatter
    except ImportError:
        from pythonjsonlogger.jsonlogger import JsonFormatter
    return JsonFormatter("%(asctime)s %(levelname)s %(name)s %(process)d %(message)s")


def json_logger_list():
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter("{levelname}{name}{message}", style="{", exc_info_as_array=True)


def coloured():
    import colorlog

    return colorlog.ColoredFormatter("%(log_color)s%(levelname)-8s%(reset)s %(name)s: %(message)s", force_color=True)


def uvicorn():
    from uvicorn.logging import DefaultFormatter

    return DefaultFormatter("%(levelprefix)s %(message)s", use_colors=True)


def gunicorn():
    from gunicorn.glogging import Logger

    return logging.Formatter(Logger.error_fmt, Logger.datefmt)


def celery_worker():
    from celery import app
    from celery.utils.log import ColorFormatter

    return ColorFormatter(app.defaults.DEFAULT_PROCESS_LOG_FMT, use_color=True)


def celery_task():
    from celery import app
    from celery.app.log import TaskFormatter

    return TaskFormatter(app.defaults.DEFAULT_TASK_LOG_FMT, use_color=False)


def rich_handler(**options):
    def make(stream):
        from rich.console import Console
        from rich.logging import RichHandler

        return RichHandler(console=Console(file=stream, width=110), **options)

    return handled(None, make)


def loguru(**options):
    def setup(stream):
        from loguru import logger

        logger.remove()
        logger.add(stream, **options)

        def log(name, level, message, error):
            logger.patch(lambda record: record.update(name=name)).opt(exception=error).log(level, "{}", message)

        return log

    return setup


def structured(*processors, **options):
    def setup(stream):
        import structlog

        made = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso")]
        made += [processor(structlog) for processor in processors]
        factory = structlog.PrintLoggerFactory(stream)
        structlog.configure(processors=made, logger_factory=factory, cache_logger_on_first_use=False)

        def log(name, level, message, error):
            extra = {"exc_info": error} if error else {}
            getattr(structlog.get_logger().bind(logger=name), level.lower())(message, **extra)

        return log

    return setup


def printed_by_rich(stream):
    """rich.traceback.install(): what an uncaught exception looks like."""
    from rich.console import Console
    from rich.traceback import Traceback

    console = Console(file=stream, width=100)

    def log(name, level, message, error):
        if error is None:
            return stream.write(message + "\n")
        return console.print(Traceback.from_exception(type(error), error, error.__traceback__))

    return log


def sentry(stream):
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Kept(Transport):
        def capture_envelope(self, envelope):
            for item in envelope.items:
                if item.payload.json is not None:
                    stream.write(json.dumps(item.payload.json, default=str) + "\n")

    sentry_sdk.init("https://key@example.invalid/1", transport=Kept)
    logging.root.handlers = [logging.NullHandler()]


SETUPS = {
    "plain": handled(plain),
    "basic": handled(basic),
    "python-json-logger": handled(json_logger),
    "python-json-logger-array": handled(json_logger_list),
    "colorlog": handled(coloured),
    "uvicorn": handled(uvicorn),
    "gunicorn": handled(gunicorn),
    "celery": handled(celery_worker),
    "celery-task": handled(celery_task),
    "rich": rich_handler(),
    "rich-tracebacks": rich_handler(rich_tracebacks=True),
    "rich-locals": rich_handler(rich_tracebacks=True, tracebacks_show_locals=True),
    "rich-install": printed_by_rich,
    "loguru": loguru(),
    "loguru-plain": loguru(backtrace=False, diagnose=False),
    "loguru-colours": loguru(colorize=True),
    "loguru-json": loguru(serialize=True),
    "structlog": structured(lambda lib: lib.dev.ConsoleRenderer(colors=False, exception_formatter=lib.dev.plain_traceback)),
    "structlog-colours": structured(lambda lib: lib.dev.ConsoleRenderer(exception_formatter=lib.dev.plain_traceback)),
    "structlog-rich": structured(
        lambda lib: lib.dev.ConsoleRenderer(colors=False, exception_formatter=lib.dev.RichTracebackFormatter(width=100))
    ),
    "structlog-json": structured(lambda lib: lib.processors.format_exc_info, lambda lib: lib.processors.JSONRenderer()),
    "structlog-dicts": structured(lambda lib: lib.processors.dict_tracebacks, lambda lib: lib.processors.JSONRenderer()),
    "structlog-keys": structured(
        lambda lib: lib.processors.format_exc_info, lambda lib: lib.processors.KeyValueRenderer(key_order=["event"])
    ),
    "structlog-logfmt": structured(
        lambda lib: lib.processors.format_exc_info, lambda lib: lib.processors.LogfmtRenderer()
    ),
    "sentry": sentry,
}


def by_logging(name, level, message, error):
    logging.getLogger(name).log(logging.getLevelName(level), message, exc_info=error)


def main(library, folder):
    for payload, (name, level, message, fails) in PAYLOADS.items():
        with open(os.path.join(folder, payload + ".log"), "w", encoding="utf-8") as stream:
            try:
                log = SETUPS[library](stream) or by_logging
            except ImportError as missing:
                print(missing, file=sys.stderr)
                return GONE
            log("till.core", "INFO", "till opened", None)
            log(name, level, message, _raised(fails) if fails else None)
            log("till.core", "INFO", "lights out", None)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
