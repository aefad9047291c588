"""Books places on a ferry."""

import asyncio
import logging
import os

import asyncpg

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(funcName)s: %(message)s")
log = logging.getLogger("ferry")


async def book(pool, ferry, places):
    async with pool.acquire() as connection:
        left = await connection.fetchval("SELECT 40 - $1::int", places)
    log.info("ferry %s: %d places left", ferry, left)


async def main():
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1)
    for ferry, places in (("Juno", 3), ("Astra", 12), ("Juno", 2)):
        try:
            await book(pool, ferry, places)
        except Exception:
            log.exception("cannot book %d places on %s", places, ferry)
    await pool.close()


asyncio.run(main())
