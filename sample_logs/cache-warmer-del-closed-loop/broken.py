"""Warms a cache after a deployment."""

import asyncio
import logging
import os

import redis.asyncio as redis

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s - %(message)s")
log = logging.getLogger("warmer")
cache = redis.from_url(os.environ["REDIS_URL"])


async def warm(pages):
    for page in pages:
        await cache.set(f"page:{page}", f"<h1>{page}</h1>", ex=60)
        log.info("warmed %s", page)


asyncio.run(warm(["home", "prices", "contact"]))
log.info("cache is warm")
