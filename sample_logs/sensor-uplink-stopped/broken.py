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


async def main():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    log.info("uplink started, 2 stations")
    while True:
        for station in ("harbour", "ridge"):
            reading = await read_station(station)
            log.info("sent %(station)s %(celsius)s", reading)


asyncio.run(main())
