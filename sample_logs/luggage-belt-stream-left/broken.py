"""Hands suitcases from the scanner to the belt."""

import logging

import anyio

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("belt")


async def main():
    to_belt, from_scanner = anyio.create_memory_object_stream(10)
    for case in ("LX-11", "LX-12"):
        await to_belt.send(case)
    for _ in range(2):
        log.info("%s on the belt", await from_scanner.receive())


anyio.run(main)
