import contextlib
import os

import asyncpg
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient



@contextlib.asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=1) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/lockers/{number}")
async def locker(number: int, request: Request):
    return {"locker": await request.app.state.pool.fetchval("SELECT $1::int", number), "free": True}


def test_two_lockers():
    with TestClient(app) as client:
        assert client.get("/lockers/7").json() == {"locker": 7, "free": True}
        assert client.get("/lockers/8").json() == {"locker": 8, "free": True}
