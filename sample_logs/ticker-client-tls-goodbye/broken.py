"""Takes a few prices from a ticker that never stops, over TLS."""

import asyncio
import logging
import ssl

import trustme

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("ticker")


async def ticker(reader, writer):
    asked = asyncio.ensure_future(reader.readline())  # the client's QUIT
    while not (asked.done() and asked.result()) and not writer.is_closing():
        writer.write(b"ACME 101.5\n" * 200)
        await asyncio.sleep(0.001)
    writer.close()


async def prices(port, context):
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
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
    server = await asyncio.start_server(ticker, "localhost", 0, ssl=context)
    await prices(server.sockets[0].getsockname()[1], client)
    server.close()
    log.info("ticker closed")


asyncio.run(main())
