"""Reads a buoy: once the reference of how to write a coroutine."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("buoy")


async def read_buoy():
    await asyncio.sleep(0.01)
    log.info("waves of 1.4 m")


asyncio.run(read_buoy())
