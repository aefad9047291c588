"""Bridges a telescope's telnet console: one task reads answers, one watches for alarms."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="[%(asctime)s] %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("bridge")


async def console(reader, writer):
    for line in (b"OK parked\n", b"ALARM dome open\n"):
        await asyncio.sleep(0.1)
        writer.write(line)
    writer.close()
    await writer.wait_closed()


async def answers(reader):
    log.info("answer: %s", (await reader.readline()).decode().strip())


async def alarms(reader):
    log.info("alarm: %s", (await reader.readline()).decode().strip())


async def main():
    server = await asyncio.start_server(console, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    log.info("connected to the console")
    try:
        await asyncio.gather(answers(reader), alarms(reader))
    finally:
        writer.close()
        await writer.wait_closed()
        server.close()


asyncio.run(main())
