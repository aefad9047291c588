import asyncio
import unittest


async def tax(cents, rate):
    await asyncio.sleep(0)
    return round(cents * rate / 100)


class TaxTest(unittest.TestCase):
    async def test_rounds_up(self):
        self.assertEqual(await tax(1250, 19), 238)

    async def test_nothing_for_nothing(self):
        self.assertEqual(await tax(0, 19), 0)


if __name__ == "__main__":
    unittest.main()
