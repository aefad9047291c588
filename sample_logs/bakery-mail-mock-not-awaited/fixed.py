from unittest.mock import AsyncMock

import pytest


async def confirm(order, mail):
    if order["loaves"] > 0:
        await mail.send(order["customer"], f"{order['loaves']} loaves are baked")


@pytest.mark.asyncio
async def test_nothing_is_sent_for_nothing():
    mail = AsyncMock()
    await confirm({"customer": "Edda", "loaves": 0}, mail)
    mail.send.assert_not_awaited()


@pytest.mark.asyncio
async def test_the_customer_is_told():
    mail = AsyncMock()
    await confirm({"customer": "Edda", "loaves": 3}, mail)
    mail.send.assert_awaited_once_with("Edda", "3 loaves are baked")
