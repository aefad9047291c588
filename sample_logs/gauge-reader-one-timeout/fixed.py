"""Reads the gauges of a waterworks, each within a time limit."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("gauges")


async def read(gauge):
    await asyncio.sleep(0.01)
    return {"inlet": 3.1, "tank": 2.4}[gauge]


async def main():
    for gauge in ("inlet", "tank"):
        async with asyncio.timeout(5):
            log.info("%s: %.1f bar", gauge, await read(gauge))


asyncio.run(main())
