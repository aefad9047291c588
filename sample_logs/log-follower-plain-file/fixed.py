"""Counts the lines of a door's log."""

import asyncio
import logging
from pathlib import Path

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("door")


async def count(path):
    text = await asyncio.get_running_loop().run_in_executor(None, path.read_text)
    return len(text.splitlines())


async def main():
    path = Path("door.log")
    path.write_text("opened\nclosed\n")
    log.info("%d lines", await count(path))


asyncio.run(main())
