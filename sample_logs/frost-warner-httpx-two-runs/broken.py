"""Warns of frost: asks two stations, one after the other, whenever the scheduler calls."""

import asyncio
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("frost")


class Station(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"celsius": 4}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Station)
threading.Thread(target=server.serve_forever, daemon=True).start()
STATION = f"http://127.0.0.1:{server.server_port}"
client = httpx.AsyncClient(base_url=STATION)


async def measure(station):
    response = await client.get(f"/{station}/now")
    return response.json()["celsius"]


def check(station):
    log.info("%s: %d degrees", station, asyncio.run(measure(station)))


for station in ("harbour", "airfield"):
    try:
        check(station)
    except Exception:
        log.exception("no answer from %s", station)
