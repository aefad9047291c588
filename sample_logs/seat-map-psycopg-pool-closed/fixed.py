"""Shows the free seats of a theatre."""

import asyncio
import contextlib
import logging
import os

from psycopg_pool import AsyncConnectionPool

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
log = logging.getLogger("seats")


class App:
    pool = None


@contextlib.asynccontextmanager
async def lifespan(app):
    async with AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=1, open=False) as app.pool:
        await app.pool.wait()
        log.info("pool is ready")
        yield


async def free_seats(app, show):
    async with app.pool.connection() as connection:
        cursor = await connection.execute("SELECT 120 - length(%s)", (show,))
        return (await cursor.fetchone())[0]


async def main():
    app = App()
    async with lifespan(app):
        for show in ("matinee", "premiere"):
            try:
                log.info("%s: %d seats", show, await free_seats(app, show))
            except Exception:
                log.exception("%s: cannot tell", show)


asyncio.run(main())
