"""Pushes quotes to a display; the display is switched off while the market is open."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("quotes")


async def push(reader, writer):
    log.info("display connected")
    try:
        for price in range(100, 130):
            writer.write(b"%d\n" % price)
            await writer.drain()
            await asyncio.sleep(0.02)
        log.info("market closed")
    except ConnectionError:
        log.info("display left")
    finally:
        writer.close()
        closed.set()


async def display(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    log.info("first quote: %s", (await reader.readline()).decode().strip())
    writer.transport.abort()  # switched off


async def main():
    global closed
    closed = asyncio.Event()
    server = await asyncio.start_server(push, "127.0.0.1", 0)
    await display(server.sockets[0].getsockname()[1])
    await closed.wait()
    server.close()


asyncio.run(main())
