"""The gate of a ski lift: takes two readers at most."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("gate")


class TooManyReaders(Exception):
    pass


class Gate(asyncio.Protocol):
    readers = 0

    def connection_made(self, transport):
        self.transport = transport
        try:
            self.take_place()
        except TooManyReaders as refusal:
            log.warning("refused: %s", refusal)
            transport.close()
        else:
            transport.write(b"welcome\n")

    def take_place(self):
        if Gate.readers == 2:
            raise TooManyReaders("both places are taken")
        Gate.readers += 1

    def data_received(self, data):
        self.transport.write(b"pass\n")


async def connect(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return (await asyncio.wait_for(reader.readline(), 0.5)).decode().strip() or "refused"
    except asyncio.TimeoutError:
        return "no word"
    finally:
        writer.close()


async def main():
    server = await asyncio.get_running_loop().create_server(Gate, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for reader in (1, 2, 3):
        log.info("reader %d: %s", reader, await connect(port))
    server.close()


asyncio.run(main())
