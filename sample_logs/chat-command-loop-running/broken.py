"""A chat bot with one command, `!roll`."""

import asyncio
import logging
import random

logging.basicConfig(level=logging.INFO, format="[%(asctime)s] [%(levelname)-8s] %(name)s: %(message)s")
log = logging.getLogger("bot")


async def roll(sides):
    await asyncio.sleep(0.02)
    return random.randint(1, sides)


def on_command(text):
    loop = asyncio.get_event_loop()
    return loop.run_until_complete(roll(int(text.split()[1])))


async def main():
    log.info("logged in as dicebot")
    for text in ("!roll 6", "!roll 20"):
        await asyncio.sleep(0.05)
        try:
            log.info("%s -> %d", text, on_command(text))
        except RuntimeError as error:
            log.error("Ignoring exception in command roll", exc_info=error)


asyncio.run(main())
