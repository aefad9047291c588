"""Crawls a list of sites in forked workers, started from a running event loop."""

import asyncio
import logging
import multiprocessing

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(processName)s] %(message)s")
log = logging.getLogger("crawler")
loop = asyncio.new_event_loop()


async def crawl(site):
    await asyncio.sleep(0.05)
    log.info("crawled %s", site)


def worker(site):
    log.info("worker forked for %s", site)
    loop.run_until_complete(crawl(site))


async def main():
    context = multiprocessing.get_context("fork")
    for site in ("docs.example", "blog.example"):
        process = context.Process(target=worker, args=(site,))
        process.start()
        while process.is_alive():
            await asyncio.sleep(0.05)
        log.info("exit code: %s", process.exitcode)


loop.run_until_complete(main())
loop.close()
