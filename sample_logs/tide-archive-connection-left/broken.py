"""Writes the heights of the tide into the archive."""

import asyncio
import logging
import os

import asyncpg

logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(levelname)s] %(message)s")
log = logging.getLogger("tide")


async def store(heights):
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("CREATE TEMPORARY TABLE tide (cm integer)")
    await connection.executemany("INSERT INTO tide VALUES ($1)", [(height,) for height in heights])
    log.info("stored %d heights", len(heights))


asyncio.run(store([212, 240, 255]))
