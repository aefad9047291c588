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


def lease_lost():
    log.error("lease on shard-7 lost to another node, exiting")
    sys.exit(3)


loop = asyncio.new_event_loop()
workers = [loop.create_task(compact("shard-7"), name="compact"), loop.create_task(answer_probes(), name="probes")]
loop.call_later(0.7, lease_lost)
loop.run_forever()
