"""Combines the items of two news feeds and stops at the first headline."""

import contextlib
import logging

import anyio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("feeds")


async def pump(feed, send):
    async with send:
        for number in range(5):
            await anyio.sleep(0.02)
            await send.send(f"{feed} {number}")


@contextlib.asynccontextmanager
async def combined(feeds):
    send, receive = anyio.create_memory_object_stream()
    async with receive, anyio.create_task_group() as group:
        for feed in feeds:
            group.start_soon(pump, feed, send.clone())
        send.close()
        yield receive
        group.cancel_scope.cancel()


async def headline(feeds):
    async with combined(feeds) as items:
        async for item in items:
            if item.endswith("2"):
                return item


async def main():
    log.info("headline: %s", await headline(["city", "harbour"]))
    await anyio.sleep(0.1)
    log.info("headline was published")


anyio.run(main)
