"""Fetches the quote of the day."""

import asyncio
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import aiohttp

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("quotes")


class Quotes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "14")
        self.end_headers()
        self.wfile.write(b"Measure twice.")

    def log_message(self, *arguments):
        pass


async def main(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            log.info("quote of the day: %s", await response.text())


server = HTTPServer(("127.0.0.1", 0), Quotes)
threading.Thread(target=server.serve_forever, daemon=True).start()
asyncio.run(main(f"http://127.0.0.1:{server.server_port}/today"))
log.info("done")
