import asyncio
import unittest


class Valve:
    def __init__(self, lock):
        self.lock = lock
        self.turns = []

    async def turn(self, by):
        async with self.lock:
            await asyncio.sleep(0.01)
            self.turns.append(by)


class ValveTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.valve = Valve(asyncio.Lock())

    async def test_two_turns(self):
        await asyncio.gather(self.valve.turn(1), self.valve.turn(2))
        self.assertEqual(self.valve.turns, [1, 2])

    async def test_turns_back(self):
        await asyncio.gather(self.valve.turn(1), self.valve.turn(-1))
        self.assertEqual(sum(self.valve.turns), 0)


if __name__ == "__main__":
    unittest.main()
