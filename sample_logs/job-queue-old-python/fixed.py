"""A small job queue for label printing."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("labels")


async def printer(jobs):
    while True:
        label = await jobs.get()
        log.info("printed %s", label)
        jobs.task_done()


async def main():
    jobs = asyncio.Queue()
    log.info("label printer ready")
    worker = asyncio.create_task(printer(jobs))
    await asyncio.sleep(0.05)
    for label in ("box-1", "box-2"):
        await jobs.put(label)
    await asyncio.wait([worker], timeout=0.2)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


asyncio.run(main())
