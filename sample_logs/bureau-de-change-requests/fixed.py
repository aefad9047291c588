"""Changes money at the rate of a central bank, which is slow to answer."""

import asyncio
import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import requests
from aiohttp import web

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
log = logging.getLogger("bureau")


class Bank(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.4)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"rate": 7.46}).encode())

    def log_message(self, *arguments):
        pass


bank = ThreadingHTTPServer(("127.0.0.1", 0), Bank)
threading.Thread(target=bank.serve_forever, daemon=True).start()
BANK = f"http://127.0.0.1:{bank.server_port}/rate"


async def quote(request):
    amount = int(request.match_info["amount"])
    loop = asyncio.get_running_loop()  # or `asyncio.to_thread()`, from Python 3.9 on
    answer = await loop.run_in_executor(None, lambda: requests.get(BANK, timeout=10))
    return web.json_response({"pays": round(amount * answer.json()["rate"], 2)})


async def main():
    app = web.Application()
    app.router.add_get("/quote/{amount}", quote)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:  # a customer
        async with session.get("http://%s:%d/quote/250" % runner.addresses[0]) as response:
            log.info("250 pays %s", (await response.json())["pays"])
    await runner.cleanup()


asyncio.run(main())
