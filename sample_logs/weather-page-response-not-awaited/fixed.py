"""Makes the weather page of a village."""

import asyncio
import logging

import httpx

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("weather")


def service(request):  # stands for the weather service
    return httpx.Response(200, json={"sky": "clouds", "wind": 6})


async def page(client):
    response = await client.get("https://weather.example.org/village")
    if response.status_code != 200:
        return "no weather today"
    weather = response.json()
    return f"{weather['sky']}, wind {weather['wind']}"


async def main():
    async with httpx.AsyncClient(transport=httpx.MockTransport(service)) as client:
        log.info("page: %s", await page(client))


asyncio.run(main())
