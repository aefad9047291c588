import os

import asyncpg
import pytest
import pytest_asyncio


@pytest_asyncio.fixture(scope="module")
async def ledger():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("CREATE TEMPORARY TABLE entry (cents integer)")
    yield connection
    await connection.close()


@pytest.mark.asyncio(scope="module")
async def test_it_is_empty(ledger):
    assert await ledger.fetchval("SELECT count(*) FROM entry") == 0


@pytest.mark.asyncio(scope="module")
async def test_an_entry_is_kept(ledger):
    await ledger.execute("INSERT INTO entry VALUES (1250)")
    assert await ledger.fetchval("SELECT sum(cents) FROM entry") == 1250
