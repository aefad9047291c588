"""Redeems the vouchers of a shop."""

import asyncio
import logging
import os

import redis.asyncio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("vouchers")


async def redeem(codes):
    async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]) as r:
        for code in codes:
            first = await r.set(f"voucher:{code}", 1, nx=True)
            log.info("%s %s", code, "accepted" if first else "was used before")


asyncio.run(redeem(["SPRING", "TENOFF", "SPRING"]))
