"""Times a relay race: each runner waits for the baton."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("race")


class Baton:
    def __init__(self):
        self.changed = asyncio.Condition()
        self.holder = 1

    async def wait_for(self, runner):
        async with self.changed:
            await self.changed.wait_for(lambda: self.holder == runner)

    async def pass_on(self):
        async with self.changed:
            self.holder += 1
            self.changed.notify_all()


async def run(runner, baton):
    await baton.wait_for(runner)
    await asyncio.sleep(0.01)
    log.info("runner %d is done", runner)
    await baton.pass_on()


async def main():
    baton = Baton()
    await asyncio.gather(*(run(runner, baton) for runner in (1, 2, 3)))


asyncio.run(main())
