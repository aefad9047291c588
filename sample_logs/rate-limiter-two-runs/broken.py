"""Imports feeds, one call of a rate-limited service at a time."""

import asyncio
import json
import logging


class JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {"ts": round(record.created, 3), "level": record.levelname, "logger": record.name}
        entry["message"] = record.getMessage()
        if record.exc_info:
            entry["exc_info"] = self.formatException(record.exc_info)
        return json.dumps(entry)


handler = logging.StreamHandler()
handler.setFormatter(JsonFormatter())
logging.basicConfig(level=logging.INFO, handlers=[handler])
log = logging.getLogger("feeds")
one_at_a_time = asyncio.Lock()


async def pull(feed):
    async with one_at_a_time:
        await asyncio.sleep(0.03)
        log.info("pulled %s", feed)


async def import_feeds(feeds):
    await asyncio.gather(*(pull(feed) for feed in feeds))


for job in (["news", "sport"], ["weather", "traffic"]):
    try:
        asyncio.run(import_feeds(job))
    except RuntimeError:
        log.exception("job %s failed", job)
