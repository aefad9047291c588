"""Renders invoices for a queue of orders while it answers health probes."""

import asyncio
import logging
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("invoices")


def render(order):
    time.sleep(0.25)  # the typesetter is a synchronous library
    return f"invoice-{order}.pdf"


async def render_orders(orders):
    loop = asyncio.get_running_loop()
    for order in orders:
        name = await loop.run_in_executor(None, render, order)  # asyncio.to_thread() from Python 3.9 on
        log.info("rendered %s", name)
        await asyncio.sleep(0)


async def probe():
    while True:
        await asyncio.sleep(0.05)


async def main():
    heart = asyncio.create_task(probe(), name="probe")
    await asyncio.create_task(render_orders([8812, 8813, 8817]), name="render-orders")
    heart.cancel()
    log.info("queue empty")


asyncio.run(main())
