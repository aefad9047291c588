"""Asks a probe for the length of a video, and gives up if that takes too long."""

import asyncio
import logging
import sys
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("probe")
PROBE = "import time; time.sleep(1); print('93 minutes')"


async def length(video):
    proc = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROBE, video, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        out, _ = await asyncio.wait_for(proc.communicate(), 0.3)
        return out.decode().strip()
    except asyncio.TimeoutError:
        return "unknown, the probe was too slow"


log.info("length: %s", asyncio.run(length("harvest.mov")))
time.sleep(2)  # stands for the film's further treatment, which is synchronous
log.info("film treated")
