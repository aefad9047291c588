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
        log.info("following the journal")
        lines = await asyncio.to_thread(journal.readlines)
        log.info("read %d lines", len(lines))


asyncio.run(main())
