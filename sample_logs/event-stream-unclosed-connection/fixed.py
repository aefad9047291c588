"""Listens to the events of a building and reports the first one."""

import asyncio
import gc
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


class Listener:
    def __init__(self, session):
        self.session = session
        self.handlers = {aiohttp.WSMsgType.TEXT: self.on_text}

    def on_text(self, text):
        log.info("first event: %s", text)

    async def listen(self, url):
        async with self.session.ws_connect(url) as socket:
            message = await socket.receive()
            self.handlers[message.type](message.data)


async def first_event(url):
    async with aiohttp.ClientSession() as session:
        listener = Listener(session)
        await listener.listen(url)


async def main():
    app = web.Application()
    app.router.add_get("/events", events)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await first_event("http://%s:%d/events" % runner.addresses[0])
    gc.collect()  # stands for the collections that an hour's work triggers
    await asyncio.sleep(0.05)
    await runner.cleanup()
    log.info("stopped")


asyncio.run(main())
