"""Asks a time server twice and prints the difference."""

import asyncio
import logging
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("timeclient")
connections = []


async def time_server(reader, writer):
    while await reader.readline():
        writer.write(b"%.6f\n" % time.monotonic())
    writer.close()


async def ask(address):
    reader, writer = await asyncio.open_connection(*address)
    connections.append(writer)
    writer.write(b"now?\n")
    return float(await reader.readline())


async def main():
    server = await asyncio.start_server(time_server, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    first = await ask(address)
    second = await ask(address)
    log.info("difference: %.1f ms", (second - first) * 1000)
    server.close()


asyncio.run(main())
log.info("done")
