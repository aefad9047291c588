"""Looks for the first pallet that is too heavy."""

import asyncio
import logging
import os

import asyncpg

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("pallets")


class Scan:
    async def pallets(self, connection):
        await connection.execute("SELECT pg_advisory_lock(7)")  # one scan at a time
        try:
            async with connection.transaction():
                async for row in connection.cursor("SELECT n AS number, n * 170 AS kilos FROM generate_series(1, 9) n"):
                    yield row
        finally:
            await connection.execute("SELECT pg_advisory_unlock(7)")

    async def first_heavy(self, connection):
        stream = self.pallets(connection)
        try:  # `async with contextlib.aclosing(...)` from Python 3.10 on
            async for pallet in stream:
                if pallet["kilos"] > 1000:
                    return pallet["number"]
        finally:
            await stream.aclose()


async def main(scan):
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    try:
        log.info("too heavy: pallet %d", await scan.first_heavy(connection))
    finally:
        await connection.close()


scan = Scan()
asyncio.run(main(scan))
