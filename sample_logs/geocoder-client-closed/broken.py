"""Finds the coordinates of addresses."""

import asyncio
import json
import logging

import httpx

logging.basicConfig(level=logging.INFO, format="%(levelname)s [%(name)s] %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("geocoder")


def answer(request):  # stands for the service out there
    return httpx.Response(200, content=json.dumps({"lat": 57.05, "lon": 9.92, "query": request.url.query.decode()}))


class Geocoder:
    def __init__(self, client):
        self.client = client

    async def locate(self, address):
        response = await self.client.get("https://maps.example.org/search", params={"q": address})
        return response.json()


async def main():
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        geocoder = Geocoder(client)
        log.info("ready")
    for address in ("Havnegade 3", "Algade 12"):
        try:
            place = await geocoder.locate(address)
            log.info("%s: %s, %s", address, place["lat"], place["lon"])
        except RuntimeError:
            log.exception("%s: not found", address)


asyncio.run(main())
