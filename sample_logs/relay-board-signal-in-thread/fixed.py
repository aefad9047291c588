"""Drives a board of relays; the loop runs in a thread, the main thread has a console."""

import asyncio
import logging
import os
import signal
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(threadName)s %(levelname)s %(message)s")
log = logging.getLogger("relays")


class Board:
    def __init__(self):
        self.ready = threading.Event()
        self.thread = threading.Thread(target=asyncio.run, args=(self.drive(),), name="board")

    async def drive(self):
        self.loop = asyncio.get_running_loop()
        self.stop = asyncio.Event()
        self.ready.set()
        log.info("driving")
        await self.stop.wait()
        log.info("all relays open")


def main():
    board = Board()
    board.thread.start()
    if board.ready.wait(1):
        signal.signal(signal.SIGTERM, lambda *_: board.loop.call_soon_threadsafe(board.stop.set))
        os.kill(os.getpid(), signal.SIGTERM)  # stands for the service manager
    while board.thread.is_alive():
        time.sleep(0.05)
    log.info("good-bye")


main()
