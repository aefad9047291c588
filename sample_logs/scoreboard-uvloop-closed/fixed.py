"""Shows the score of a match; a button in a thread of its own counts the goals."""

import asyncio
import logging
import threading
import time

import uvloop

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(message)s")
log = logging.getLogger("board")


class Board:
    def __init__(self, loop):
        self.loop = loop
        self.goals = 0
        self.on = True
        self.button = threading.Thread(target=self.watch_button, name="button")

    def watch_button(self):
        while self.on:
            time.sleep(0.2)
            self.loop.call_soon_threadsafe(self.goal)

    def goal(self):
        self.goals += 1
        log.info("goal %d", self.goals)

    async def show(self, seconds):
        self.button.start()
        await asyncio.sleep(seconds)
        log.info("the match is over")


async def main():
    board = Board(asyncio.get_running_loop())
    try:
        await board.show(0.5)
    finally:  # the button first, then the loop
        board.on = False
        await asyncio.get_running_loop().run_in_executor(None, board.button.join)


uvloop.run(main())
