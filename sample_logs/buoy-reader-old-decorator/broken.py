"""Reads a buoy: once the reference of how to write a coroutine."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("buoy")


@asyncio.coroutine
def read_buoy():
    yield from asyncio.sleep(0.01)
    log.info("waves of 1.4 m")


asyncio.run(read_buoy())
