"""What happens to Cases, told to /synccases as Apex does while the relay is killed: are the rooms right in the end?"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from tests.chaos.count import Count
from tests.chaos.world import World
from tests.scenarios.org import Org
from tests.store.outside import rows

SETTINGS = {
    "RELAY_CLOSE_GRACE": "1",
    # what was lost must not be found again by asking Salesforce
    "RELAY_RECONCILE_INTERVAL": "86400",
    "RELAY_DEEP_INTERVAL": "86400",
}
_MOST_AT_ONCE = 10
_PAUSE = 0.03

State = dict[str, Any]


@dataclass(slots=True)
class History:
    """A Case's: told: every state that it was in; acknowledged: the moment of the newest one that the relay took."""

    case_id: str
    customer: str
    told: list[State] = field(default_factory=list)
    acknowledged: float = 0.0
    refusals: list[str] = field(default_factory=list)


class Apex:
    """Changes Cases at random and posts their states; acknowledged: how many."""

    def __init__(self, world: World, histories: Sequence[History], chance: random.Random) -> None:
        self._world, self._chance = world, chance
        self._org = Org(world.sandbox)
        self._histories = {history.case_id: history for history in histories}
        self._posting: set[asyncio.Task[None]] = set()
        self.acknowledged = 0

    async def work(self) -> None:
        """Until cancelled."""
        while True:
            at_once = self._chance.sample(list(self._histories), self._chance.randint(1, _MOST_AT_ONCE))
            self._tell([self._change(case_id) for case_id in at_once])
            await asyncio.sleep(self._chance.uniform(0, _PAUSE))

    async def tell_how_it_ended(self) -> None:
        """The newest state of each; return when all that was told is acknowledged, in whatever order."""
        for case_id in self._histories:
            self._tell([self._org.state(case_id)])
        await asyncio.gather(*self._posting)

    def _change(self, case_id: str) -> State:
        """A transfer, mostly; sometimes the news is old."""
        history, what = self._histories[case_id], self._chance.random()
        if history.told and what < 0.1:
            return self._chance.choice(history.told)
        if what < 0.25:
            closed = self._org.row(case_id)["IsClosed"]
            self._org.change(case_id, Status="New" if closed else "Closed")
        else:
            self._org.change(case_id, OwnerId=self._chance.choice([self._org.queue, *self._org.users]))
        history.told.append(self._org.state(case_id))
        return history.told[-1]

    def _tell(self, states: list[State]) -> None:
        task = asyncio.create_task(self._post(states))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _post(self, states: list[State]) -> None:
        """Again and again until it is acknowledged; nothing else may have come of it."""
        while True:
            try:
                answer = await self._world.post(
                    "/synccases", {"orgId": self._world.sandbox.salesforce.org.org_id, "cases": states}, as_org=True
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != 503:
                break
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))
        results = answer.json()["results"] if answer.status_code == 202 else [{"status": answer.text}] * len(states)
        for state, result in zip(states, results, strict=True):
            self._hear(self._histories[state["caseId"]], state, result["status"])

    def _hear(self, history: History, state: State, status: str) -> None:
        if status in ("accepted", "stale"):
            self.acknowledged += 1
            history.acknowledged = max(history.acknowledged, _seconds(state["modstamp"]))
        else:
            history.refusals.append(status)

    def desired(self, history: History) -> set[str] | None:
        """Who belongs into the group; None if it is to be gone."""
        if self._org.row(history.case_id)["IsClosed"]:
            return None
        owner = self._org.owner(history.case_id)
        return {history.customer} | ({owner} if owner else set())


async def all_are_right(world: World, apex: Apex, histories: Sequence[History]) -> bool:
    members = _members(world)
    return all(members.get(history.case_id) == apex.desired(history) for history in histories)


def count_histories(world: World, apex: Apex, histories: Sequence[History]) -> Count:
    """Of rooms. promised: states that were acknowledged. lost: those of them that the ledger has not heard of."""
    count = Count(len(histories), promised=apex.acknowledged)
    members = _members(world)
    kept = dict(rows(world.relay.database_url, "select case_id, modstamp from rooms"))
    for history in histories:
        there, desired = members.get(history.case_id), apex.desired(history)
        is_lost = kept.get(history.case_id, 0.0) < history.acknowledged
        count.lost += int(is_lost)
        count.refused += len(history.refusals)
        count.wrong += int(there != desired)
        if is_lost or history.refusals or there != desired:
            count.complaints.append(
                f"{history.case_id}: in it {there}, desired {desired}, lost {is_lost}, {history.refusals or ''}"
            )
        else:
            count.exact += 1
    return count


def _members(world: World) -> dict[str, set[str]]:
    """Of each group that there is."""
    return {group["GroupId"]: set(group["members"]) for group in world.groups()}


def _seconds(modstamp: str) -> float:
    return datetime.fromisoformat(modstamp.replace("+0000", "+00:00")).timestamp()
