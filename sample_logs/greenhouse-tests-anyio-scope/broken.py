import anyio
import pytest

pytestmark = pytest.mark.anyio


class Greenhouse:
    def __init__(self):
        self.degrees = 18
        self.changed = anyio.Event()

    async def heat(self, degrees):
        await anyio.sleep(0.01)
        self.degrees += degrees
        self.changed.set()


@pytest.fixture(scope="session")
async def greenhouse():
    greenhouse = Greenhouse()
    yield greenhouse
    await greenhouse.heat(-greenhouse.degrees)


async def test_it_starts_cool(greenhouse):
    assert greenhouse.degrees == 18


async def test_it_gets_warmer(greenhouse):
    await greenhouse.heat(4)
    await greenhouse.changed.wait()
    assert greenhouse.degrees == 22
