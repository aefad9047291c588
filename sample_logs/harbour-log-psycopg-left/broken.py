"""Enters the ships that call at a harbour."""

import asyncio
import logging
import os

import psycopg

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("harbour")


async def enter(ship, metres):
    connection = await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"])
    await connection.execute("CREATE TEMPORARY TABLE ship (name text, metres integer)")
    await connection.execute("INSERT INTO ship VALUES (%s, %s)", (ship, metres))
    await connection.commit()
    log.info("%s entered, %d m", ship, metres)


asyncio.run(enter("Solveig", 74))
