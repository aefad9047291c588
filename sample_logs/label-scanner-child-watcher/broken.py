"""Scans labels with an external program, from a loop in a thread."""

import asyncio
import logging
import sys
import threading

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(message)s")
log = logging.getLogger("labels")
SCANNER = "print('label 7731')"


async def scan():
    scanner = await asyncio.create_subprocess_exec(sys.executable, "-c", SCANNER, stdout=asyncio.subprocess.PIPE)
    out, _ = await scanner.communicate()
    log.info("scanned %s", out.decode().strip())


def work():
    asyncio.run(scan())


asyncio.set_child_watcher(asyncio.SafeChildWatcher())
thread = threading.Thread(target=work, name="scanner")
thread.start()
thread.join()
