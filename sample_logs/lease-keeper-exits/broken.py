"""Holds a lease on a shard and works on it; leaves when the lease is lost."""

import asyncio
import logging
import sys

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-8s [%(name)s] %(message)s")
log = logging.getLogger("lease-keeper")


async def compact(shard):
    while True:
        log.info("compacting %s", shard)
        await asyncio.sleep(0.3)


async def answer_probes():
    while True:
        await asyncio.sleep(0.2)


async def watch_lease(shard):
    await asyncio.sleep(0.7)
    log.error("lease on %s lost to another node, exiting", shard)
    sys.exit(3)


loop = asyncio.new_event_loop()
workers = [loop.create_task(compact("shard-7"), name="compact"), loop.create_task(answer_probes(), name="probes")]
loop.create_task(watch_lease("shard-7"), name="watch-lease")
loop.run_forever()
