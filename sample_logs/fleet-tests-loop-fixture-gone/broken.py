import asyncio

import pytest


class Fleet:
    def __init__(self, loop):
        self.loop = loop
        self.home = loop.create_future()

    def arrive(self, boat):
        self.loop.call_soon(self.home.set_result, boat)


@pytest.mark.asyncio
async def test_the_first_boat_comes_home(event_loop):
    fleet = Fleet(event_loop)
    fleet.arrive("Marta")
    assert await fleet.home == "Marta"


@pytest.mark.asyncio
async def test_no_boat(event_loop):
    await asyncio.sleep(0)
    assert not Fleet(event_loop).home.done()
