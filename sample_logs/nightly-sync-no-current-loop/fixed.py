"""Copies the day's orders, then the day's returns, to the warehouse."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s.%(msecs)03d %(levelname)s %(message)s", datefmt="%H:%M:%S")


async def copy(table, rows):
    await asyncio.sleep(0.05)
    logging.info("copied %d rows of %s", rows, table)


async def main():
    await copy("orders", 1830)
    await copy("returns", 41)


if __name__ == "__main__":
    logging.info("nightly sync started")
    asyncio.run(main())
    logging.info("nightly sync ended")
