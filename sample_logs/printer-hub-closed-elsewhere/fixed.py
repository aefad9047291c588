"""A hub for printers: connected when the first page comes, closed by the janitor."""

import asyncio
import contextlib
import logging

import anyio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("hub")


async def feed(pages):
    async for page in pages:
        log.info("printed %s", page)


@contextlib.asynccontextmanager
async def open_session():
    to_printer, pages = anyio.create_memory_object_stream(10)
    async with pages, to_printer, anyio.create_task_group() as group:
        group.start_soon(feed, pages)
        yield to_printer
        group.cancel_scope.cancel()


class Hub:
    def __init__(self):
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()

    async def run(self):
        async with open_session() as self.session:
            self.ready.set()
            await self.stop.wait()

    async def connect(self):
        self.task = asyncio.create_task(self.run())
        await self.ready.wait()

    async def close(self):
        self.stop.set()
        await self.task  # leaves in the task that entered


async def first_page(hub):
    await hub.connect()
    await hub.session.send("page 1")
    await asyncio.sleep(0.05)


async def janitor(hub):
    await hub.close()
    log.info("hub closed")


async def main():
    hub = Hub()
    await asyncio.create_task(first_page(hub))
    await asyncio.create_task(janitor(hub))


asyncio.run(main())
