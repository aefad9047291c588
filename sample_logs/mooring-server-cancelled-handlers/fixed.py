"""A server for mooring sensors: boats stay connected for as long as they lie in the harbour."""

import asyncio
import logging

import orjson

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("mooring")
handlers = set()


async def on_boat(reader, writer):
    async for line in reader:
        log.info("tension: %d kN", orjson.loads(line)["kN"])


def on_connect(reader, writer):
    """A plain function: the tasks are the server's own, and streams.py adds no callback of its own to them."""
    task = asyncio.create_task(on_boat(reader, writer))
    handlers.add(task)
    task.add_done_callback(lambda _: writer.close())
    task.add_done_callback(handlers.discard)


async def main():
    server = await asyncio.start_server(on_connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'{"kN": 41}\n')
    await asyncio.sleep(0.2)
    server.close()
    for task in list(handlers):
        task.cancel()
    await asyncio.gather(*handlers, return_exceptions=True)
    writer.close()
    await writer.wait_closed()
    log.info("harbour closed")


asyncio.run(main())
log.info("ended")
