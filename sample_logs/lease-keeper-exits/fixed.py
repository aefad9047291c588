"""Holds a lease on a shard and works on it; leaves when the lease is lost."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-8s [%(name)s] %(message)s")
log = logging.getLogger("lease-keeper")


async def compact(shard):
    while True:
        log.info("compacting %s", shard)
        await asyncio.sleep(0.3)


async def answer_probes():
    while True:
        await asyncio.sleep(0.2)


async def watch_lease(shard, lost):
    await asyncio.sleep(0.7)
    log.info("lease on %s given to another node, leaving", shard)
    lost.set()


async def main():
    lost = asyncio.Event()
    workers = [
        asyncio.create_task(compact("shard-7"), name="compact"),
        asyncio.create_task(answer_probes(), name="probes"),
        asyncio.create_task(watch_lease("shard-7", lost), name="watch-lease"),
    ]
    await lost.wait()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


asyncio.run(main())
