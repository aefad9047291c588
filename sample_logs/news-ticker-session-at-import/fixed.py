"""Shows the headlines of two papers."""

import asyncio
import logging

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("ticker")


async def headline(request):
    return web.Response(text=f"{request.match_info['paper']}: bridge reopened")


async def show(session, url):
    async with session.get(url) as response:
        log.info(await response.text())


async def main():
    app = web.Application()
    app.router.add_get("/{paper}", headline)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        for paper in ("Herald", "Courier"):
            await show(session, "http://%s:%d/" % runner.addresses[0] + paper)
    await runner.cleanup()


asyncio.run(main())
