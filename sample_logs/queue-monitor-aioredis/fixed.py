"""Tells how many jobs wait in the queues of a print shop."""

import asyncio
import os

import redis.asyncio as redis


async def main():
    client = redis.from_url(os.environ["REDIS_URL"])
    for queue in ("posters", "cards"):
        print(queue, await client.llen(queue))
    await client.aclose()


asyncio.run(main())
