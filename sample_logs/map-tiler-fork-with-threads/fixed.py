"""Cuts a map into tiles: reads it in a thread, draws the tiles in processes."""

import asyncio
import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("tiles")


def read_map():
    return list(range(4))


def draw(tile):
    return tile * tile


async def main():
    loop = asyncio.get_running_loop()
    tiles = await asyncio.to_thread(read_map)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        drawn = [await loop.run_in_executor(pool, draw, tile) for tile in tiles]
    log.info("%d tiles drawn", len(drawn))


if __name__ == "__main__":
    asyncio.run(main())
