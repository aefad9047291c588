"""The panel of a lift: one task shows the floors, another the alarms; both come over one web socket."""

import asyncio
import logging

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("lift")


async def shaft(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    for event in ("floor 1", "floor 2", "alarm door"):
        await asyncio.sleep(0.05)
        await socket.send_str(event)
    await socket.close()
    return socket


async def show_floors(socket):
    async for message in socket:
        log.info("now at %s", message.data)


async def show_alarms(socket):
    message = await socket.receive()
    log.info("attention: %s", message.data)


async def panel(url):
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await asyncio.gather(show_floors(socket), show_alarms(socket))


async def main():
    app = web.Application()
    app.router.add_get("/events", shaft)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await panel("http://%s:%d/events" % runner.addresses[0])
    finally:
        await runner.cleanup()


asyncio.run(main())
