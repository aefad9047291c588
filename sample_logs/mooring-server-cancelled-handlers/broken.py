"""A server for mooring sensors: boats stay connected for as long as they lie in the harbour."""

import asyncio
import logging

import orjson

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("mooring")


async def on_boat(reader, writer):
    async for line in reader:
        log.info("tension: %d kN", orjson.loads(line)["kN"])


async def main():
    server = await asyncio.start_server(on_boat, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    boat = await asyncio.open_connection("127.0.0.1", port)
    boat[1].write(b'{"kN": 41}\n')
    await asyncio.sleep(0.2)
    server.close()
    log.info("harbour closed")


asyncio.run(main())
log.info("ended")
