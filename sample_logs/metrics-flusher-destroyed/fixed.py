"""Counts what a short job does and flushes the counters in the background."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
log = logging.getLogger("metrics")
counters = {"rows": 0}


async def send(values):
    await asyncio.sleep(0.01)
    log.info("flushed %s", values)


async def flush_forever():
    try:
        while True:
            await asyncio.sleep(0.1)
            await send(dict(counters))
    finally:
        await send(dict(counters))


async def main():
    flusher = asyncio.create_task(flush_forever())
    try:
        for _ in range(5):
            counters["rows"] += 100
            await asyncio.sleep(0.06)
        log.info("import finished, %d rows", counters["rows"])
    finally:
        flusher.cancel()
        await asyncio.gather(flusher, return_exceptions=True)


asyncio.run(main())
