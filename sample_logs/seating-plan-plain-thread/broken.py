"""Draws the seating plan of a dinner; the drawing is synchronous and reports as it goes."""

import logging
import threading

import anyio
import anyio.from_thread
import anyio.to_thread

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(message)s")
log = logging.getLogger("seating")


async def report(table):
    await anyio.sleep(0.01)
    log.info("table %d drawn", table)


def draw(tables):
    for table in range(1, tables + 1):
        anyio.from_thread.run(report, table)


async def main():
    thread = threading.Thread(target=draw, args=(2,), name="drawing")
    thread.start()
    await anyio.to_thread.run_sync(thread.join)


anyio.run(main)
