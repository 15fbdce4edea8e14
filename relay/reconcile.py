"""Looking for oneself: Salesforce is asked which Cases changed, and the groups are compared with what they should be.

Every callout may be lost, and still the rooms are right within RELAY_RECONCILE_INTERVAL.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from relay import ids
from relay.case_states import CaseStates
from relay.errors import RelayError
from relay.membership import Membership
from relay.models import Drift
from relay.ports import Crm, Im, Store

_log = logging.getLogger(__name__)

_CURSOR = "reconcile cursor"
_OVERLAP = 120.0
"""Seconds looked back behind the cursor: a transaction is stamped when it begins and seen when it is committed."""
_TOGETHER = 200


class Reconciler:
    """interval, deep_interval: seconds between looks at Salesforce, and between comparisons with the groups."""

    def __init__(
        self,
        store: Store,
        crm: Crm,
        im: Im,
        membership: Membership,
        case_states: CaseStates,
        *,
        interval: float,
        deep_interval: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._crm, self._im = store, crm, im
        self._membership, self._case_states = membership, case_states
        self._interval, self._deep_interval, self._clock = interval, deep_interval, clock

    async def run(self) -> None:
        """Look and compare until cancelled; what fails is tried again the next time."""
        while True:
            pause = self._interval * self._stretch()
            await asyncio.sleep(pause)
            try:
                if await self._is_our_turn("reconcile", pause):
                    await self.catch_up()
                if await self._is_our_turn("repair", self._deep_interval):
                    await self.repair()
            except RelayError as error:
                _log.warning("could not reconcile: %s", error.for_log)
            except Exception:
                _log.exception("could not reconcile")

    async def catch_up(self) -> int:
        """Take in every Case that changed since the last time; how many."""
        since = float(await self._store.recall(_CURSOR) or 0.0)
        states = await self._crm.changed_cases(max(since - _OVERLAP, 0.0))
        for start in range(0, len(states), _TOGETHER):
            await self._case_states.accept(states[start : start + _TOGETHER])
        if states:
            await self._store.remember(_CURSOR, repr(max(since, states[-1].modstamp)))
        return len(states)

    async def drifts(self) -> list[Drift]:
        """Every group that differs from its Case."""
        rooms = [room for room in await self._store.rooms() if not room.gone and not room.state.is_deleted]
        found = [await self._membership.drift(room) for room in rooms]
        return [drift for drift in found if drift.to_repair or drift.strangers]

    async def orphans(self) -> list[str]:
        """Groups with a Case's id that the relay keeps for no ticket: they are reported, never dismissed."""
        kept = {room.state.case_id for room in await self._store.rooms() if not room.gone}
        groups = await self._im.list_groups()
        return sorted(group for group in groups - kept if group.startswith(ids.CASE) and len(group) == 18)

    async def repair(self) -> list[Drift]:
        """Mend what can be mended and report the rest; what was found."""
        found = await self.drifts()
        for drift in found:
            if drift.to_repair:
                _log.warning("group %s has drifted and is mended: %s", drift.case_id, drift)
                await self._store.reapply(drift.case_id, self._clock())
            if drift.strangers:
                _log.warning("group %s has strangers: %s", drift.case_id, ", ".join(sorted(drift.strangers)))
        return found

    async def _is_our_turn(self, work: str, pause: float) -> bool:
        """Of all processes on one ledger, the first that asks does it; a little early, so that none waits twice."""
        now = self._clock()
        return await self._store.take_turn(f"{work} turn", now=now, until=now + 0.9 * pause)

    def _stretch(self) -> float:
        """The fewer of the day's requests are left, the rarer the looks: the org's users need them, too."""
        headroom = self._crm.headroom
        return 1.0 if headroom > 0.2 else 5.0 if headroom > 0.05 else 30.0
