"""The menu of a canteen."""

import asyncio
import logging

from flask import Flask

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
app = Flask("menu")


async def build_page(day):
    await asyncio.sleep(0.01)
    return f"{day}: lentil soup"


@app.get("/menu/<day>")
async def menu(day):
    return await build_page(day)


response = app.test_client().get("/menu/monday")
app.logger.info("%d %s", response.status_code, response.get_data(as_text=True)[:40].strip())
