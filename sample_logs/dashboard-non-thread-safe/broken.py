"""Refreshes a dashboard whenever the file watcher's thread sees a change."""

import asyncio
import logging
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")
log = logging.getLogger("dashboard")


def refresh(path):
    log.info("refreshed after a change of %s", path)


def watch(loop):
    for path in ("sales.csv", "stock.csv"):
        time.sleep(0.08)
        loop.call_soon(refresh, path)


async def main():
    watcher = threading.Thread(target=watch, args=[asyncio.get_running_loop()], name="watcher")
    watcher.start()
    await asyncio.sleep(0.3)
    log.info("dashboard closed")


asyncio.run(main())
