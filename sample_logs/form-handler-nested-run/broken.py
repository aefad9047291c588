"""Checks the addresses that a web form sends."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("forms")


async def look_up(postcode):
    await asyncio.sleep(0.02)
    return {"10115": "Berlin", "80331": "Munich"}.get(postcode, "unknown")


def check_address(form):
    city = asyncio.run(look_up(form["postcode"]))
    return city == form["city"]


async def handle(form):
    log.info("form %d received", form["id"])
    log.info("form %d: address valid: %s", form["id"], check_address(form))


async def main():
    for number, postcode, city in ((1, "10115", "Berlin"), (2, "80331", "Hamburg")):
        try:
            await handle({"id": number, "postcode": postcode, "city": city})
        except Exception:
            log.exception("form %d could not be handled", number)


asyncio.run(main())
