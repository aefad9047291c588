import contextlib
import os

import asyncpg
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

app = FastAPI()
pool = None


@app.get("/lockers/{number}")
async def locker(number: int, request: Request):
    global pool
    if pool is None:
        pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=1)
    return {"locker": await pool.fetchval("SELECT $1::int", number), "free": True}


def test_two_lockers():
    client = TestClient(app)
    assert client.get("/lockers/7").json() == {"locker": 7, "free": True}
    assert client.get("/lockers/8").json() == {"locker": 8, "free": True}
