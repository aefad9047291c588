"""Takes the frames of electricity meters over TCP: `<meter>;<kWh>` a line."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s - %(message)s")
log = logging.getLogger("gateway")


class MeterProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        for frame in data.decode().splitlines():
            try:
                meter, energy = frame.split(";")
                log.info("meter %s reads %.1f kWh", meter, float(energy))
            except ValueError:
                log.warning("dropped the frame %r", frame)


async def send(port, frames):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(frames)
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()


async def main():
    server = await asyncio.get_running_loop().create_server(MeterProtocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await send(port, b"A-17;1204.5\nA-18;877.0\n")
        await send(port, b"A-19;90,4\n")
        await send(port, b"A-20;311.2\n")
    log.info("gateway closed")


asyncio.run(main())
