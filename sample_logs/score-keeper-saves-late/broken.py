"""Keeps the score of a match and saves it every so often."""

import asyncio
import logging

import aiosqlite

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s: %(message)s")
log = logging.getLogger("score")


class Match:
    def __init__(self, store):
        self.store = store
        self.goals = 0

    async def save(self):
        await self.store.execute("INSERT INTO score VALUES (?)", (self.goals,))
        await self.store.commit()
        log.info("saved %d", self.goals)

    async def autosave(self):
        try:
            while True:
                await asyncio.sleep(60)
                await self.save()
        finally:
            await self.save()


async def main():
    store = await aiosqlite.connect(":memory:")
    await store.execute("CREATE TABLE score (goals INTEGER)")
    match = Match(store)
    autosave = asyncio.create_task(match.autosave())
    for _ in range(3):
        await asyncio.sleep(0.01)
        match.goals += 1
    log.info("match over, closing the store")
    await store.close()
    autosave.cancel()
    for result in await asyncio.gather(autosave, return_exceptions=True):
        if isinstance(result, Exception):
            log.error("the last score is not saved", exc_info=result)


asyncio.run(main())
