"""A billing worker: each job comes in on its own and runs to its end."""

import asyncio
import logging
import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

logging.basicConfig(level=logging.INFO, format="[%(asctime)s: %(levelname)s/%(processName)s] %(message)s")
log = logging.getLogger("billing")
engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"))


async def bill(customer):
    async with engine.connect() as connection:
        total = (await connection.execute(text("SELECT 19.90 * 3"))).scalar_one()
    log.info("customer %d billed: %s", customer, total)


def run_job(loop, customer):
    loop.run_until_complete(bill(customer))


loop = asyncio.new_event_loop()  # one for the whole process (`asyncio.Runner` from Python 3.11 on)
try:
    for customer in (501, 502):
        try:
            run_job(loop, customer)
        except Exception:
            log.exception("job for customer %d failed", customer)
    loop.run_until_complete(engine.dispose())
finally:
    loop.close()
