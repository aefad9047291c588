"""Fills the dashboard of a clinic: three numbers, fetched together."""

import asyncio
import logging
import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("clinic")
engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"))
Session = async_sessionmaker(engine)

WAITING = text("SELECT 7")
BEDS = text("SELECT 31")
DOCTORS = text("SELECT 4")


async def numbers():
    async with Session() as session:
        return await asyncio.gather(session.scalar(WAITING), session.scalar(BEDS), session.scalar(DOCTORS))


async def main():
    try:
        log.info("waiting %d, beds %d, doctors %d", *await numbers())
    finally:
        await engine.dispose()


asyncio.run(main())
