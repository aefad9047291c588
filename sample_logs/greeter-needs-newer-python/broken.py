"""Greets whoever rings at a door, if they answer in time."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("greeter")


async def answer():
    await asyncio.sleep(0.01)
    return "the postman"


async def greet():
    async with asyncio.timeout(5):
        visitor = await answer()
    log.info("good morning, %s", visitor)


asyncio.run(greet())
