"""Serves the prices of a kiosk, once they are loaded."""

import asyncio
import logging

import uvicorn

logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")
log = logging.getLogger("kiosk")
PRICES = {}


async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(PRICES).encode()})


async def load_prices():
    await asyncio.sleep(0.01)
    PRICES["newspaper"] = 250
    log.info("%d prices loaded", len(PRICES))


async def main():
    await load_prices()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off"))
    await server.serve()


asyncio.run(main())
