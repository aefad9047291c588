"""Makes the page of a concert hall."""

import asyncio
import logging

import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("concerts")


async def load(day):
    await asyncio.sleep(0.01)
    return f"{day}: string quartet"


async def line(day):
    return await load(day)


async def main():
    for day in ("friday", "sunday"):
        log.info(await line(day))


uvloop.run(main())
