import asyncio

import pytest_asyncio


class Poller:
    def __init__(self):
        self.values = asyncio.Queue()

    async def run(self):
        number = 0
        while True:
            number += 1
            await self.values.put(number)
            await asyncio.sleep(30)

    async def first(self):
        return await self.values.get()


@pytest_asyncio.fixture
async def poller():
    return Poller()


async def test_the_first_value(poller):
    task = asyncio.create_task(poller.run(), name="poller")
    assert await poller.first() == 1
    assert not task.done()
