"""Makes thumbnails in a thread pool; the last upload comes in while the service shuts down."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("thumbnails")
pool = ThreadPoolExecutor(2, thread_name_prefix="scale")


def scale(picture):
    return picture.replace(".jpg", "-small.jpg")


async def uploads():
    loop = asyncio.get_running_loop()
    for picture in ("bridge.jpg", "tower.jpg", "river.jpg"):
        await asyncio.sleep(0.1)
        log.info("made %s", await loop.run_in_executor(pool, scale, picture))


async def main():
    incoming = asyncio.create_task(uploads())
    await asyncio.sleep(0.25)
    await incoming
    log.info("shutting down the pool")
    pool.shutdown()


asyncio.run(main())
