"""A command-line report over two asynchronous clients behind synchronous facades."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)-7s %(levelname)-5s %(message)s")
log = logging.getLogger("report")
LOOP = asyncio.new_event_loop()


class SyncClient:
    def __init__(self, service):
        self.service = service
        self.loop = LOOP

    async def _get(self, path):
        await asyncio.sleep(0.03)
        return f"{self.service}{path}"

    def get(self, path):
        return self.loop.run_until_complete(self._get(path))

    def close(self):
        self.loop.close()
        log.info("client of %s closed", self.service)


orders, stock = SyncClient("orders"), SyncClient("stock")
log.info("read %s", orders.get("/today"))
orders.close()
log.info("read %s", stock.get("/levels"))
stock.close()
