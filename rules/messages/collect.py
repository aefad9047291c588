"""Collects what asyncio, or a library on top of it, can write: every message in the sources of the Python that runs it.

    python3.13 rules/messages/collect.py cpython        one JSON object a line: text, kind, exception, where
    venv/bin/python rules/messages/collect.py libraries the same for the libraries installed beside it

Written for Python 3.8 and the standard library alone, since each Python reads its own sources: an older one cannot
parse a newer one's. ``{}`` stands in a text for every part that is filled in when the message is written.
"""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from compiled import cython_messages, sentences
from written import PERCENT, Message, python_messages

if TYPE_CHECKING:
    from collections.abc import Iterator

CPYTHON = (
    "asyncio",
    "concurrent/futures",
    "_collections_abc.py",
    "contextlib.py",
    "selectors.py",
    "subprocess.py",
    "threading.py",
    "unittest/async_case.py",
)
"""What of the standard library speaks of event loops, tasks, futures, threads, children and async contexts."""

LIBRARIES = {
    "aiohttp": "base_protocol client client_proto client_reqrep client_ws connector helpers http_websocket"
    " http_writer payload payload_streamer pytest_plugin streams test_utils web web_app web_protocol web_request"
    " web_response web_runner web_urldispatcher web_ws worker _websocket/writer",
    "aiomysql": "connection pool sa/connection sa/result",
    "aioredis": "client connection lock",
    "aiosqlite": "core context cursor",
    "anyio": "_backends/_asyncio _core/_asyncio_selector_thread _core/_compat _core/_contextmanagers _core/_eventloop"
    " _core/_futures _core/_synchronization _core/_tasks abc/_tasks from_thread pytest_plugin streams/memory to_thread",
    "asgiref": "current_thread_executor sync timeout",
    "async-timeout": "__init__",
    "asyncpg": "connect_utils connection connresource cursor pool prepared_stmt transaction protocol/coreproto"
    " protocol/protocol",
    "Django": "core/handlers/base db/backends/base/base utils/asyncio",
    "grpcio": "aio/_call aio/_channel aio/_server",
    "httpcore": "_async/connection_pool _async/http11 _async/http2 _models _synchronization _trace",
    "httpx": "_client _models _transports/base _transports/mock",
    "nest-asyncio": "nest_asyncio",
    "pytest": "fixtures python threadexception unraisableexception",
    "pytest-asyncio": "plugin",
    "redis": "asyncio/client asyncio/cluster asyncio/connection asyncio/lock background",
    "SQLAlchemy": "engine/base engine/create ext/asyncio/base ext/asyncio/engine ext/asyncio/events ext/asyncio/result"
    " ext/asyncio/scoping ext/asyncio/session orm/session orm/state_changes pool/base pool/impl"
    " util/_concurrency_py3k util/concurrency dialects/mysql/asyncmy dialects/postgresql/asyncpg"
    " dialects/sqlite/aiosqlite",
    "starlette": "_exception_handler applications middleware/base middleware/exceptions routing testclient websockets",
    "tornado": "concurrent gen httpclient ioloop iostream locks platform/asyncio process simple_httpclient testing"
    " websocket",
    "uvicorn": "_compat config lifespan/on server protocols/http/h11_impl protocols/http/httptools_impl"
    " protocols/websockets/websockets_impl protocols/websockets/wsproto_impl",
    "uvloop": "__init__ cbhandles loop request server sslproto handles/basetransport handles/handle handles/process"
    " handles/stream handles/streamserver handles/udp",
    "websockets": "asyncio/client asyncio/connection asyncio/messages asyncio/server client connection protocol server"
    " legacy/client legacy/protocol legacy/server sync/client sync/connection",
}
"""The modules of each distribution that open, use, share and close loops, tasks, connections and sessions; the rest
of a large library (its SQL, its parsers) says nothing about asyncio."""

FOLDERS = {
    "async-timeout": "async_timeout",
    "Django": "django",
    "grpcio": "grpc",
    "nest-asyncio": "",
    "pytest": "_pytest",
    "pytest-asyncio": "pytest_asyncio",
    "SQLAlchemy": "sqlalchemy",
}
"""The package's folder, where it is not named as the distribution."""

OF_LIFE = re.compile(
    r"async|await|coroutine|event.?loop|\bloop\b|\btasks?\b|future|thread|cancel|\bclos(?:e|ed|ing)\b|concurren"
    r"|in progress|already|generator|greenlet|fork|executor|semaphore|\block|clean(?:ed)? ?up|in use|callback"
    r"|shut ?down|never|pool\b|scope|still|terminat|releas|transport|\blost\b|no active|running|reschedul|disconnect"
    r"|lifespan|established|non-blocking|context manager",
    re.IGNORECASE,
)
"""The words of which a library's message has at least one if it speaks of loops, tasks, connections and their ends;
the others (SQL, headers, settings) are left out."""

BY_HAND = Path(__file__).with_name("by_hand.jsonl")
"""Messages that no ``ast`` shows: those of the interpreter itself, whose ``string`` is looked for in its binary, and
those of Pythons that may not be at hand, with the versions in which they were ``seen`` and no ``string``."""


def collect(what: str) -> list[Message]:
    """All messages of ``cpython``, or of the ``libraries`` found; each text with the same kind and exception once."""
    found: dict[Message, None] = {}
    for file, module in cpython_files() if what == "cpython" else library_files():
        for message in messages_in(file.read_text("utf-8"), module):
            if what == "cpython" or (OF_LIFE.search(message.text) and message.exception not in ("debug", "info")):
                found.setdefault(message)
    if what == "cpython":
        texts = {message.text for message in found}  # most of the compiled _asyncio says what its twin in Python says
        found.update((message, None) for message in compiled_messages() if message.text not in texts)
    return list(found)


def cpython_files() -> Iterator[tuple[Path, str]]:
    """The sources of this Python's own standard library, each with its path there."""
    top = Path(sysconfig.get_path("stdlib"))
    for name in CPYTHON:
        files = [top / name] if name.endswith(".py") else sorted((top / name).glob("*.py"))
        for file in files:
            yield file, file.relative_to(top).as_posix()


def library_files() -> Iterator[tuple[Path, str]]:
    """The chosen sources of every library that is installed, each with its path below site-packages."""
    for name, modules in LIBRARIES.items():
        try:
            top = Path(str(metadata.distribution(name).locate_file("")))
        except metadata.PackageNotFoundError:
            continue
        for module in modules.split():
            for suffix in (".py", ".pyx"):
                file = top / FOLDERS.get(name, name) / (module + suffix)
                if file.is_file():
                    yield file, file.relative_to(top).as_posix()


def versions() -> list[str]:
    """``3.13`` for CPython, ``name==1.2.3`` for every library found."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name}=={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return found


def messages_in(source: str, module: str) -> Iterator[Message]:
    """Every message in one module's source: Python, or Cython by its tokens."""
    yield from (cython_messages if module.endswith(".pyx") else python_messages)(source, module)


def compiled_messages() -> Iterator[Message]:
    """The messages of the compiled ``_asyncio``, and those of ``by_hand.jsonl`` that this interpreter holds."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    extensions = sorted(stdlib.glob("lib-dynload/_asyncio.*"))
    for file in extensions[:1]:
        for text in sentences(file.read_bytes()):
            yield Message(PERCENT.sub("{}", text), "c", "", "_asyncio")
    binary = b"".join(file.read_bytes() for file in interpreter_files())
    for line in BY_HAND.read_text("utf-8").splitlines():
        held = json.loads(line)
        if "string" in held and held["string"].encode() in binary:
            yield held_message(held)


def held_message(held: dict[str, str]) -> Message:
    """A line of ``by_hand.jsonl``: its ``string`` as C has it, or its ``text`` where only one filling matters."""
    text = held["text"] if "text" in held else PERCENT.sub("{}", held["string"])
    return Message(text, held.get("kind", "c"), held["exception"], held["where"])


def interpreter_files() -> list[Path]:
    """The interpreter's executable, its shared library, and the extension modules."""
    library = Path(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "-")
    folder = Path(sysconfig.get_path("stdlib"), "lib-dynload")
    modules = [file for name in ("_ssl", "_socket", "select") for file in folder.glob(name + ".*")]
    return [file for file in (Path(sys.executable).resolve(), library, *modules) if file.is_file()]


def main(what: str) -> None:
    """Writes the messages, after a line with the versions that they are of."""
    python = ["{}.{}".format(*sys.version_info)]
    sys.stdout.write(json.dumps({"versions": python if what == "cpython" else versions()}) + "\n")
    for message in collect(what):
        sys.stdout.write(json.dumps(message._asdict()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cpython")
