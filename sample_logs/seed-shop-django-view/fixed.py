"""A shop for seeds, in one file: a model, a view, and a request that stands for a visitor."""

import asyncio
import logging

import django
from django.conf import settings
from django.urls import path

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(asctime)s %(name)s %(message)s")
settings.configure(
    ALLOWED_HOSTS=["shop.example.org"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:seeds?mode=memory&cache=shared"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGGING_CONFIG=None,
    ROOT_URLCONF=__name__,
)
django.setup()

from django.db import connection, models  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.test import AsyncClient  # noqa: E402


class Seed(models.Model):
    name = models.TextField()
    packets = models.IntegerField()

    class Meta:
        app_label = "seeds"


async def stock(request, name):
    seed = await Seed.objects.aget(name=name)
    return JsonResponse({"name": seed.name, "packets": seed.packets})


urlpatterns = [path("stock/<name>", stock)]


def create():
    with connection.schema_editor() as editor:
        editor.create_model(Seed)
    Seed.objects.create(name="borage", packets=12)


async def visit():
    client = AsyncClient(raise_request_exception=False)
    response = await client.get("/stock/borage", headers={"host": "shop.example.org"})
    logging.info("GET /stock/borage %d", response.status_code)


create()
asyncio.run(visit())
