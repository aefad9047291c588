"""Prints labels: every shift is one run; orders arrive while the printer waits."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s|%(levelname)s|%(message)s")
log = logging.getLogger("labels")
ORDERS = asyncio.Queue()


async def clerk(shift):
    for number in range(2):
        await asyncio.sleep(0.01)
        ORDERS.put_nowait(f"{shift}-{number}")


async def print_labels(shift):
    clerk_at_work = asyncio.create_task(clerk(shift))
    for _ in range(2):
        label = await ORDERS.get()
        log.info("printed %s", label)
    await clerk_at_work


def work(shift):
    log.info("%s shift begins", shift)
    asyncio.run(print_labels(shift))


for shift in ("early", "late"):
    work(shift)
