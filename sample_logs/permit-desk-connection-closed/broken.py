"""Lists the permits that are still open."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("permits")


class Permits:
    def __init__(self, connection):
        self.connection = connection

    async def still_open(self):
        return (await self.connection.execute(text("SELECT 'scaffold, Mill Lane'"))).scalars().all()


async def show(permits):
    for permit in await permits.still_open():
        log.info("open: %s", permit)


async def main():
    engine = create_async_engine("sqlite+aiosqlite://")
    try:
        async with engine.connect() as connection:
            permits = Permits(connection)
        await show(permits)
    finally:
        await engine.dispose()


asyncio.run(main())
