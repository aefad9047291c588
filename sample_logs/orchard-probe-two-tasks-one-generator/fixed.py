"""Listens to the probes of an orchard for a moment."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("orchard")


async def readings():
    number = 0
    while True:
        number += 1
        yield f"tree {number}: 12 % wet"
        await asyncio.sleep(0.1 * number)


async def drain(stream):
    try:  # `async with contextlib.aclosing(stream)` from Python 3.10 on
        async for reading in stream:
            log.info(reading)
    finally:
        await stream.aclose()


async def main():
    stream = readings()
    consumer = asyncio.create_task(drain(stream))
    await asyncio.sleep(0.4)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)
    log.info("stopped listening")


asyncio.run(main())
