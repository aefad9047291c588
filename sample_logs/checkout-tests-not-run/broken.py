import asyncio


async def total(prices):
    await asyncio.sleep(0)
    return sum(prices)


async def test_total_of_two():
    assert await total([3, 4]) == 7


async def test_total_of_none():
    assert await total([]) == 0


def test_currency():
    assert "EUR".isupper()
