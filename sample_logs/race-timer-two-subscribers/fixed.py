"""Shows the lap times of a race: they come over a Redis channel."""

import asyncio
import logging
import os

import redis.asyncio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("race")


class Laps:
    def __init__(self, pubsub):
        self.pubsub = pubsub
        self.inbox = asyncio.Queue()

    async def pump(self):  # the only reader
        while True:
            message = await self.pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
            if message is not None:
                await self.inbox.put(message["data"].decode())

    async def next(self):
        return await self.inbox.get()


async def show(screen, laps):
    log.info("%s: %s", screen, await laps.next())


async def main():
    async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]) as r, r.pubsub() as pubsub:
        await pubsub.subscribe("laps")
        laps = Laps(pubsub)
        pump = asyncio.create_task(laps.pump())
        screens = [asyncio.create_task(show(screen, laps)) for screen in ("tribune", "pit lane")]
        await asyncio.sleep(0.1)
        for lap in ("1:22.4", "1:21.9"):
            await r.publish("laps", lap)
        await asyncio.gather(*screens)
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


asyncio.run(main())
