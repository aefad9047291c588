"""Follows the log of a radio mast until the first alarm."""

import asyncio
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("mast")
LINES = b"power ok\nalarm: wind\npower ok\n"


class Mast(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(LINES)))
        self.end_headers()
        self.wfile.write(LINES)

    do_DELETE = do_GET

    def log_message(self, *arguments):
        pass


class Follower:
    def __init__(self, url):
        self.url = url

    async def lines(self, client):
        try:
            async with client.stream("GET", self.url) as response:
                async for line in response.aiter_lines():
                    yield line
        finally:
            await client.delete(self.url)  # tells the mast that nobody listens any more

    async def first_alarm(self):
        async with httpx.AsyncClient() as client:
            self.stream = self.lines(client)
            async for line in self.stream:
                if line.startswith("alarm"):
                    return line


async def main(follower):
    log.info("first: %s", await follower.first_alarm())


server = ThreadingHTTPServer(("127.0.0.1", 0), Mast)
threading.Thread(target=server.serve_forever, daemon=True).start()
follower = Follower(f"http://127.0.0.1:{server.server_port}/log")
asyncio.run(main(follower))
