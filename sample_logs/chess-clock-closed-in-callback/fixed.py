"""Analyses chess positions in a thread pool until the time is up."""

import asyncio
import logging
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s: %(message)s")
log = logging.getLogger("analysis")


def analyse(position):
    time.sleep(0.4)
    log.info("%s: white is better", position)
    return position


async def main():
    analysis = asyncio.get_running_loop().run_in_executor(None, analyse, "after 14. Nd5")
    await asyncio.sleep(0.2)
    log.info("time is up")
    await analysis


asyncio.run(main())
