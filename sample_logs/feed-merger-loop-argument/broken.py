"""Merges feeds through a queue; written when Python 3.6 was new."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("merger")


async def feed(name, queue):
    for number in range(3):
        await asyncio.sleep(0.02)
        await queue.put(f"{name}-{number}")


async def main():
    queue = asyncio.Queue(maxsize=10, loop=asyncio.get_running_loop())
    await asyncio.gather(feed("north", queue), feed("south", queue))
    log.info("merged %d items", queue.qsize())


log.info("merger starting")
asyncio.run(main())
