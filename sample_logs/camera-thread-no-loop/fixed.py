"""Publishes the frames of a camera, which calls back from its driver's thread."""

import asyncio
import logging
import threading

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s: %(message)s")
log = logging.getLogger("camera")


async def publish(frame):
    await asyncio.sleep(0.01)
    log.info("published %s", frame)


def driver(loop):
    for number in range(3):
        on_frame(f"frame-{number}", loop)


def on_frame(frame, loop):
    asyncio.run_coroutine_threadsafe(publish(frame), loop).result()


async def main():
    log.info("camera opened")
    thread = threading.Thread(target=driver, args=[asyncio.get_running_loop()], name="Thread-1 (driver)")
    thread.start()
    while thread.is_alive():
        await asyncio.sleep(0.05)
    log.info("camera closed")


asyncio.run(main())
