"""Prints the badges of a conference; the jobs come through a Redis list."""

import asyncio
import logging
import os

import redis.asyncio as redis

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("badges")


def connect():
    return redis.Redis.from_url(os.environ["REDIS_URL"])


async def next_job(client):
    return await client.blpop("badges", timeout=1)


async def main():
    client = connect()
    await client.rpush("badges", "Ines", "Tomas")
    while job := await next_job(client):
        log.info("badge of %s", job[1].decode())
    log.info("no more jobs")
    await client.aclose()


asyncio.run(main())
