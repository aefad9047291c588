"""Greets whoever rings at a door, if they answer in time."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("greeter")


async def answer():
    await asyncio.sleep(0.01)
    return "the postman"


async def greet():
    visitor = await asyncio.wait_for(answer(), 5)
    log.info("good morning, %s", visitor)


asyncio.run(greet())
