"""Evaluates the sheets of a survey."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("survey")


def evaluate(sheet):
    return len(sheet) * 10


async def main():
    for sheet in ("yes yes no", "no"):
        log.info("%d points", await asyncio.to_thread(evaluate, sheet))
    log.info("late sheet: %d points", await asyncio.to_thread(evaluate, "yes"))


asyncio.run(main())
