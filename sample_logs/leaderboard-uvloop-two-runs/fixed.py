"""Keeps the leaderboard of a game: one run adds the scores, the next prints the best."""

import logging
import os

import redis.asyncio
import uvloop

logging.basicConfig(level=logging.INFO, format="%(levelname)-8s %(message)s")
log = logging.getLogger("leaderboard")


def connect():
    return redis.asyncio.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


async def add(scores):
    async with connect() as r:  # closed in the loop that opened it
        await r.zadd("board", scores)
    log.info("%d scores added", len(scores))


async def best(count):
    async with connect() as r:
        names = await r.zrevrange("board", 0, count - 1)
    log.info("best: %s", ", ".join(names))


def main():
    uvloop.run(add({"ines": 420, "tom": 380, "yuki": 510}))
    uvloop.run(best(2))


main()
