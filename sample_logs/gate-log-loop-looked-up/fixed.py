"""Reads the log of a gate."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("gate")


async def read(gate):
    await asyncio.sleep(0.01)
    return f"gate {gate}: opened 41 times"


def main():
    log.info(asyncio.run(read("west")))


main()
