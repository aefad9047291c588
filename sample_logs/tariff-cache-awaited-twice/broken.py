"""Calculates phone bills; tariffs are asked for once and kept."""

import asyncio
import functools
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("tariffs")


async def ask(country):
    await asyncio.sleep(0.01)
    return {"NO": 4, "PT": 6}[country]


@functools.lru_cache
async def tariff(country):
    return await ask(country)


async def bill(customer, country, minutes):
    log.info("%s pays %d", customer, await tariff(country) * minutes)


async def main():
    for customer, country, minutes in (("Ana", "PT", 10), ("Leif", "NO", 3), ("Rui", "PT", 7)):
        try:
            await bill(customer, country, minutes)
        except RuntimeError:
            log.exception("no bill for %s", customer)


asyncio.run(main())
