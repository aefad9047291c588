"""Waits for the receipts of push messages while it sends further ones."""

import asyncio
import gc
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("notifier")
TASKS = set()


class Receipt:
    def __init__(self):
        self.arrived = asyncio.get_running_loop().create_future()


async def await_receipt(device):
    receipt = Receipt()
    await receipt.arrived
    log.info("%s has the message", device)


async def main():
    for number in range(1, 9):
        if number % 3 == 0:
            task = asyncio.create_task(await_receipt(f"phone-{number}"))
            TASKS.add(task)
            task.add_done_callback(TASKS.discard)
        log.info("message %d sent", number)
        await asyncio.sleep(0.05)
        if number == 5:
            gc.collect()  # stands for the collections that an hour's work triggers
    log.info("all messages sent")


asyncio.run(main())
