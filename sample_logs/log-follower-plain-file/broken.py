"""Counts the lines of a door's log."""

import asyncio
import logging
from pathlib import Path

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("door")


async def count(path):
    loop = asyncio.get_running_loop()
    finished = loop.create_future()
    with path.open() as file:
        loop.add_reader(file, lambda: finished.done() or finished.set_result(file.read()))
        text = await finished
        loop.remove_reader(file)
    return len(text.splitlines())


async def main():
    path = Path("door.log")
    path.write_text("opened\nclosed\n")
    log.info("%d lines", await count(path))


asyncio.run(main())
