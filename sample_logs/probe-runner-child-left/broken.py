"""Runs a probe as a child process and takes its first line."""

import asyncio
import logging
import sys
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("probes")
PROBE = "import time; print('ready', flush=True); time.sleep(0.4)"


async def first_line():
    child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", PROBE, stdout=asyncio.subprocess.PIPE)
    line = await child.stdout.readline()
    log.info("probe says %s", line.decode().strip())
    return child


child = asyncio.run(first_line())
log.info("report written")
time.sleep(0.6)
