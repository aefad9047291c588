"""Books seats; one ledger line at a time."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
log = logging.getLogger("seats")
sold = {"12A"}


async def book(lock, seat):
    try:
        if seat in sold:
            log.warning("%s is sold already", seat)
            return
        await lock.acquire()
        await asyncio.sleep(0.02)
        sold.add(seat)
        log.info("booked %s", seat)
    finally:
        lock.release()


async def main():
    lock = asyncio.Lock()
    for seat in ("11C", "12A", "14F"):
        await book(lock, seat)


asyncio.run(main())
