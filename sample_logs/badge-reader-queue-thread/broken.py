"""Opens doors for the badges that a broker announces; the broker's client has a thread of its own."""

import asyncio
import logging
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(threadName)s %(message)s")
log = logging.getLogger("badges")


class BrokerClient:
    """Calls on_message in its network thread, as such libraries do."""

    def __init__(self, messages):
        self.messages = messages
        self.on_message = None
        self.thread = threading.Thread(target=self.receive, name="network")

    def receive(self):
        for message in self.messages:
            time.sleep(0.05)
            try:
                self.on_message(message)
            except Exception:
                log.exception("on_message failed for %s", message)


async def open_doors(queue):
    while (badge := await queue.get()) != "shift over":
        log.info("door opened for %s", badge)


async def main():
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()
    client = BrokerClient(["badge 114", "badge 209", "shift over"])
    client.on_message = queue.put_nowait
    client.thread.start()
    try:
        await asyncio.wait_for(open_doors(queue), 2)
    except TimeoutError:
        log.warning("no badge came in time")
    await loop.run_in_executor(None, client.thread.join)


asyncio.run(main())
