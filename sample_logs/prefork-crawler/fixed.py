"""Crawls a list of sites in worker processes, started from a running event loop."""

import asyncio
import logging
import multiprocessing

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(processName)s] %(message)s")
log = logging.getLogger("crawler")


async def crawl(site):
    await asyncio.sleep(0.05)
    log.info("crawled %s", site)


def worker(site):
    log.info("worker started for %s", site)
    asyncio.run(crawl(site))


async def main():
    context = multiprocessing.get_context("spawn")
    for site in ("docs.example", "blog.example"):
        process = context.Process(target=worker, args=(site,))
        process.start()
        while process.is_alive():
            await asyncio.sleep(0.05)
        log.info("exit code: %s", process.exitcode)


if __name__ == "__main__":
    asyncio.run(main())
