import asyncio

import pytest


class Basket:
    def __init__(self):
        self.items = []

    async def add(self, item):
        await asyncio.sleep(0)
        self.items.append(item)


@pytest.fixture
async def basket():
    basket = Basket()
    await basket.add("tea")
    yield basket
    basket.items.clear()


@pytest.mark.asyncio
async def test_another_item(basket):
    await basket.add("milk")
    assert basket.items == ["tea", "milk"]
