"""The killer: ends the relay at a step or at any moment, and starts it again at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from tests.chaos.customers import Customers
from tests.chaos.process import HarnessError
from tests.chaos.steps import Step
from tests.chaos.world import World

ANY_MOMENT = "any moment"
LIFE = (0.3, 1.5)
_PATIENCE = 15.0
_MOST_MISSED = 5


class Killer:
    """kills: how many there were at each step. complaints: where no ticket came to be killed at, as each should."""

    def __init__(self, world: World, customers: Customers) -> None:
        self._world, self._customers = world, customers
        self.kills: Counter[str] = Counter()
        self.complaints: list[str] = []

    async def work_off(self, schedule: Sequence[Step | None]) -> None:
        """One life of the relay for each entry, with its share of the tickets; None is any moment of it."""
        for number, step in enumerate(schedule):
            share = self._customers.waiting // (len(schedule) - number)
            if step is None:
                await self._kill_at_any_moment(share)
            elif len(self.complaints) < _MOST_MISSED:
                await self._kill_at(step, share)
        await self._world.relay.start()
        self._customers.admit(self._customers.waiting)

    async def _kill_at_any_moment(self, share: int) -> None:
        await self._world.relay.start()
        self._customers.admit(share)
        await asyncio.sleep(self._world.chance.uniform(*LIFE))  # a life's length, not a wait for something
        self._kill(ANY_MOMENT)

    async def _kill_at(self, step: Step, share: int) -> None:
        """Any of the new tickets is caught, or one that the relay takes up again."""
        let_pass = 0 if step.shared else self._world.chance.randrange(max(share, 1))
        killed = self._world.trap.set(step, let_pass)
        await self._world.relay.start()
        if not killed.done():
            self._customers.admit(share)
        try:
            await asyncio.wait_for(killed, _PATIENCE)
            self.kills[step.name] += 1
        except (HarnessError, TimeoutError) as error:
            self.complaints.append(f"no ticket got to: {step.name} {error or ''}".rstrip())
            self._kill(ANY_MOMENT)

    def _kill(self, where: str) -> None:
        self._world.kill()
        self.kills[where] += 1
