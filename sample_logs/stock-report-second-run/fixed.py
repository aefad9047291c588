"""A command-line report over two asynchronous clients behind synchronous facades."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)-7s %(levelname)-5s %(message)s")
log = logging.getLogger("report")


class SyncClient:
    def __init__(self, service, loop):
        self.service = service
        self.loop = loop

    async def _get(self, path):
        await asyncio.sleep(0.03)
        return f"{self.service}{path}"

    def get(self, path):
        return self.loop.run_until_complete(self._get(path))


# Whoever makes the loop closes it, once (`with asyncio.Runner()` from Python 3.11 on).
loop = asyncio.new_event_loop()
try:
    orders, stock = SyncClient("orders", loop), SyncClient("stock", loop)
    log.info("read %s", orders.get("/today"))
    log.info("read %s", stock.get("/levels"))
finally:
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
