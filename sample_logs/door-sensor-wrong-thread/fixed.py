"""Reports each opening of a door; the sensor's library calls back in a thread of its own."""

import asyncio
import functools
import logging
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(message)s")
log = logging.getLogger("door")


class Sensor(threading.Thread):
    def __init__(self, callback):
        super().__init__(name="sensor")
        self.callback = callback

    def run(self):
        for door in ("front", "back"):
            time.sleep(0.1)
            self.callback(door)


async def report(door):
    await asyncio.sleep(0.01)
    log.info("reported: %s door opened", door)


def on_open(loop, door):
    log.info("%s door opened", door)
    asyncio.run_coroutine_threadsafe(report(door), loop)


async def main():
    sensor = Sensor(functools.partial(on_open, asyncio.get_running_loop()))
    sensor.start()
    await asyncio.sleep(0.4)
    log.info("watch ended")


asyncio.run(main())
