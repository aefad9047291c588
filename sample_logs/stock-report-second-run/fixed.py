"""A command-line report over two asynchronous clients behind synchronous facades."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)-7s %(levelname)-5s %(message)s")
log = logging.getLogger("report")


class SyncClient:
    def __init__(self, service, runner):
        self.service = service
        self.runner = runner

    async def _get(self, path):
        await asyncio.sleep(0.03)
        return f"{self.service}{path}"

    def get(self, path):
        return self.runner.run(self._get(path))


with asyncio.Runner() as runner:
    orders, stock = SyncClient("orders", runner), SyncClient("stock", runner)
    log.info("read %s", orders.get("/today"))
    log.info("read %s", stock.get("/levels"))
