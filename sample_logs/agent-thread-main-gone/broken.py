"""An agent that measures the disk from time to time, in a thread of its own."""

import asyncio
import logging
import shutil
import threading

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(message)s")
log = logging.getLogger("agent")


async def measure(started, stop):
    while not stop.is_set():
        usage = await asyncio.to_thread(shutil.disk_usage, "/")
        log.info("disk measured: %s", "full" if usage.free == 0 else "there is room")
        started.set()
        await asyncio.sleep(0.3)


def run_agent(started, stop):
    asyncio.run(measure(started, stop))


started, stop = threading.Event(), threading.Event()
agent = threading.Thread(target=run_agent, args=(started, stop), name="agent")
agent.start()
started.wait()
log.info("main has nothing left to do")
