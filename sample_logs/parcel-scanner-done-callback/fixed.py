"""Scans parcels; a scan that takes too long is given up."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("scanner")


async def scan(parcel, seconds):
    await asyncio.sleep(seconds)
    return f"{parcel}: 40 x 30 x 20"


def store(size):
    log.info("stored %s", size)


def finished(task):
    if task.cancelled():
        return
    if task.exception() is not None:
        log.error("%s failed", task.get_name(), exc_info=task.exception())
        return
    store(task.result())


async def main():
    tasks = []
    for parcel, seconds in (("P-77", 0.01), ("P-78", 30)):
        task = asyncio.create_task(scan(parcel, seconds), name=parcel)
        task.add_done_callback(finished)
        tasks.append(task)
    done, late = await asyncio.wait(tasks, timeout=0.3)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    log.info("%d of %d scanned", len(done), len(tasks))


asyncio.run(main())
