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


async def pump(stream, inboxes):  # the only reader
    rest = b""
    async for data in stream:
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            await inboxes[line.split()[0].decode()].send(line.decode())


async def show(name, inbox):
    log.info("%s: %s", name, await inbox.receive())


async def main(port):
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        to_load, load = anyio.create_memory_object_stream(10)
        to_wind, wind = anyio.create_memory_object_stream(10)
        async with to_load, load, to_wind, wind, anyio.create_task_group() as group:
            group.start_soon(pump, stream, {"load": to_load, "wind": to_wind})
            group.start_soon(show, "load", load)
            group.start_soon(show, "wind", wind)


with socket.create_server(("127.0.0.1", 0)) as listener:
    threading.Thread(target=crane, args=(listener,), daemon=True).start()
    anyio.run(main, listener.getsockname()[1])
