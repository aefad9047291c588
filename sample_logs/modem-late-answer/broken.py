"""Asks a modem for its signal; the modem may be late."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("modem")


class Modem(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.answer = None

    async def ask(self, question, limit):
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(question)
        return await asyncio.wait_for(self.answer, limit)

    def data_received(self, data):
        self.answer.set_result(data.decode().strip())


async def slow_modem(reader, writer):  # stands for the device
    await reader.readline()
    await asyncio.sleep(0.3)
    writer.write(b"-71 dBm\n")
    await reader.read()
    writer.close()


async def main():
    server = await asyncio.start_server(slow_modem, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    transport, modem = await asyncio.get_running_loop().create_connection(Modem, host, port)
    try:
        log.info("signal: %s", await modem.ask(b"AT+CSQ\n", 0.1))
    except asyncio.TimeoutError:
        log.info("no answer in time")
    await asyncio.sleep(0.5)
    transport.close()
    await asyncio.sleep(0.05)
    server.close()


asyncio.run(main())
