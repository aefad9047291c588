"""Follows a crane: one task shows the load, another the wind; both come over one connection."""

import logging
import socket
import threading
import time

import anyio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("crane")


def crane(listener):  # stands for the machine
    connection, _ = listener.accept()
    with connection:
        for line in (b"load 3t\n", b"wind 7\n"):
            time.sleep(0.1)
            connection.sendall(line)


async def show(name, stream):
    log.info("%s: %s", name, (await stream.receive()).decode().strip())


async def main(port):
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        async with anyio.create_task_group() as group:
            group.start_soon(show, "load", stream)
            group.start_soon(show, "wind", stream)


with socket.create_server(("127.0.0.1", 0)) as listener:
    threading.Thread(target=crane, args=(listener,), daemon=True).start()
    anyio.run(main, listener.getsockname()[1])
