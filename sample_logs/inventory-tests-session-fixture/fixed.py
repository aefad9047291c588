import asyncio

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Inventory:
    """Answers one question after the other, in a task of its own."""

    def __init__(self):
        self.questions = asyncio.Queue()
        self.worker = asyncio.get_running_loop().create_task(self.answer())

    async def answer(self):
        while True:
            item, result = await self.questions.get()
            result.set_result({"bolt": 40}.get(item, 0))

    async def count(self, item):
        result = self.worker.get_loop().create_future()
        self.questions.put_nowait((item, result))
        return await result

    async def close(self):
        self.worker.cancel()
        await asyncio.gather(self.worker, return_exceptions=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def inventory():
    inventory = Inventory()
    assert await inventory.count("bolt") == 40
    yield inventory
    await inventory.close()


async def test_bolts(inventory):
    assert await inventory.count("bolt") == 40


async def test_unknown(inventory):
    assert await inventory.count("gasket") == 0
