"""Archives support tickets in the background while the main program answers them."""

import asyncio
import logging
import threading

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s: %(message)s")
log = logging.getLogger("tickets")


def compress(ticket):
    return f"{ticket}.gz"


async def archive(tickets):
    for ticket in tickets:
        await asyncio.sleep(0.2)
        log.info("archived %s", await asyncio.to_thread(compress, ticket))


def archiver():
    asyncio.run(archive(["T-501", "T-502"]))


thread = threading.Thread(target=archiver, name="archiver")
thread.start()
try:
    log.info("2 tickets answered")
finally:
    thread.join()
