"""Sends texts to a translation service."""

import asyncio
import logging

import aiohttp
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s | %(message)s")
log = logging.getLogger("translate")


async def service(request):
    return web.Response(text=(await request.text()).upper())


class Translator:
    def __init__(self, url):
        self.url = url
        self.session = aiohttp.ClientSession()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self.session.close()

    async def translate(self, text):
        async with self.session.post(self.url, data=text) as response:
            return await response.text()


async def translate_all(url, texts):
    translator = Translator(url)
    for text in texts:
        async with translator:
            log.info("%s -> %s", text, await translator.translate(text))


async def main():
    app = web.Application()
    app.router.add_post("/", service)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await translate_all("http://%s:%d/" % runner.addresses[0], ["soup", "bread"])
    finally:
        await runner.cleanup()


asyncio.run(main())
