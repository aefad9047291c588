"""A thermostat: reads its sensor in fixed intervals."""

import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(levelname)s thermostat: %(message)s")
log = logging.getLogger("thermostat")


class Sensor:
    def __init__(self):
        self.readings = iter(["20.5", "", "20.9", "21.2"])

    def read(self):
        text = next(self.readings)
        if not text:
            raise OSError("the sensor does not answer")
        return float(text)


class Thermostat:
    def __init__(self, sensor):
        self.sensor = sensor

    def start(self):
        self.task = asyncio.create_task(self.tick())

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def tick(self):
        while True:
            try:
                log.info("%.1f degrees", self.sensor.read())
            except OSError as problem:
                log.warning("no reading: %s", problem)
            await asyncio.sleep(0.05)


async def main():
    thermostat = Thermostat(Sensor())
    thermostat.start()
    await asyncio.sleep(0.18)
    await thermostat.stop()
    log.info("off")


asyncio.run(main())
