"""Takes the orders of a shop by a web hook; the packing list is printed after the answer."""

import asyncio
import logging

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("orders")


async def print_list(order):
    await asyncio.sleep(0.01)
    weight = sum(item["grams"] for item in order["items"])
    log.info("order %s: %d items, %d g", order["id"], len(order["items"]), weight)


async def hook(request):
    asyncio.ensure_future(print_list(await request.json()))
    return web.Response(status=202)


async def main():
    app = web.Application()
    app.router.add_post("/orders", hook)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession("http://%s:%d" % runner.addresses[0]) as shop:
        for order in ({"id": "A1", "items": [{"grams": 300}]}, {"id": "A2", "items": [{"kilos": 1}]}):
            async with shop.post("/orders", json=order) as response:
                log.info("order %s: %d", order["id"], response.status)
    await asyncio.sleep(0.2)
    await runner.cleanup()


asyncio.run(main())
