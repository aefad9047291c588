"""Takes stock: one process for each warehouse."""

import asyncio
import logging
import multiprocessing
import os

import asyncpg

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(processName)s %(process)d] %(message)s")
log = logging.getLogger("stocktake")


async def count(pool, warehouse):
    items = await pool.fetchval("SELECT 1200 + length($1::text)", warehouse)
    log.info("%s: %d items", warehouse, items)


def worker(warehouse):
    asyncio.run(count(pool, warehouse))


async def connect():
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=1)
    log.info("connected to %s", await pool.fetchval("SELECT current_database()"))
    return pool


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    pool = loop.run_until_complete(connect())
    context = multiprocessing.get_context("fork")
    for warehouse in ("north", "south"):
        process = context.Process(target=worker, args=(warehouse,))
        process.start()
        process.join()
    pool.terminate()
    loop.close()
