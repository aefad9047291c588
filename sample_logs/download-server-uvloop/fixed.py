"""Serves one file to whoever connects."""

import asyncio
import logging
import tempfile

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("downloads")


async def send_file(reader, writer):
    with tempfile.TemporaryFile() as file:
        file.write(b"release notes\n" * 100)
        file.seek(0)
        try:
            sent = await asyncio.get_running_loop().sendfile(writer.transport, file)
            log.info("sent %d bytes", sent)
        except NotImplementedError:
            log.exception("download failed")
    writer.close()
    await writer.wait_closed()


async def main():
    log.info("running on %s", type(asyncio.get_running_loop()))
    server = await asyncio.start_server(send_file, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    log.info("received %d bytes", len(await reader.read()))
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


asyncio.run(main())
