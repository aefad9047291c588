"""Sorts letters by the first figure of their postcode."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("letters")


async def sort(letter):
    await asyncio.sleep(0)
    log.info("%s goes into bag %d", letter, int(letter[0]))


async def sorter(letters):
    while True:
        letter = await letters.get()
        try:
            await sort(letter)
        except ValueError:
            log.warning("%s has no postcode", letter)
            letters.task_done()
        letters.task_done()


async def main():
    letters = asyncio.Queue()
    for letter in ("4810 Vik", "postcard"):
        letters.put_nowait(letter)
    worker = asyncio.create_task(sorter(letters))
    joined = asyncio.create_task(letters.join())
    await asyncio.wait([worker, joined], return_when=asyncio.FIRST_COMPLETED)
    worker.cancel()
    await worker


try:
    asyncio.run(main())
except asyncio.CancelledError:
    log.info("all letters are sorted")
