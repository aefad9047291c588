"""Prints labels: every shift is one run; orders arrive while the printer waits."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s|%(levelname)s|%(message)s")
log = logging.getLogger("labels")


async def clerk(orders, shift):
    for number in range(2):
        await asyncio.sleep(0.01)
        orders.put_nowait(f"{shift}-{number}")


async def print_labels(orders, shift):
    clerk_at_work = asyncio.create_task(clerk(orders, shift))
    for _ in range(2):
        label = await orders.get()
        log.info("printed %s", label)
    await clerk_at_work


async def work(orders, shift):
    log.info("%s shift begins", shift)
    await print_labels(orders, shift)


async def main(shifts):
    orders = asyncio.Queue()  # one loop, one queue
    for shift in shifts:
        await work(orders, shift)


asyncio.run(main(("early", "late")))
