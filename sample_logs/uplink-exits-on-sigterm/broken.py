"""Pushes the state of a pump station to its operator until the service is stopped."""

import asyncio
import logging
import signal
import sys

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("uplink")


async def operator(request):
    return web.Response(text="noted")


async def push(session, url):
    while True:
        async with session.post(url, json={"pumps": 3}) as response:
            log.info("operator: %s", await response.text())
        await asyncio.sleep(60)


def stopped(signum, frame):
    log.info("got SIGTERM")
    sys.exit(0)


async def main():
    app = web.Application()
    app.router.add_post("/state", operator)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    session = aiohttp.ClientSession()
    await push(session, "http://%s:%d/state" % runner.addresses[0])
    await session.close()
    await runner.cleanup()


signal.signal(signal.SIGTERM, stopped)
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
