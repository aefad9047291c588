"""Asks a depth sounder for one value."""

import asyncio
import logging
import socket
import threading

import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("depth")


def sounder(listener):  # stands for the device
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"11.6 m\n")
        connection.recv(1)  # until the other side has closed


async def depth(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return (await reader.readline()).decode().strip()
    finally:
        writer.close()
        await writer.wait_closed()


with socket.create_server(("127.0.0.1", 0)) as listener:
    thread = threading.Thread(target=sounder, args=(listener,))
    thread.start()
    log.info("depth: %s", uvloop.run(depth(listener.getsockname()[1])))
    thread.join()
