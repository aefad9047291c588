"""Updates the state of parcels from carriers' messages."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("parcels")
states = {"P-100": "sent", "P-101": "sent"}


async def update(parcel, state):
    await asyncio.sleep(0.05)
    if parcel not in states:
        log.warning("%s is not one of ours", parcel)
        return
    log.info("%s: %s -> %s", parcel, states[parcel], state)
    states[parcel] = state


async def main():
    updates = [("P-100", "delivered"), ("P-999", "delivered"), ("P-101", "in customs")]
    results = await asyncio.gather(*(update(*item) for item in updates), return_exceptions=True)
    for item, result in zip(updates, results):
        if isinstance(result, BaseException):
            log.error("update of %s failed", item[0], exc_info=result)
    log.info("batch of %d updates done", len(updates))


asyncio.run(main())
