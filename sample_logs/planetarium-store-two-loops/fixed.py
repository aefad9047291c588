"""Loads the slides of a planetarium: one run for each show."""

import asyncio
import logging

import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("planetarium")


async def load(slots, slide):
    async with slots:
        await asyncio.sleep(0.01)
        log.info("loaded %s", slide)


async def show(slots, slides):
    await asyncio.gather(*(load(slots, slide) for slide in slides))


async def main():
    slots = asyncio.Semaphore(1)  # one loop, one semaphore
    for slides in (("moon", "mars"), ("comet", "nebula")):
        await show(slots, slides)


uvloop.run(main())
