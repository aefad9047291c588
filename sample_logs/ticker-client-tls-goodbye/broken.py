"""Takes a few prices from a ticker that never stops, over TLS."""

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
import time

import trustme

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("ticker")


def ticker(listener, context):
    """The exchange's side: sends until the client has asked for the end."""
    connection, _ = listener.accept()
    with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as stream:
        stream.setblocking(False)
        asked = b""
        while b"QUIT" not in asked:
            time.sleep(0.001)
            with contextlib.suppress(ssl.SSLWantWriteError):
                stream.send(b"ACME 101.5\n" * 200)
            with contextlib.suppress(ssl.SSLWantReadError):
                asked += stream.recv(100)
        stream.setblocking(True)
        stream.unwrap()


async def prices(port, context):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    for _ in range(3):
        log.info("price: %s", (await reader.readline()).decode().strip())
    writer.close()
    await writer.wait_closed()


async def main():
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=ticker, args=[listener, context], daemon=True).start()
    await prices(listener.getsockname()[1], client)
    log.info("ticker left")


asyncio.run(main())
