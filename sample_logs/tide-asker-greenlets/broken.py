"""Asks the tide gauges, one greenlet a gauge, through a client that is written for asyncio."""

from gevent import monkey

monkey.patch_all()

import asyncio
import logging

import gevent

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("tides")


async def ask(gauge):
    await asyncio.sleep(0.2)
    return {"hull": 5.1, "goole": 3.4}[gauge]


def job(gauge):
    level = asyncio.run(ask(gauge))
    log.info("%s: %.1f m", gauge, level)


gevent.joinall([gevent.spawn(job, gauge) for gauge in ("hull", "goole")])
