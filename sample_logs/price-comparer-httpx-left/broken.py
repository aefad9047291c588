"""Compares the price of an article with that of a competitor."""

import asyncio
import gc
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("prices")


class Competitor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"cents": 1799}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


async def compare(url, ours):
    client = httpx.AsyncClient()
    response = await client.get(url)
    log.info("they ask %d cents less", ours - response.json()["cents"])


with ThreadingHTTPServer(("127.0.0.1", 0), Competitor) as server:
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asyncio.run(compare(f"http://127.0.0.1:{server.server_port}/kettle", 1990))
    gc.collect()  # a service that goes on collects by itself within minutes
    server.shutdown()
