"""Looking for oneself: Salesforce is asked which Cases changed, and the groups are compared with what they should be.

Every callout may be lost, and still the rooms are right within RELAY_RECONCILE_INTERVAL.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from relay import ids
from relay.case_states import CaseStates
from relay.drift import Drift
from relay.errors import ImError, RelayError
from relay.membership import Membership
from relay.models import CaseState, Group, Room
from relay.ports import Crm, Im, Store
from relay.turns import turn

_log = logging.getLogger(__name__)

_CURSOR = "reconcile cursor"
_OVERLAP = 120.0
"""Seconds looked back behind the cursor: a transaction is stamped when it begins and seen when it is committed."""
_FIRST = 86400.0
"""Seconds that a new ledger looks back: what is older than its first ticket is none of its business."""
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
        self._out: dict[str, float] = {}
        """Whose Cases were asked for, and when he was deactivated: he is told of until a Case moves the cursor."""

    async def run(self) -> None:
        """Look and compare until cancelled; what fails is tried again the next time."""
        while True:
            pause = self._interval * self._stretch()
            await asyncio.sleep(pause)
            await self._in_turn("reconcile", pause, self.catch_up)
            await self._in_turn("repair", self._deep_interval * self._stretch(), self.repair)

    async def catch_up(self) -> int:
        """Take in every Case that changed since the last time, or whose agent was deactivated; how many."""
        cursor = float(await self._store.recall(_CURSOR) or self._clock() - _FIRST)
        since = cursor - _OVERLAP
        states = await self._crm.changed_cases(since)
        cursor = max([cursor, *(state.modstamp for state in states)])
        deactivated = await self._crm.deactivated_users(since)
        states += await self._cases_of(deactivated.items() - self._out.items())
        await self._take_in(states)
        await self._store.remember(_CURSOR, repr(cursor))
        self._out = deactivated
        return len(states)

    async def look(self) -> tuple[list[Drift], list[CaseState]]:
        """Every difference between Salesforce, the ledger and the groups, and the states that are news to the ledger.

        It changes nothing.
        """
        groups = await self._im.list_groups()  # before the ledger: a group made in between is no orphan
        rooms = {room.state.case_id: room for room in await self._store.rooms()}
        unseen = await self._store.cases_without_state()
        unexpected = sorted(filter(_is_case, groups - rooms.keys() - set(unseen)))
        rooms |= await self._rooms_of(unexpected)
        states = {state.case_id: state for state in await self._crm.case_states([*rooms, *unseen])}
        drifts = [Drift(group, "orphan") for group in unexpected if group not in rooms]
        drifts += [Drift(case_id, "unknown Case") for case_id in (*rooms, *unseen) if case_id not in states]
        # a younger ticket waits for Salesforce's first callout, or for the next look
        overdue = self._clock() - self._interval * self._stretch()
        drifts += [Drift(case_id, "no state") for case_id in unseen if case_id in states and unseen[case_id] < overdue]
        # a Case that Salesforce does not show may be there all the same, so nobody is sent away for that
        shown = [room for case_id, room in rooms.items() if case_id in states]
        for start in range(0, len(shown), _TOGETHER):
            drifts += await self._drifts(shown[start : start + _TOGETHER], states)
        return drifts, [state for case_id, state in states.items() if _is_news(rooms.get(case_id), state)]

    async def repair(self) -> list[Drift]:
        """Take in what Salesforce says, mend what can be mended and report the rest; what was found."""
        drifts, news = await self.look()
        await self._take_in(news)
        for drift in drifts:
            _log.warning("group %s: %s", drift.case_id, drift.for_log)
        for case_id in sorted({drift.case_id for drift in drifts if drift.cure}):
            await self._store.reapply(case_id, self._clock())
        return drifts

    async def _rooms_of(self, group_ids: Sequence[str]) -> dict[str, Room]:
        """The rooms of groups that the relay has dismissed, and that are there all the same."""
        found = [await self._store.find_room(group_id) for group_id in group_ids]
        return {room.state.case_id: room for room in found if room is not None and room.customers | room.refused}

    async def _drifts(self, rooms: Sequence[Room], states: Mapping[str, CaseState]) -> list[Drift]:
        found: list[Drift] = []
        groups = await self._groups([room.state.case_id for room in rooms])
        for known in rooms:
            case_id, room = known.state.case_id, known
            if _is_news(known, states[case_id]):
                found.append(Drift(case_id, "newer state"))
                room = replace(known, state=states[case_id], seen_at=self._clock())
            group = groups[case_id]
            if isinstance(group, ImError):
                found.append(Drift(case_id, "unreadable", group.detail))
            else:
                found += self._membership.drifts(room, group)
        return found

    async def _groups(self, group_ids: Sequence[str]) -> dict[str, Group | ImError | None]:
        """One that cannot be read for good keeps nobody from reading the others."""
        try:
            return {**await self._im.get_groups(group_ids)}
        except ImError as error:
            if error.retryable or error.mendable:
                raise
            if len(group_ids) == 1:
                return {group_ids[0]: error}
        found: dict[str, Group | ImError | None] = {}
        for group_id in group_ids:
            found |= await self._groups([group_id])
        return found

    async def _cases_of(self, deactivated: Collection[tuple[str, float]]) -> list[CaseState]:
        """The stamps of their Cases do not move."""
        users = {user_id for user_id, _ in deactivated}
        if not users:
            return []
        rooms = await self._store.rooms()
        left = [room.state.case_id for room in rooms if users & {agent.user_id for agent in room.state.agents}]
        return await self._crm.case_states(left)

    async def _take_in(self, states: Sequence[CaseState]) -> None:
        for start in range(0, len(states), _TOGETHER):
            await self._case_states.accept(states[start : start + _TOGETHER], asked_for=True)

    async def _in_turn(self, work: str, pause: float, do: Callable[[], Awaitable[object]]) -> None:
        try:
            async with turn(self._store, f"{work} turn", pause, self._clock) as is_ours:
                if is_ours:
                    await do()
        except RelayError as error:
            _log.warning("could not %s: %s", work, error.for_log)
        except Exception:
            _log.exception("could not %s", work)

    def _stretch(self) -> float:
        """The fewer of the day's requests are left, the rarer the looks: the org's users need them, too."""
        headroom = self._crm.headroom
        return 1.0 if headroom > 0.2 else 5.0 if headroom > 0.05 else 30.0


def _is_news(room: Room | None, state: CaseState) -> bool:
    return room is None or (state.facts != room.state.facts and state.modstamp >= room.state.modstamp)


def _is_case(group_id: str) -> bool:
    return group_id.startswith(ids.CASE) and len(group_id) == 18
