"""What only one of all processes should do at a time, taken in turns that are noted in the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from relay.errors import StoreUnavailable

_EARLY = 0.9
"""A turn ends a little before the next is due, so that nobody waits twice."""


class Notes(Protocol):
    """The ledger's part about turns; see ports.Store."""

    async def take_turn(self, name: str, *, now: float, until: float) -> bool: ...

    async def extend_turn(self, name: str, *, until: float, longer: float) -> bool: ...


@asynccontextmanager
async def turn(notes: Notes, name: str, pause: float, clock: Callable[[], float] = time.time) -> AsyncIterator[bool]:
    """Whether it is ours: of all processes on one ledger, the first that asks in so many seconds has it.

    It is for as long as the block takes: whoever comes meanwhile has none. Of a process that dies it ends by itself.
    """
    now = clock()
    until = now + _EARLY * pause
    if not await notes.take_turn(name, now=now, until=until):
        yield False
        return
    holding = asyncio.create_task(_hold(notes, name, pause, until, clock))
    try:
        yield True
    finally:
        holding.cancel()


async def _hold(notes: Notes, name: str, pause: float, until: float, clock: Callable[[], float]) -> None:
    """Until cancelled, or until somebody else has it."""
    is_ours = True
    while is_ours:
        await asyncio.sleep(pause / 3)
        longer = clock() + _EARLY * pause
        with suppress(StoreUnavailable):
            is_ours = await notes.extend_turn(name, until=until, longer=longer)
            until = longer
