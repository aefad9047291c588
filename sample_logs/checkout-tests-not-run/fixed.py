import asyncio
import unittest


async def total(prices):
    await asyncio.sleep(0)
    return sum(prices)


class TotalTests(unittest.IsolatedAsyncioTestCase):
    async def test_total_of_two(self):
        assert await total([3, 4]) == 7

    async def test_total_of_none(self):
        assert await total([]) == 0


def test_currency():
    assert "EUR".isupper()
