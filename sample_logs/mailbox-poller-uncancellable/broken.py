"""Polls a mailbox; the operator may switch the poller off."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
log = logging.getLogger("mailbox")


async def fetch(box):
    await asyncio.sleep(0.05)
    return 2


async def poll(box):
    while True:
        try:
            log.info("%s: %d new messages", box, await fetch(box))
        except BaseException:
            log.warning("%s: poll failed, trying again", box)
            await asyncio.sleep(0)


async def main():
    task = asyncio.create_task(poll("orders@"), name="poll-orders")
    await asyncio.sleep(0.3)
    log.info("switching the poller off")
    task.cancel()
    done, pending = await asyncio.wait([task], timeout=0.4)
    log.error("poller did not stop when asked to: %s", pending or done)


loop = asyncio.new_event_loop()
loop.run_until_complete(main())
