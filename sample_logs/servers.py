"""Throw-away servers for the programs that need one: started on a free port, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to the programs that run beside it."""
    while True:
        port = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_for_port(port: int, server: subprocess.Popen[bytes]) -> None:
    """Returns once the server listens on the port; OSError if it ends or takes more than twenty seconds."""
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if server.poll() is not None:
            raise OSError(f"the server ended with status {server.returncode}")
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


def find_binary(name: str) -> str | None:
    """A server's binary on PATH or where Debian puts PostgreSQL's."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(debian[-1]) if debian else None)


@contextlib.contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """A throw-away PostgreSQL server that trusts local users."""
    initdb, postgres = find_binary("initdb"), find_binary("postgres")
    if not initdb or not postgres:
        raise LookupError("PostgreSQL is not installed (apt-get install postgresql)")
    # PostgreSQL refuses to run as root.
    account = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if account:
            shutil.chown(folder, **account)
        data = f"{folder}/data"
        subprocess.run(
            [initdb, "-D", data, "-U", "shop", "-A", "trust", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **account,
        )  # fmt: skip
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", folder, "-p", str(port)]
        server = subprocess.Popen([postgres, "-D", data, *options], stderr=subprocess.DEVNULL, cwd=folder, **account)
        try:
            wait_for_port(port, server)
            yield {"DATABASE_URL": f"postgresql://shop@127.0.0.1:{port}/postgres"}
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)


@contextlib.contextmanager
def redis() -> Iterator[dict[str, str]]:
    """A throw-away Redis server."""
    binary = find_binary("redis-server")
    if not binary:
        raise LookupError("Redis is not installed (apt-get install redis-server)")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port, server)
            yield {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        finally:
            server.terminate()
            server.wait(20)


SERVERS = {"postgresql": postgresql, "redis": redis}


@contextlib.contextmanager
def started(names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """These servers; yields the variables through which a program finds them. LookupError if one is not installed."""
    with contextlib.ExitStack() as stack:
        env: dict[str, str] = {}
        for name in names:
            env |= stack.enter_context(SERVERS[name]())
        yield env
