"""Follows the meters of a house over a Redis channel."""

import asyncio
import logging
import os

import redis.asyncio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("meters")


class Feed:
    def __init__(self, loop):
        self.loop = loop
        self.r = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])
        self.task = loop.create_task(self.follow())

    async def follow(self):
        async with self.r.pubsub() as pubsub:
            await pubsub.subscribe("meters")
            async for message in pubsub.listen():
                if message["type"] == "message":
                    log.info("meter says %s", message["data"].decode())

    async def run(self):
        await asyncio.sleep(0.1)
        for value in ("412 kWh", "413 kWh"):
            await self.r.publish("meters", value)
        await asyncio.sleep(0.1)

    def close(self):
        self.loop.create_task(self.r.aclose())


loop = asyncio.new_event_loop()
feed = Feed(loop)
loop.run_until_complete(feed.run())
loop.close()
feed.close()
