"""The guestbook of a hotel: one handler that renders a page."""

import asyncio
import logging

from asgiref.sync import async_to_sync

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("guestbook")


async def load_entries(room):
    await asyncio.sleep(0.01)
    return [f"room {room}: lovely view"]


async def render_page(room):
    return "\n".join(await load_entries(room))


async def handle(room):
    try:
        page = async_to_sync(render_page)(room)
    except Exception:
        log.exception("Internal Server Error: /rooms/%d", room)
    else:
        log.info("200 %s", page)


asyncio.run(handle(14))
