"""Makes thumbnails: worker processes fetch the pictures."""

import asyncio
import logging
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(processName)s: %(message)s")
log = logging.getLogger("thumbnails")


class Pictures(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2048")
        self.end_headers()
        self.wfile.write(bytes(2048))

    def log_message(self, *arguments):
        pass


async def fetch(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            return len(await response.read())


def thumbnail(url):
    return asyncio.run(fetch(url))


async def main():
    context = multiprocessing.get_context("spawn")
    with ThreadingHTTPServer(("127.0.0.1", 0), Pictures) as server, ProcessPoolExecutor(1, mp_context=context) as pool:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/castle.jpg"
        try:
            size = await asyncio.get_running_loop().run_in_executor(pool, thumbnail, url)
            log.info("fetched %d bytes", size)
        except Exception:
            log.exception("no thumbnail")
        server.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
