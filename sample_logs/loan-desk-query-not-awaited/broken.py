"""Lists the books that a reader has on loan."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s - %(message)s")
log = logging.getLogger("loans")
engine = create_async_engine("sqlite+aiosqlite://")
Session = async_sessionmaker(engine)


async def on_loan(reader):
    async with Session() as session:
        result = session.execute(text("SELECT :reader || ': The Sea Wall'"), {"reader": reader})
        return result.scalars().all()


async def main():
    try:
        for line in await on_loan("Amir"):
            log.info(line)
    finally:
        await engine.dispose()


asyncio.run(main())
