"""Waiting for what happens elsewhere and cannot tell us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(found: Callable[[], Awaitable[T]], *, seconds: float, every: float = 0.01) -> T:
    """What found() gives as soon as that is something; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not (result := await found()):  # noqa: ASYNC110
            await asyncio.sleep(every)
    return result
