"""Sends a digest of a wiki's changes: a script around Django's models."""

import asyncio
import logging

import django
from django.conf import settings

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("digest")
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:wiki?mode=memory&cache=shared"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGGING_CONFIG=None,
)
django.setup()

from django.db import connection, models  # noqa: E402


class Page(models.Model):
    title = models.TextField()

    class Meta:
        app_label = "wiki"


def create():
    with connection.schema_editor() as editor:
        editor.create_model(Page)
    for title in ("Moss", "Fern"):
        Page.objects.create(title=title)


async def send(line):
    await asyncio.sleep(0.01)
    log.info("sent: %s", line)


async def digest():
    async for page in Page.objects.order_by("title"):
        await send(f"{page.title} was changed")


create()
asyncio.run(digest())
