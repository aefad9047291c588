import asyncio

import pytest


async def redeem(code):
    await asyncio.sleep(0)
    if code != "SPRING":
        raise LookupError(code)
    return 10


async def test_a_known_coupon():
    assert await redeem("SPRING") == 10


async def test_an_unknown_coupon():
    with pytest.raises(LookupError):
        await redeem("AUTUMN")
