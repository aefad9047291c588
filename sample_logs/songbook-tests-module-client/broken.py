import os

import redis.asyncio

r = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])


class Songbook:
    def __init__(self, store):
        self.store = store

    async def add(self, title, page):
        await self.store.hset("songs", title, page)

    async def page(self, title):
        return int(await self.store.hget("songs", title) or 0)


async def test_a_song_has_a_page():
    songs = Songbook(r)
    await songs.add("Low Tide", 14)
    assert await songs.page("Low Tide") == 14


async def test_no_song():
    assert await Songbook(r).page("High Tide") == 0
