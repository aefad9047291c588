"""Polls two mailboxes; the operator may switch the pollers off."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
log = logging.getLogger("mailbox")


async def fetch(box):
    await asyncio.sleep(0.15)
    return 2


async def poll(box):
    while True:
        try:
            log.info("%s: %d new messages", box, await fetch(box))
        except Exception:
            log.warning("%s: poll failed, trying again", box)
            await asyncio.sleep(0)


async def main():
    pollers = asyncio.gather(poll("orders@"), poll("returns@"))
    await asyncio.sleep(0.3)
    log.info("switching the pollers off")
    pollers.cancel()
    done, pending = await asyncio.wait([pollers], timeout=0.4)
    await asyncio.gather(*done, return_exceptions=True)
    if pending:
        log.error("pollers did not stop when asked to")


asyncio.run(main())
