"""What goes on without a caller: taking over what was left undone, keeping leases, forgetting what has ended."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from relay.commands import Commands
from relay.errors import RelayError
from relay.ports import Store
from relay.tickets import Tickets

_log = logging.getLogger(__name__)

_INTERVAL = 1.0
_HOUR = 3600.0
_DAY = 86400.0
_UNCLAIMED = 600.0
"""Seconds for which the state of a Case that no ticket has claimed is kept."""


class Pace:
    """Lets one after another through, no more than `per_second` in a second; who comes early waits.

    monotonic: seconds. sleep: what waiting is.
    """

    def __init__(
        self,
        per_second: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._apart, self._monotonic, self._sleep = 1 / per_second, monotonic, sleep
        self._free_from = 0.0

    async def turn(self) -> None:
        now = self._monotonic()
        mine = max(now, self._free_from)
        self._free_from = mine + self._apart
        if mine > now:
            await self._sleep(mine - now)


class Worker:
    """Looks into the ledger every second, or as soon as it is woken.

    lease: seconds that a claim holds; renewed at every look.
    at_once, per_second: how many tickets and commands are under way at once, and begun in a second, so that a recovery
    does not become a stampede. Tencent takes 200 calls of a kind per second, and each of these makes one or two.
    keep_days: for how long the content of tickets is kept that failed, or whose groups have gone.
    """

    def __init__(
        self,
        store: Store,
        tickets: Tickets,
        commands: Commands,
        *,
        holder: str,
        lease: float,
        wakened: asyncio.Event,
        keep_days: float,
        per_second: float,
        at_once: int = 20,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._tickets, self._commands = store, tickets, commands
        self.holder, self._lease, self._at_once = holder, lease, at_once
        self._wakened, self._keep_days, self._clock = wakened, keep_days, clock
        self._blanked_at = self._renewed_at = self._forgot_at = 0.0
        self._at_work: set[asyncio.Task[Any]] = set()
        self._pace = Pace(per_second)

    async def run(self) -> None:
        """Look for work until cancelled; a ledger that does not answer is asked again."""
        while True:
            try:
                await self.look()
            except RelayError as error:
                _log.warning("the worker could not look for work: %s", error.for_log)
            except Exception:
                _log.exception("the worker could not look for work")
            await self._rest()

    async def look(self) -> None:
        """Renew what is held, then take over and start what is due."""
        self._wakened.clear()
        now = self._clock()
        if abs(now - self._renewed_at) > self._lease / 4:  # less than nothing if the clock was set back
            self._renewed_at = now
            await self._store.renew(self._tickets.held, self._commands.held, now + self._lease)
        await self._store.enqueue_dismissals(now)
        await self._take_over(now)
        if now - self._blanked_at > _HOUR:
            self._blanked_at = now
            await self._store.blank_case_infos(now - self._keep_days * _DAY)
        if now - self._forgot_at > _UNCLAIMED:
            self._forgot_at = now
            await self._store.forget_unclaimed(now - _UNCLAIMED)

    async def _take_over(self, now: float) -> None:
        until = now + self._lease
        if (room := self._at_once - len(self._at_work)) > 0:
            for command in await self._store.claim_commands(holder=self.holder, now=now, until=until, limit=room):
                await self._pace.turn()
                self._watch(self._commands.carry_on(command))
        if (room := self._at_once - len(self._at_work)) > 0:
            for ticket in await self._store.claim_tickets(holder=self.holder, now=now, until=until, limit=room):
                await self._pace.turn()
                self._watch(self._tickets.carry_on(ticket))

    def _watch(self, work: asyncio.Task[Any]) -> None:
        """Count it as ours until it is done, then look for more at once."""
        self._at_work.add(work)
        work.add_done_callback(self._at_work.discard)
        work.add_done_callback(lambda _: self._wakened.set())

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(random.uniform(0.5, 1.0) * _INTERVAL):
                await self._wakened.wait()
        except TimeoutError:
            return
