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
        self.tick()

    def tick(self):
        log.info("%.1f degrees", self.sensor.read())
        asyncio.get_running_loop().call_later(0.05, self.tick)


async def main():
    thermostat = Thermostat(Sensor())
    thermostat.start()
    await asyncio.sleep(0.18)
    log.info("off")


asyncio.run(main())
