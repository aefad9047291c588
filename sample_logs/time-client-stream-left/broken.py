"""Asks a time server twice and prints the difference."""

import asyncio
import gc
import logging
import socketserver
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("timeclient")
connections = []


class TimeServer(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline():
            self.wfile.write(b"%.6f\n" % time.monotonic())


async def ask(address):
    reader, writer = await asyncio.open_connection(*address)
    connections.append(writer)
    writer.write(b"now?\n")
    return float(await reader.readline())


async def main():
    first = await ask(server.server_address)
    second = await ask(server.server_address)
    log.info("difference: %.1f ms", (second - first) * 1000)


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), TimeServer)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
asyncio.run(main())
connections.clear()
gc.collect()  # a service that goes on collects by itself within minutes
log.info("done")
