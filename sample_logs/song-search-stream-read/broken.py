"""Searches the songs of an archive."""

import asyncio
import json
import logging

import httpx

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("songs")


async def archive():
    yield b'{"songs": '
    yield b'["Blue Boat", "Low Tide"]}'


def service(request):  # stands for the archive
    return httpx.Response(200, content=archive())


async def search(client, word):
    async with client.stream("GET", "https://archive.example.org/songs", params={"q": word}) as response:
        body = response.read()
    return json.loads(body)["songs"]


async def main():
    async with httpx.AsyncClient(transport=httpx.MockTransport(service)) as client:
        log.info("found %s", ", ".join(await search(client, "boat")))


asyncio.run(main())
