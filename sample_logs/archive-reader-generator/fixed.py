"""Finds the first oversized entry of an archive that is read page by page."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s | %(levelname)s | %(name)s | %(message)s")
log = logging.getLogger("archive")


class Store:
    def __init__(self):
        self.open = True

    async def page(self, number):
        await asyncio.sleep(0.02)
        return [number * 10 + item for item in range(10)]

    async def release(self, cursor):
        if not self.open:
            raise ConnectionError(f"cannot release {cursor}: the store is disconnected")
        log.info("released %s", cursor)


async def entries(store):
    number = 0
    try:
        while True:
            for entry in await store.page(number):
                yield entry
            number += 1
    finally:
        await store.release("cursor-1")


async def main():
    store = Store()
    stream = entries(store)
    try:
        async for entry in stream:
            if entry > 23:
                log.info("first oversized entry: %d", entry)
                break
    finally:
        await stream.aclose()  # what contextlib.aclosing() does from Python 3.10 on
    store.open = False
    log.info("store disconnected")
    return stream


asyncio.run(main())
