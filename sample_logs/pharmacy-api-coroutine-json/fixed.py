"""Tells what a pharmacy has in stock."""

import asyncio
import logging

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("pharmacy")


async def packets(drug):
    await asyncio.sleep(0.01)
    return 14


async def stock(request):
    drug = request.match_info["drug"]
    return web.json_response({"drug": drug, "packets": await packets(drug)})


async def main():
    app = web.Application()
    app.router.add_get("/stock/{drug}", stock)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession("http://%s:%d" % runner.addresses[0]) as session:
        async with session.get("/stock/aspirin") as response:
            log.info("%d %s", response.status, (await response.text())[:40])
    await runner.cleanup()


asyncio.run(main())
