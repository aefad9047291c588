"""Puts the notes of a field notebook into a local database."""

import asyncio
import logging
import tempfile
from pathlib import Path

import aiosqlite

logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
log = logging.getLogger("notebook")


async def sync(path, notes):
    database = await aiosqlite.connect(path)
    await database.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)")
    if not notes:
        log.info("nothing new")
        return
    await database.executemany("INSERT INTO note VALUES (?)", [(note,) for note in notes])
    await database.commit()
    await database.close()


async def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notes.db"
        await sync(path, ["heron, two", "kingfisher"])
        await sync(path, [])
        log.info("done")


asyncio.run(main())
