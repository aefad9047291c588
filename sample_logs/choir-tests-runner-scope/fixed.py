import asyncio

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Choir:
    def __init__(self):
        self.singers = asyncio.Queue()

    async def join(self, singer):
        await self.singers.put(singer)

    def size(self):
        return self.singers.qsize()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def choir():
    choir = Choir()
    await choir.join("Ruth")
    yield choir


async def test_somebody_sings(choir):
    assert choir.size() == 1


async def test_another_joins(choir):
    await choir.join("Sem")
    assert choir.size() == 2
