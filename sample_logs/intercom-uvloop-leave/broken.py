"""An intercom station: joins the house's network, and leaves it when the porter goes home."""

import asyncio
import logging

import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("intercom")


class Station:
    async def join(self):
        self.loop = asyncio.get_running_loop()
        await asyncio.sleep(0.01)
        log.info("joined")

    async def leave(self):
        await asyncio.sleep(0.01)
        log.info("left")


def main():
    station = Station()
    uvloop.run(station.join())
    station.loop.run_until_complete(station.leave())


main()
