"""Collects the figures of the daily sales report."""

import asyncio
import logging
import os

import asyncpg

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("report")


async def figure(connection, name, query):
    value = await connection.fetchval(query)
    log.info("%s: %s", name, value)
    return value


async def main():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    log.info("connected to the database")
    try:
        await asyncio.gather(
            figure(connection, "orders", "SELECT count(*) FROM generate_series(1, 900)"),
            figure(connection, "turnover", "SELECT sum(n) FROM generate_series(1, 900) n"),
        )
    finally:
        await connection.close()


asyncio.run(main())
