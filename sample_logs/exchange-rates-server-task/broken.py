"""Serves exchange rates; a task in the background refreshes them and notes every change."""

import asyncio
import logging
import tempfile

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("rates")
NOTES = web.AppKey("notes")
RATES = web.AppKey("rates", dict)


async def refresh(app):
    try:
        while True:
            app[RATES]["EUR"] = 7.46
            await asyncio.sleep(60)
    finally:
        app[NOTES].write(f"last rates: {app[RATES]}\n")


async def rates(request):
    return web.json_response(request.app[RATES])


async def start(app):
    app[RATES] = {}
    app[NOTES] = tempfile.TemporaryFile("w")
    app["refresh"] = asyncio.create_task(refresh(app))


async def stop(app):
    app[NOTES].close()
    log.info("notes closed")


async def main():
    app = web.Application()
    app.router.add_get("/rates", rates)
    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:  # a visitor
        async with session.get("http://%s:%d/rates" % runner.addresses[0]) as response:
            log.info("visitor got %s", await response.json())
    await runner.cleanup()


asyncio.run(main())
