"""Seats guests at the first free table."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("seats")
free = {"window": 2, "corner": 4}


async def find_table(guests):
    await asyncio.sleep(0.01)
    return next((name for name, seats in free.items() if seats >= guests), None)


async def seat(party, guests):
    table = await find_table(guests)
    if table is None:
        log.info("%s waits for a table", party)
        return
    del free[table]
    log.info("%s sits at the %s table", party, table)


async def main():
    for party, guests in (("Ito", 2), ("Moreau", 3), ("Lindqvist", 2)):
        await seat(party, guests)


asyncio.run(main())
