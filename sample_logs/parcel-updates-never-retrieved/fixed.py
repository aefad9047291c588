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
    async with asyncio.TaskGroup() as group:
        for item in updates:
            group.create_task(update(*item), name=f"update-{item[0]}")
    log.info("batch of %d updates done", len(updates))


asyncio.run(main())
