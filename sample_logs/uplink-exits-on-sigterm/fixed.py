"""Pushes the state of a pump station to its operator until the service is stopped."""

import asyncio
import logging
import signal

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


async def main():
    app = web.Application()
    app.router.add_post("/state", operator)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with aiohttp.ClientSession() as session:
        worker = asyncio.create_task(push(session, "http://%s:%d/state" % runner.addresses[0]))
        await stop.wait()
        log.info("got SIGTERM")
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    await runner.cleanup()


asyncio.run(main())
