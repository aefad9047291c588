"""Switches the lamps of a street, all at once."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("lamps")


async def switch_on(lamp):
    await asyncio.sleep(0.01)
    log.info("lamp %d is on", lamp)


async def main():
    done, _ = await asyncio.wait([switch_on(lamp) for lamp in (1, 2, 3)])
    log.info("%d lamps", len(done))


asyncio.run(main())
