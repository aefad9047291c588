"""Delivers webhooks, with a second try when the receiver is busy."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("webhooks")
tries = {}


async def deliver(event):
    tries[event] = tries.get(event, 0) + 1
    await asyncio.sleep(0.02)
    if event == "order.paid" and tries[event] == 1:
        raise TimeoutError(f"receiver of {event} is busy")
    log.info("delivered %s", event)


async def retry(call, event, times):
    for attempt in range(times):
        try:
            return await call(event)
        except TimeoutError as error:
            log.warning("attempt %d: %s", attempt + 1, error)


async def main():
    await retry(deliver, "order.created", 3)
    await retry(deliver, "order.paid", 3)


asyncio.run(main())
