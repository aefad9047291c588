import asyncio
import unittest


class Reservoir:
    def __init__(self, level):
        self.level = level

    async def drain(self, metres):
        await asyncio.sleep(0)
        self.level -= metres


async def measure():
    await asyncio.sleep(0)
    return Reservoir(12)


class ReservoirTest(unittest.IsolatedAsyncioTestCase):
    async def setUp(self):
        self.reservoir = await measure()

    async def test_it_drains(self):
        await self.reservoir.drain(5)
        self.assertEqual(self.reservoir.level, 7)


if __name__ == "__main__":
    unittest.main()
