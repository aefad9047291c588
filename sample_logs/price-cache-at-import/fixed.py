"""A price cache that refreshes itself in the background."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(module)s:%(lineno)d %(message)s")
log = logging.getLogger("prices")


class PriceCache:
    def __init__(self, products):
        log.info("price cache for %d products", len(products))
        self.prices = dict.fromkeys(products, 0)
        self.refresher = asyncio.create_task(self.refresh())

    async def refresh(self):
        while True:
            for product in self.prices:
                self.prices[product] += 1
            await asyncio.sleep(0.1)

    async def close(self):
        self.refresher.cancel()
        await asyncio.gather(self.refresher, return_exceptions=True)


async def main():
    cache = PriceCache(["pear", "plum"])
    await asyncio.sleep(0.25)
    log.info("prices: %s", cache.prices)
    await cache.close()


asyncio.run(main())
