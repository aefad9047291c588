"""Loads the slides of a planetarium: one run for each show."""

import asyncio
import logging

import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("planetarium")
SLOTS = asyncio.Semaphore(1)


async def load(slide):
    async with SLOTS:
        await asyncio.sleep(0.01)
        log.info("loaded %s", slide)


async def show(slides):
    await asyncio.gather(*(load(slide) for slide in slides))


for slides in (("moon", "mars"), ("comet", "nebula")):
    uvloop.run(show(slides))
