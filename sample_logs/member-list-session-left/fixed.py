"""Counts the members of a club for the yearly report."""

import asyncio
import gc
import logging
import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s - %(message)s")
log = logging.getLogger("members")
URL = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:")


async def count(session, year):
    return await session.scalar(text("SELECT 180 + CAST(:year AS integer) % 7"), {"year": year})


async def report():
    engine = create_async_engine(URL)
    try:
        async with AsyncSession(engine) as session:
            for year in (2024, 2025):
                log.info("%d: %d members", year, await count(session, year))
    finally:
        await engine.dispose()


async def main():
    await report()
    gc.collect()  # stands for the collections that an hour's work triggers
    log.info("report written")


asyncio.run(main())
