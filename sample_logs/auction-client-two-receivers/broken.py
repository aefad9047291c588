"""Bids in an auction: every bid waits for its own answer on the one websocket."""

import asyncio
import itertools
import json
import logging

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
logging.getLogger("websockets").setLevel(logging.WARNING)
log = logging.getLogger("auction")


async def auctioneer(socket):
    async for message in socket:
        bid = json.loads(message)
        await asyncio.sleep(0.02)
        await socket.send(json.dumps({"id": bid["id"], "taken": bid["amount"] > 100}))


class Bidder:
    def __init__(self, socket):
        self.socket = socket
        self.numbers = itertools.count(1)

    async def bid(self, lot, amount):
        number = next(self.numbers)
        await self.socket.send(json.dumps({"id": number, "lot": lot, "amount": amount}))
        reply = json.loads(await self.socket.recv())
        log.info("%d for the %s: %s", amount, lot, "taken" if reply["taken"] else "too low")


async def main():
    async with serve(auctioneer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with connect(f"ws://{host}:{port}") as socket:
            bidder = Bidder(socket)
            await asyncio.gather(bidder.bid("clock", 120), bidder.bid("vase", 80))


asyncio.run(main())
