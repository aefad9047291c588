"""Collects the figures of the daily sales report."""

import asyncio
import logging
import os

import asyncpg

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("report")


async def figure(pool, name, query):
    async with pool.acquire() as connection:
        value = await connection.fetchval(query)
    log.info("%s: %s", name, value)
    return value


async def main():
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=4) as pool:
        log.info("connected to the database")
        await asyncio.gather(
            figure(pool, "orders", "SELECT count(*) FROM generate_series(1, 900)"),
            figure(pool, "turnover", "SELECT sum(n) FROM generate_series(1, 900) n"),
        )


asyncio.run(main())
