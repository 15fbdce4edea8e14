"""What the tests of the sandbox share."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.tencent_api import TencentApi


@pytest.fixture
async def im() -> AsyncIterator[TencentApi]:
    api = TencentApi()
    await api.tencent.start()
    async with api.http:
        yield api
    await api.tencent.stop()
