"""Transcodes clips in child processes; a reaper keeps the process table free of zombies."""

import asyncio
import logging
import os
import sys
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")
log = logging.getLogger("video")


def reap():
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
            log.info("reaped pid %d, status %d", pid, os.waitstatus_to_exitcode(status))
        except ChildProcessError:
            time.sleep(0.001)


async def transcode(clip):
    child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "import time; time.sleep(0.2)")
    log.info("%s: transcoding in pid %d", clip, child.pid)
    log.info("%s: transcoder ended with %s", clip, await child.wait())


async def main():
    threading.Thread(target=reap, name="reaper", daemon=True).start()
    for clip in ("intro.mov", "interview.mov"):
        await transcode(clip)


asyncio.run(main())
