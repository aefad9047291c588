"""Takes samples from a device's own thread into an asyncio pipeline."""

import asyncio
import logging
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(name)s: %(message)s")
log = logging.getLogger("ingest")


class Device(threading.Thread):
    def __init__(self, loop, queue):
        super().__init__(name="device-0")
        self.loop, self.queue = loop, queue

    def run(self):
        for number in range(5):
            time.sleep(0.1)
            self.loop.call_soon_threadsafe(self.queue.put_nowait, number)


async def pipeline(queue):
    while True:
        log.info("stored sample %d", await queue.get())


async def main():
    queue = asyncio.Queue()
    device = Device(asyncio.get_running_loop(), queue)
    task = asyncio.create_task(pipeline(queue), name="pipeline")
    device.start()
    await asyncio.sleep(0.35)
    # First what feeds the loop, then what the loop runs.
    await asyncio.get_running_loop().run_in_executor(None, device.join)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    log.info("stopped")


asyncio.run(main())
