"""Analyses chess positions in a thread pool until the time is up."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s: %(message)s")
log = logging.getLogger("analysis")
pool = ThreadPoolExecutor(1, thread_name_prefix="engine")


def analyse(position):
    time.sleep(0.4)
    log.info("%s: white is better", position)
    return position


async def main():
    asyncio.get_running_loop().run_in_executor(pool, analyse, "after 14. Nd5")
    await asyncio.sleep(0.2)
    log.info("time is up")


loop = asyncio.new_event_loop()
loop.run_until_complete(main())
log.info("closing the loop")
loop.close()
pool.shutdown()
