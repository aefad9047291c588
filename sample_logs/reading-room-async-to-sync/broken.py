"""The reading room of a library: synchronous views over an asynchronous store."""

import logging
import os

import redis.asyncio
from asgiref.sync import async_to_sync

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("room")
r = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])


async def take_seat(seat):
    return await r.incr(f"seat:{seat}")


def view(seat):
    times = async_to_sync(take_seat)(seat)
    log.info("seat %s taken, %d times so far", seat, times)


for path in ("A4", "B1"):
    try:
        view(path)
    except Exception:
        log.exception("Internal Server Error: /seats/%s", path)
