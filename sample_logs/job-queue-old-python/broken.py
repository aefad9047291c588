"""A small job queue for label printing."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("labels")
jobs = asyncio.Queue()


async def printer():
    while True:
        label = await jobs.get()
        log.info("printed %s", label)
        jobs.task_done()


async def main():
    log.info("label printer ready")
    worker = asyncio.create_task(printer())
    await asyncio.sleep(0.05)
    for label in ("box-1", "box-2"):
        await jobs.put(label)
    await asyncio.wait([worker], timeout=0.2)
    worker.cancel()
    await worker


asyncio.run(main())
