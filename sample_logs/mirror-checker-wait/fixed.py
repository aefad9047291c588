"""Checks that the mirrors of a software archive are fresh."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("mirrors")
AGES = {"north": 2, "south": 3}  # in hours


async def check(mirror):
    await asyncio.sleep(0.01)
    log.info("%s is %d hours old", mirror, AGES[mirror])


async def check_all(mirrors):
    results = await asyncio.gather(*(check(mirror) for mirror in mirrors), return_exceptions=True)
    for mirror, result in zip(mirrors, results):
        if isinstance(result, BaseException):
            log.warning("%s was not checked: %r is not known", mirror, result.args[0])
    log.info("%d mirrors checked", len(mirrors))


asyncio.run(check_all(["north", "west", "south"]))
