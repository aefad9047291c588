"""A worker of the parcel desk: takes jobs from a list and runs each to its end."""

import asyncio
import logging
import os

import asyncpg

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [parcel_desk] %(message)s")
log = logging.getLogger(__name__)


async def weigh(pool, parcel):
    grams = await pool.fetchval("SELECT 1000 + $1::int", parcel)
    log.info("parcel %d weighs %d g", parcel, grams)


async def main():
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=2) as pool:
        for parcel in (61, 62):
            try:
                await weigh(pool, parcel)
            except Exception:
                log.exception("parcel %d was not weighed", parcel)


asyncio.run(main())
