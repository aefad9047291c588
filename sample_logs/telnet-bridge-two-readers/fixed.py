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


async def read(reader, answers, alarms):
    async for line in reader:
        queue = alarms if line.startswith(b"ALARM") else answers
        queue.put_nowait(line.decode().strip())


async def show(kind, queue):
    log.info("%s: %s", kind, await queue.get())


async def main():
    server = await asyncio.start_server(console, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    log.info("connected to the console")
    answers, alarms = asyncio.Queue(), asyncio.Queue()
    try:
        await asyncio.gather(read(reader, answers, alarms), show("answer", answers), show("alarm", alarms))
    finally:
        writer.close()
        await writer.wait_closed()
        server.close()


asyncio.run(main())
