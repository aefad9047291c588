import os

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine():
    engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    yield engine
    await engine.dispose()


async def departures(engine, stop):
    async with engine.connect() as connection:
        return (await connection.execute(text("SELECT length(:stop)"), {"stop": stop})).scalar_one()


async def test_station(engine):
    assert await departures(engine, "station") == 7


async def test_harbour(engine):
    assert await departures(engine, "port") == 4
