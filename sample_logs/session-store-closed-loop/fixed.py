"""Ends the sessions of users that are locked, one job at a time."""

import asyncio
import logging
import os

import redis.asyncio as redis

logging.basicConfig(level=logging.INFO, format="%(levelname)s [%(name)s] %(message)s")
log = logging.getLogger("sessions")


async def end_sessions(store, user):
    await store.set(f"session:{user}", "open")
    log.info("user %s: %d session ended", user, await store.delete(f"session:{user}"))


async def handle(job):
    store = redis.from_url(os.environ["REDIS_URL"])
    try:
        log.info("job %d: lock %s", job["id"], job["user"])
        await end_sessions(store, job["user"])
    finally:
        await store.aclose()


for job in ({"id": 71, "user": "mara"}, {"id": 72, "user": "jonas"}):
    asyncio.run(handle(job))
