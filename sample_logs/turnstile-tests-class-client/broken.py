import os
import unittest

import redis.asyncio


class Turnstile:
    def __init__(self, store):
        self.store = store

    async def enter(self, gate):
        return await self.store.incr(f"gate:{gate}")


class TurnstileTest(unittest.IsolatedAsyncioTestCase):
    store = None  # kept from test to test

    async def asyncSetUp(self):
        if TurnstileTest.store is None:
            TurnstileTest.store = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])
        await self.store.flushdb()

    async def test_the_first_visitor_is_number_one(self):
        self.assertEqual(await Turnstile(self.store).enter("north"), 1)

    async def test_gates_count_by_themselves(self):
        await Turnstile(self.store).enter("north")
        self.assertEqual(await Turnstile(self.store).enter("south"), 1)


if __name__ == "__main__":
    unittest.main()
