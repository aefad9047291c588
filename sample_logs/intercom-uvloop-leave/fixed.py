"""An intercom station: joins the house's network, and leaves it when the porter goes home."""

import asyncio
import logging

import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("intercom")


class Station:
    async def join(self):
        await asyncio.sleep(0.01)
        log.info("joined")

    async def leave(self):
        await asyncio.sleep(0.01)
        log.info("left")


async def main():
    station = Station()
    await station.join()
    await station.leave()


uvloop.run(main())
