"""Follows a file and counts its lines as they come."""

import asyncio
import logging
import tempfile

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("tailer")


async def main():
    with tempfile.TemporaryFile("w+") as journal:
        journal.write("first\nsecond\n")
        journal.seek(0)
        done = asyncio.Event()

        def read():
            log.info("read %d lines", len(journal.readlines()))
            done.set()

        log.info("following the journal")
        loop = asyncio.get_running_loop()
        loop.add_reader(journal.fileno(), read)
        await done.wait()
        loop.remove_reader(journal.fileno())


asyncio.run(main())
