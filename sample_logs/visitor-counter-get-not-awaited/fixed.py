"""Counts the visitors of an exhibition."""

import asyncio
import logging
import os

import redis.asyncio

logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
log = logging.getLogger("visitors")


async def show(r):
    visitors = int(await r.get("visitors"))
    log.info("%d visitors so far", visitors)


async def main():
    async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]) as r:
        await r.set("visitors", 311)
        try:
            await show(r)
        except TypeError:
            log.exception("cannot show the counter")


asyncio.run(main())
