"""Makes the page of a concert hall."""

import asyncio
import logging

import nest_asyncio
import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("concerts")


async def load(day):
    await asyncio.sleep(0.01)
    return f"{day}: string quartet"


def line(day):
    return asyncio.run(load(day))


async def main():
    nest_asyncio.apply()
    for day in ("friday", "sunday"):
        log.info(line(day))


uvloop.run(main())
