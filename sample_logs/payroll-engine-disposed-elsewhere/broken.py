"""Pays the wages of a month."""

import asyncio
import logging
import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("payroll")


async def pay(engine, month):
    async with engine.connect() as connection:
        total = (await connection.execute(text("SELECT 41200"))).scalar_one()
    log.info("wages of %s: %d", month, total)


engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"))
loop = asyncio.new_event_loop()
loop.run_until_complete(pay(engine, "October"))
loop.close()
asyncio.run(engine.dispose())
