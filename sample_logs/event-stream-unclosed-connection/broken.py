"""Listens to the events of a building and reports the first one."""

import asyncio
import logging

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(levelname)s] %(name)s %(message)s")
log = logging.getLogger("events")


async def events(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str("lift 2: door open")
    async for _ in socket:
        pass
    return socket


async def first_event(url):
    session = aiohttp.ClientSession()
    socket = await session.ws_connect(url)
    return (await socket.receive()).data


async def main():
    app = web.Application()
    app.router.add_get("/events", events)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    log.info("first event: %s", await first_event("http://%s:%d/events" % runner.addresses[0]))
    await runner.cleanup()
    log.info("stopped")


asyncio.run(main())
