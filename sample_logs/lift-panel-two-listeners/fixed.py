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


async def pump(socket, floors, alarms):  # the only reader
    async for message in socket:
        await (alarms if message.data.startswith("alarm") else floors).put(message.data)
    for inbox in (floors, alarms):
        await inbox.put(None)


async def show_floors(inbox):
    while (event := await inbox.get()) is not None:
        log.info("now at %s", event)


async def show_alarms(inbox):
    while (event := await inbox.get()) is not None:
        log.info("attention: %s", event)


async def panel(url):
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        floors, alarms = asyncio.Queue(), asyncio.Queue()
        await asyncio.gather(pump(socket, floors, alarms), show_floors(floors), show_alarms(alarms))


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
