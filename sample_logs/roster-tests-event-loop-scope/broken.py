import asyncio

import pytest_asyncio


class Roster:
    """The shifts of a week, kept by a task of its own."""

    def __init__(self):
        self.names = {}
        self.ready = asyncio.Event()
        self.loader = asyncio.ensure_future(self.load())

    async def load(self):
        self.names["monday"] = "Ola"
        self.ready.set()

    async def who(self, day):
        await self.ready.wait()
        return self.names.get(day, "nobody")


@pytest_asyncio.fixture(scope="session")
async def roster():
    roster = Roster()
    yield roster
    await roster.loader


async def test_monday(roster):
    assert await roster.who("monday") == "Ola"


async def test_sunday(roster):
    assert await roster.who("sunday") == "nobody"
