"""Sends the readings of a weather station upstream until it is told to stop."""

import asyncio
import logging
import random
import signal

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
log = logging.getLogger("uplink")


async def read_station(station):
    await asyncio.sleep(0.15)
    return {"station": station, "celsius": round(random.uniform(4, 9), 1)}


async def serve():
    while True:
        for station in ("harbour", "ridge"):
            reading = await read_station(station)
            log.info("sent %(station)s %(celsius)s", reading)


async def main():
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    log.info("uplink started, 2 stations")
    worker = asyncio.create_task(serve())
    await stop.wait()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


asyncio.run(main())
