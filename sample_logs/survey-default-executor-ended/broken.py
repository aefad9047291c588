"""Evaluates the sheets of a survey."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("survey")


def evaluate(sheet):
    return len(sheet) * 10


async def main():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:
        loop.set_default_executor(pool)
        for sheet in ("yes yes no", "no"):
            log.info("%d points", await loop.run_in_executor(None, evaluate, sheet))
    log.info("late sheet: %d points", await loop.run_in_executor(None, evaluate, "yes"))


asyncio.run(main())
