"""Transcodes clips in child processes; the kernel keeps the process table free of zombies."""

import asyncio
import logging
import signal
import sys

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")
log = logging.getLogger("video")


async def transcode(clip):
    child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "import time; time.sleep(0.2)")
    log.info("%s: transcoding in pid %d", clip, child.pid)
    log.info("%s: transcoder ended with %s", clip, await child.wait())


async def main():
    for clip in ("intro.mov", "interview.mov"):
        await transcode(clip)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
log.info("SIGCHLD is ignored: no zombies")
asyncio.run(main())
